/* SPDX-License-Identifier: GPL-2.0-only */
/* Makes templates: a directory under a name of its own, renamed when it is complete. */
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
#include "vm/snapshot-store.h"

/* Whether the locked directory is still the one at the path: it may have been renamed. */
static gboolean is_still_there(int fd, const char *path)
{
	struct stat ours;
	struct stat theirs;

	return fstat(fd, &ours) == 0 && lstat(path, &theirs) == 0 && ours.st_dev == theirs.st_dev &&
	       ours.st_ino == theirs.st_ino;
}

int snapshot_lock(const char *path, GError **error)
{
	auto_fd int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0) {
		error_set_errno(error, errno, "%s", path);
		return -1;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 && is_still_there(fd, path))
		return g_steal_fd(&fd);
	g_set_error(error, CC_ERROR, CC_ERROR_EXISTS, "%s: another is at work on it", path);
	return -1;
}

static gboolean make_store(const char *directory, GError **error)
{
	if (g_mkdir_with_parents(directory, 0700) == 0)
		return snapshot_check_directory(directory, error);
	error_set_errno(error, errno, "create %s", directory);
	return FALSE;
}

/* Made and locked, empty of what a maker that died has left. */
static int claim(const char *path, GError **error)
{
	auto_fd int lock = -1;

	if (mkdir(path, 0700) == 0)
		return snapshot_lock(path, error);
	if (errno != EEXIST) {
		error_set_errno(error, errno, "create %s", path);
		return -1;
	}
	lock = snapshot_lock(path, error);
	if (lock < 0 || !snapshot_remove(path, error))
		return -1;
	/* Who is quicker has it. */
	if (mkdir(path, 0700) < 0 && errno != EEXIST) {
		error_set_errno(error, errno, "create %s", path);
		return -1;
	}
	return snapshot_lock(path, error);
}

static int make_file(const char *directory, const char *name, off_t size, GError **error)
{
	g_autofree char *path = g_build_filename(directory, name, NULL);
	auto_fd int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0400);

	if (fd < 0 || ftruncate(fd, size) < 0) {
		error_set_errno(error, errno, "create %s", path);
		return -1;
	}
	return g_steal_fd(&fd);
}

static gboolean make_files(struct vm_draft *draft, guint64 ram_size, GError **error)
{
	draft->files.ram = make_file(draft->directory, SNAPSHOT_RAM, (off_t)ram_size, error);
	if (draft->files.ram < 0)
		return FALSE;
	draft->files.state = make_file(draft->directory, SNAPSHOT_STATE, 0, error);
	return draft->files.state >= 0;
}

struct vm_draft *vm_draft_begin(
	const char *directory, const char *key, guint64 ram_size, GError **error)
{
	g_autoptr(vm_draft) draft = g_new0(struct vm_draft, 1);

	draft->files = (struct vm_snapshot)VM_SNAPSHOT_INIT;
	draft->lock = -1;
	if (!make_store(directory, error))
		return NULL;
	draft->target = g_build_filename(directory, key, NULL);
	draft->directory = g_strconcat(draft->target, SNAPSHOT_DRAFT, NULL);
	draft->lock = claim(draft->directory, error);
	if (draft->lock < 0)
		return NULL;
	/* Only now: whoever had the lock before may have finished it. */
	if (access(draft->target, F_OK) == 0) {
		g_set_error(error, CC_ERROR, CC_ERROR_EXISTS, "%s is there already", draft->target);
		return NULL;
	}
	return make_files(draft, ram_size, error) ? g_steal_pointer(&draft) : NULL;
}

static JsonObject *make_meta(const struct vm_draft *draft, JsonObject *description, GError **error)
{
	g_autoptr(JsonObject) meta = json_object_new();
	g_autofree char *checksum = NULL;
	JsonObject *ram;
	JsonObject *state;

	json_object_set_object_member(meta, "description", description);
	json_object_set_int_member(meta, "created", (gint64)time(NULL));
	ram = snapshot_describe_file(draft->files.ram, error);
	if (ram == NULL)
		return NULL;
	json_object_set_object_member(meta, SNAPSHOT_RAM, ram);
	state = snapshot_describe_file(draft->files.state, error);
	if (state == NULL)
		return NULL;
	json_object_set_object_member(meta, SNAPSHOT_STATE, state);
	checksum = snapshot_checksum(draft->files.state, error);
	if (checksum == NULL)
		return NULL;
	json_object_set_string_member(meta, "checksum", checksum);
	return g_steal_pointer(&meta);
}

static gboolean write_meta(const struct vm_draft *draft, JsonObject *description, GError **error)
{
	g_autofree char *path = g_build_filename(draft->directory, SNAPSHOT_META, NULL);
	JsonObject *meta = make_meta(draft, description, error);
	g_autofree char *text = NULL;

	if (meta == NULL)
		return FALSE;
	text = json_format_object(meta, FALSE);
	return file_write_atomic(path, text, strlen(text), 0400, error);
}

gboolean vm_draft_commit(struct vm_draft *draft, JsonObject *description, GError **error)
{
	g_autofree char *failed = g_strconcat(draft->target, SNAPSHOT_FAILED, NULL);

	if (!write_meta(draft, description, error))
		return FALSE;
	snapshot_seal(draft->directory);
	if (rename(draft->directory, draft->target) < 0) {
		error_set_errno(error, errno, "rename %s to %s", draft->directory, draft->target);
		return FALSE;
	}
	g_clear_pointer(&draft->directory, g_free);
	fd_clear(&draft->lock);
	(void)unlink(failed);
	return TRUE;
}

void vm_draft_free(struct vm_draft *draft)
{
	if (draft == NULL)
		return;
	vm_snapshot_clear(&draft->files);
	/* Without the lock it is another's. */
	if (draft->directory != NULL && draft->lock >= 0)
		(void)!snapshot_remove(draft->directory, NULL);
	fd_clear(&draft->lock);
	g_free(draft->directory);
	g_free(draft->target);
	g_free(draft);
}
