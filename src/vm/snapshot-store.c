/* SPDX-License-Identifier: GPL-2.0-only */
/* Finds, checks, drops and counts templates. */
#include "vm/snapshot-store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"
#include "vm/snapshot-private.h"

enum {
	/* A failure is not tried again for so long: each try costs a boot. */
	RETRY_AFTER_S = 10 * 60,
	/* What st_blocks counts. */
	BLOCK_SIZE = 512,
};

static gint64 mtime_ns(const struct stat *status)
{
	return (gint64)status->st_mtim.tv_sec * G_GINT64_CONSTANT(1000000000) +
	       status->st_mtim.tv_nsec;
}

JsonObject *snapshot_describe_file(int fd, GError **error)
{
	struct stat status;
	JsonObject *file;

	if (fstat(fd, &status) < 0) {
		error_set_errno(error, errno, "look at a template's file");
		return NULL;
	}
	file = json_object_new();
	json_object_set_int_member(file, "inode", (gint64)status.st_ino);
	json_object_set_int_member(file, "size", (gint64)status.st_size);
	json_object_set_int_member(file, "mtime", mtime_ns(&status));
	return file;
}

gboolean snapshot_check_file(JsonObject *meta, const char *member, int fd, GError **error)
{
	JsonObject *file;
	gint64 inode;
	gint64 size;
	gint64 mtime;
	struct stat status;

	if (!json_require_object(meta, "", member, &file, error) ||
		!json_require_integer(
			file, member, "inode", G_MININT64, G_MAXINT64, &inode, error) ||
		!json_require_integer(file, member, "size", 0, G_MAXINT64, &size, error) ||
		!json_require_integer(file, member, "mtime", G_MININT64, G_MAXINT64, &mtime, error))
		return FALSE;
	if (fstat(fd, &status) < 0) {
		error_set_errno(error, errno, "%s", member);
		return FALSE;
	}
	if (status.st_size != size) {
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "%s: of another size", member);
		return FALSE;
	}
	if ((gint64)status.st_ino != inode || mtime_ns(&status) != mtime) {
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "%s: has been changed", member);
		return FALSE;
	}
	return TRUE;
}

gboolean snapshot_check_directory(const char *directory, GError **error)
{
	struct stat status;

	if (lstat(directory, &status) < 0) {
		error_set_errno(error, errno, "%s", directory);
		return FALSE;
	}
	if (S_ISDIR(status.st_mode) && status.st_uid == geteuid() && !(status.st_mode & 077))
		return TRUE;
	/* Not INVALID: nothing in it is ours to drop. */
	g_set_error(error, CC_ERROR, CC_ERROR_FAILED,
		"%s: not a directory that is this user's alone (mode 0700)", directory);
	return FALSE;
}

/* ---- one template */

static int open_file(int parent, const char *name, GError **error)
{
	int fd = openat(parent, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	/* A template without it is damaged, not missing; that we have no descriptor left passes. */
	if (fd < 0)
		g_set_error(error, CC_ERROR,
			errno == EMFILE || errno == ENFILE ? CC_ERROR_FAILED : CC_ERROR_INVALID,
			"%s: %s", name, g_strerror(errno));
	return fd;
}

static gboolean open_files(struct vm_snapshot *snapshot, GError **error)
{
	snapshot->ram = open_file(snapshot->directory, SNAPSHOT_RAM, error);
	if (snapshot->ram < 0)
		return FALSE;
	snapshot->state = open_file(snapshot->directory, SNAPSHOT_STATE, error);
	return snapshot->state >= 0;
}

static gboolean check_files(const char *path, struct vm_snapshot *snapshot, GError **error)
{
	g_autofree char *meta_path = g_build_filename(path, SNAPSHOT_META, NULL);
	g_autoptr(GError) cause = NULL;
	g_autoptr(JsonNode) meta = json_load_object(meta_path, &cause);
	const char *checksum;

	if (meta == NULL) {
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "%s", cause->message);
		return FALSE;
	}

	JsonObject *object = json_node_get_object(meta);

	if (!snapshot_check_file(object, SNAPSHOT_RAM, snapshot->ram, error) ||
		!snapshot_check_file(object, SNAPSHOT_STATE, snapshot->state, error) ||
		!json_require_string(object, "", "checksum", &checksum, error))
		return FALSE;
	snapshot->checksum = g_strdup(checksum);
	return TRUE;
}

char *snapshot_checksum(int fd, GError **error)
{
	g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
	guint8 data[16 << 10];
	off_t offset = 0;
	gssize got;

	/* At an offset of our own: the descriptor's is QEMU's. */
	while ((got = pread(fd, data, sizeof data, offset)) > 0) {
		g_checksum_update(checksum, data, got);
		offset += got;
	}
	if (got == 0)
		return g_strdup(g_checksum_get_string(checksum));
	error_set_errno(error, errno, "read the state");
	return NULL;
}

gboolean vm_snapshot_verify(const struct vm_snapshot *snapshot, GError **error)
{
	g_autofree char *checksum = snapshot_checksum(snapshot->state, error);

	if (checksum == NULL)
		return FALSE;
	if (strcmp(checksum, snapshot->checksum) == 0)
		return TRUE;
	g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "state: another checksum");
	return FALSE;
}

gboolean vm_store_find(
	const char *directory, const char *key, struct vm_snapshot *out_snapshot, GError **error)
{
	g_autofree char *path = g_build_filename(directory, key, NULL);
	struct vm_snapshot snapshot = VM_SNAPSHOT_INIT;

	if (!snapshot_check_directory(directory, error))
		return FALSE;
	snapshot.directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (snapshot.directory < 0) {
		error_set_errno(error, errno, "%s", path);
		return FALSE;
	}
	if (!open_files(&snapshot, error) || !check_files(path, &snapshot, error) ||
		!snapshot_open_memory(&snapshot, error)) {
		vm_snapshot_clear(&snapshot);
		g_prefix_error(error, "%s: ", path);
		return FALSE;
	}
	/* Only the order in which templates go depends on it. */
	(void)futimens(snapshot.directory, NULL);
	*out_snapshot = snapshot;
	return TRUE;
}

/*
 * Under another name first, so that nobody finds half a template; a draft's, so that it goes with
 * other remains if we die here.
 */
gboolean vm_store_drop(const char *directory, const char *key, GError **error)
{
	g_autofree char *path = g_build_filename(directory, key, NULL);
	g_autofree char *dropped =
		g_strdup_printf("%s.%d.%08x" SNAPSHOT_DRAFT, path, (int)getpid(), g_random_int());
	g_autoptr(GError) cause = NULL;

	if (!snapshot_check_directory(directory, &cause)) {
		if (g_error_matches(cause, CC_ERROR, CC_ERROR_NOT_FOUND))
			return TRUE;
		g_propagate_error(error, g_steal_pointer(&cause));
		return FALSE;
	}
	if (rename(path, dropped) < 0) {
		if (errno == ENOENT)
			return TRUE;
		error_set_errno(error, errno, "drop %s", path);
		return FALSE;
	}
	return snapshot_remove(dropped, error);
}

/* ---- failures */

/* The note of a failure is there, and still counts. */
static gboolean is_recent(const char *note)
{
	struct stat status;

	return stat(note, &status) == 0 && time(NULL) - status.st_mtim.tv_sec < RETRY_AFTER_S;
}

gboolean vm_store_wants(const char *directory, const char *key)
{
	g_autofree char *draft = g_strconcat(directory, "/", key, SNAPSHOT_DRAFT, NULL);
	g_autofree char *note = g_strconcat(directory, "/", key, SNAPSHOT_FAILED, NULL);
	g_autoptr(GError) error = NULL;
	auto_fd int lock = -1;

	/* One that is not there yet will be made. */
	if (!snapshot_check_directory(directory, &error) &&
		!g_error_matches(error, CC_ERROR, CC_ERROR_NOT_FOUND))
		return FALSE;
	g_clear_error(&error);
	if (is_recent(note))
		return FALSE;
	lock = snapshot_lock(draft, &error);
	return lock >= 0 || !g_error_matches(error, CC_ERROR, CC_ERROR_EXISTS);
}

void vm_store_note_failure(const char *directory, const char *key, const char *reason)
{
	g_autofree char *path = g_strconcat(directory, "/", key, SNAPSHOT_FAILED, NULL);
	g_autofree char *line = g_strconcat(reason, "\n", NULL);

	if (!snapshot_check_directory(directory, NULL))
		return;
	/* Where even that cannot be written, the next one will find out for itself. */
	(void)!file_write_atomic(path, line, strlen(line), 0600, NULL);
}

/* ---- all of them */

static void entry_free(void *data)
{
	struct vm_store_entry *entry = data;

	g_free(entry->key);
	json_object_unref(entry->description);
	g_free(entry);
}

static guint64 allocated(const char *path, const char *name)
{
	g_autofree char *file = g_build_filename(path, name, NULL);
	struct stat status;

	return lstat(file, &status) == 0 ? (guint64)status.st_blocks * BLOCK_SIZE : 0;
}

static void read_meta(const char *path, struct vm_store_entry *entry)
{
	g_autofree char *file = g_build_filename(path, SNAPSHOT_META, NULL);
	g_autoptr(JsonNode) meta = json_load_object(file, NULL);
	JsonObject *description = NULL;

	if (meta != NULL) {
		JsonObject *object = json_node_get_object(meta);

		(void)!json_get_object(object, "", "description", &description, NULL);
		(void)!json_get_integer(
			object, "", "created", 0, G_MAXINT64, &entry->created, NULL);
	}
	entry->description = description != NULL ? json_object_ref(description) : json_object_new();
}

/* NULL: it is gone, or no directory. */
static struct vm_store_entry *read_entry(const char *directory, const char *key)
{
	g_autofree char *path = g_build_filename(directory, key, NULL);
	struct stat status;
	struct vm_store_entry *entry;

	if (lstat(path, &status) < 0 || !S_ISDIR(status.st_mode))
		return NULL;
	entry = g_new0(struct vm_store_entry, 1);
	entry->key = g_strdup(key);
	entry->used = status.st_mtim.tv_sec;
	entry->size = allocated(path, SNAPSHOT_RAM) + allocated(path, SNAPSHOT_STATE);
	read_meta(path, entry);
	return entry;
}

static int compare_use(gconstpointer left, gconstpointer right)
{
	const struct vm_store_entry *const *a = left;
	const struct vm_store_entry *const *b = right;

	if ((*a)->used != (*b)->used)
		return (*a)->used < (*b)->used ? 1 : -1;
	return strcmp((*a)->key, (*b)->key);
}

/* A draft that nobody has locked is what a maker that died has left. */
static void remove_draft(const char *path)
{
	auto_fd int lock = snapshot_lock(path, NULL);

	if (lock >= 0)
		(void)!snapshot_remove(path, NULL);
}

static void remove_remains(const char *directory, const char *name)
{
	g_autofree char *path = g_build_filename(directory, name, NULL);

	if (g_str_has_suffix(name, SNAPSHOT_DRAFT))
		remove_draft(path);
	else if (g_str_has_suffix(name, SNAPSHOT_FAILED) && !is_recent(path))
		(void)unlink(path);
}

static GDir *open_store(const char *directory, GError **error)
{
	return snapshot_check_directory(directory, error) ? g_dir_open(directory, 0, error) : NULL;
}

GPtrArray *vm_store_list(const char *directory, GError **error)
{
	g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func(entry_free);
	g_autoptr(GError) cause = NULL;
	g_autoptr(GDir) store = open_store(directory, &cause);
	const char *name;

	if (store == NULL && !g_error_matches(cause, CC_ERROR, CC_ERROR_NOT_FOUND)) {
		g_propagate_error(error, g_steal_pointer(&cause));
		return NULL;
	}
	while (store != NULL && (name = g_dir_read_name(store)) != NULL) {
		/* The others' names have a dot. */
		struct vm_store_entry *entry =
			strchr(name, '.') == NULL ? read_entry(directory, name) : NULL;

		if (entry != NULL)
			g_ptr_array_add(entries, entry);
	}
	g_ptr_array_sort(entries, compare_use);
	return g_steal_pointer(&entries);
}

static gboolean remove_all_remains(const char *directory, GError **error)
{
	g_autoptr(GDir) store = open_store(directory, error);
	const char *name;

	if (store == NULL)
		return FALSE;
	while ((name = g_dir_read_name(store)) != NULL)
		remove_remains(directory, name);
	return TRUE;
}

gboolean vm_store_trim(const char *directory, guint64 limit, const char *keep, GError **error)
{
	g_autoptr(GPtrArray) entries = NULL;
	guint64 total = 0;

	if (!remove_all_remains(directory, error))
		return FALSE;
	entries = vm_store_list(directory, error);
	if (entries == NULL)
		return FALSE;
	/* The one used last stays longest. */
	for (guint i = 0; i < entries->len; i++) {
		const struct vm_store_entry *entry = entries->pdata[i];

		total += entry->size;
		if (total <= limit || g_strcmp0(entry->key, keep) == 0)
			continue;
		total -= entry->size;
		if (!vm_store_drop(directory, entry->key, error))
			return FALSE;
	}
	return TRUE;
}
