/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where templates are kept: one directory of mode 0700, and in it
 *
 *   KEY/       a template: `ram`, `state`, `meta.json`; read-only, used last at its mtime
 *   KEY.new/   one that is being made, locked (flock(2)) by its maker
 *   KEY.bad    why the last one of this key could not be made
 *
 * Nobody waits for anybody: who finds no whole template boots, who finds a maker at work leaves it
 * alone. A template is there as a whole or not at all (rename(2)). What a maker that died has left
 * goes with the next one.
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

/* An opened template: files to be given to QEMU, as HYPERVISOR_FD_STATE and HYPERVISOR_FD_RAM. */
struct vm_snapshot {
	int state;
	int ram;
	/* Its directory, and what the state's checksum must be. */
	int directory;
	char *checksum;
};

#define VM_SNAPSHOT_INIT                                                                           \
	{                                                                                          \
		.state = -1, .ram = -1, .directory = -1                                            \
	}

/* As soon as QEMU has opened its memory: until then the file is not as well protected. */
void vm_snapshot_clear(struct vm_snapshot *snapshot);

/*
 * Opens the template of a key, and marks it as used. CC_ERROR_NOT_FOUND: there is none.
 * CC_ERROR_INVALID: it has been changed since it was made, and is to be dropped. Any other error:
 * it cannot be used now, or the directory is not ours; nothing is to be touched.
 */
gboolean vm_store_find(const char *directory, const char *key, struct vm_snapshot *out_snapshot,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Reads the state: whether it is what was saved. It takes a millisecond, while QEMU starts. */
gboolean vm_snapshot_verify(
	const struct vm_snapshot *snapshot, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Removes it; VMs that have it open go on. What is not there is no error. */
gboolean vm_store_drop(
	const char *directory, const char *key, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- making */

/* A template that is being made. */
struct vm_draft {
	/* KEY.new, locked. */
	char *directory;
	int lock;
	/* Empty files of that directory, to be filled. */
	struct vm_snapshot files;
	/* What it becomes. */
	char *target;
};

/*
 * Begins one, with a memory of so many bytes. CC_ERROR_EXISTS: it is there, or another is at it.
 * The store is made if need be.
 */
struct vm_draft *vm_draft_begin(const char *directory, const char *key, guint64 ram_size,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;
/*
 * Its files are complete, and nobody writes to them any more: it becomes the template.
 * description: what `template list` shows, taken over.
 */
gboolean vm_draft_commit(
	struct vm_draft *draft, JsonObject *description, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Removes what has not become a template. */
void vm_draft_free(struct vm_draft *draft);
typedef struct vm_draft vm_draft;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(vm_draft, vm_draft_free)

/* Whether making one is worth a try: nobody is at it, and none has failed lately. */
gboolean vm_store_wants(const char *directory, const char *key);
/* Remembers why one could not be made, for a while. */
void vm_store_note_failure(const char *directory, const char *key, const char *reason);

/* ---- all of them */

struct vm_store_entry {
	char *key;
	/* What it takes of the file system, bytes. */
	guint64 size;
	/* Seconds since 1970. */
	gint64 created;
	gint64 used;
	/* Never NULL; {} where meta.json cannot be read. */
	JsonObject *description;
};

/* struct vm_store_entry, which the array frees; the one used last is first. No store: none. */
GPtrArray *vm_store_list(const char *directory, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/*
 * Removes those that were not used for longest, but not `keep` (may be NULL), until the others take
 * at most `limit` bytes; and what dead makers have left.
 */
gboolean vm_store_trim(const char *directory, guint64 limit, const char *keep,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;
