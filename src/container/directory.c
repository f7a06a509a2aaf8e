/* SPDX-License-Identifier: GPL-2.0-only */
/* State directories and their locks. */
#include "container/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/timeouts.h"
#include "container/cgroup.h"
#include "oci/state.h"

/* Between two tries for a lock that another command holds; flock(2) itself knows no deadline. */
#define LOCK_RETRY_MS 20

char *directory_path(const struct settings *settings, const char *id)
{
	return g_build_filename(settings->root, id, NULL);
}

static int open_directory(const char *path)
{
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

/* Whether the locked directory is still the one at the path: it may have been deleted meanwhile. */
static gboolean is_still_there(int fd, const char *path)
{
	struct stat ours;
	struct stat theirs;

	return fstat(fd, &ours) == 0 && stat(path, &theirs) == 0 && ours.st_dev == theirs.st_dev &&
	       ours.st_ino == theirs.st_ino;
}

/* Locks the directory at a path, waiting at most `timeout`. -1: with errno EAGAIN at the deadline.
 */
static int lock(const char *path, gint64 timeout, GError **error)
{
	gint64 deadline = deadline_after(timeout);

	for (;;) {
		auto_fd int fd = open_directory(path);

		if (fd < 0) {
			error_set_errno(error, errno, "%s", path);
			return -1;
		}
		if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
			if (is_still_there(fd, path))
				return g_steal_fd(&fd);
			continue;
		}
		if (errno != EWOULDBLOCK && errno != EINTR) {
			error_set_errno(error, errno, "lock %s", path);
			return -1;
		}
		if (deadline_left(deadline) == 0) {
			g_set_error(error, CC_ERROR, CC_ERROR_TIMEOUT,
				"%s: another command is at work on it", path);
			return -1;
		}
		(void)interrupt_poll(NULL, 0, LOCK_RETRY_MS);
		if (interrupt_signal() != 0) {
			g_set_error(error, CC_ERROR, CC_ERROR_FAILED,
				"%s: interrupted by signal %d", path, interrupt_signal());
			return -1;
		}
	}
}

int directory_lock(const struct settings *settings, const char *id, GError **error)
{
	g_autofree char *path = directory_path(settings, id);

	return lock(path, TIMEOUT_LOCK_MS, error);
}

/* A cgroup that somebody else uses too stays, and does not keep a container from going. */
static gboolean remove_all(const char *path, GError **error)
{
	g_autoptr(GError) busy = NULL;

	if (!container_cgroup_remove(path, &busy))
		log_warning("%s", busy->message);
	return file_remove_tree(path, error);
}

/* Removes what a dead `create` has left, if that is what it is. */
static gboolean reclaim(const char *path, const char *id, GError **error)
{
	g_autoptr(GError) unlocked = NULL;
	g_autoptr(oci_state) state = NULL;
	auto_fd int fd = lock(path, 0, &unlocked);

	if (fd >= 0)
		state = oci_state_load(path, &unlocked);
	if (fd < 0 || !g_error_matches(unlocked, CC_ERROR, CC_ERROR_NOT_FOUND)) {
		g_set_error(error, CC_ERROR, CC_ERROR_EXISTS,
			"container with given ID already exists: \"%s\"", id);
		return FALSE;
	}
	log_info("%s: removing the remains of a create that died", path);
	return remove_all(path, error);
}

static gboolean make_directory(const char *path, const char *id, GError **error)
{
	if (mkdir(path, 0700) == 0)
		return TRUE;
	if (errno == EEXIST) {
		if (!reclaim(path, id, error))
			return FALSE;
		if (mkdir(path, 0700) == 0)
			return TRUE;
	}
	error_set_errno(error, errno, "create %s", path);
	return FALSE;
}

int directory_reserve(const struct settings *settings, const char *id, GError **error)
{
	g_autofree char *path = directory_path(settings, id);

	if (g_mkdir_with_parents(settings->root, 0700) < 0) {
		error_set_errno(error, errno, "create %s", settings->root);
		return -1;
	}

	/* Between mkdir and lock, nobody else may take the new directory for remains. */
	auto_fd int root_lock = lock(settings->root, TIMEOUT_LOCK_MS, error);

	if (root_lock < 0)
		return -1;
	if (!make_directory(path, id, error))
		return -1;
	return lock(path, 0, error);
}

gboolean directory_remove(const struct settings *settings, const char *id, GError **error)
{
	g_autofree char *path = directory_path(settings, id);

	return remove_all(path, error);
}

char *directory_logs_path(const struct settings *settings, const char *id)
{
	if (settings->hypervisor_log_directory == NULL)
		return directory_path(settings, id);
	return g_canonicalize_filename(id, settings->hypervisor_log_directory);
}

char *directory_logs(const struct settings *settings, const char *id, GError **error)
{
	g_autofree char *path = directory_logs_path(settings, id);

	if (settings->hypervisor_log_directory != NULL && g_mkdir_with_parents(path, 0700) < 0) {
		error_set_errno(error, errno, "create %s", path);
		return NULL;
	}
	return g_steal_pointer(&path);
}
