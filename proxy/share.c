/* SPDX-License-Identifier: GPL-2.0-only */
/* The private mount namespace and the binds in it. */
#include "proxy/share.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"

#define SHARE_OPTIONS "size=1m,nr_inodes=4096,mode=0755"

enum {
	/* linux/mount.h, which glibc's sys/mount.h has taken in only lately. */
	TREE_CLONE = 1,
	MOVE_FROM_FD = 4,
	MOVE_TO_FD = 0x40,
	ATTRIBUTE_READ_ONLY = 1,
	ATTRIBUTE_NO_SUID = 2,
	ATTRIBUTE_NO_DEVICES = 4,
	ATTRIBUTE_NO_EXEC = 8,
};

/* struct mount_attr. */
struct attributes {
	guint64 set;
	guint64 clear;
	guint64 propagation;
	guint64 user_namespace;
};

/*
 * The guest, through QEMU, sees the tmpfs by a read-only mount, so that it can leave no links or
 * files where targets will be; we make directories through a second mount of it, attached nowhere.
 */
struct share {
	int root;
	int writable;
	dev_t device;
};

gboolean share_unshare(GError **error)
{
	if (unshare(CLONE_NEWNS) < 0) {
		error_set_errno(error, errno, "make a mount namespace");
		return FALSE;
	}
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0) {
		error_set_errno(error, errno, "make the mounts private (/ must be a mount point)");
		return FALSE;
	}
	return TRUE;
}

/* The second mount; on a kernel before 5.2 there is none, and the first stays writable. */
static gboolean split_writable(struct share *share, const char *path, GError **error)
{
	share->writable = (int)syscall(
		SYS_open_tree, share->root, "", TREE_CLONE | AT_EMPTY_PATH | O_CLOEXEC);
	if (share->writable < 0 && errno == ENOSYS) {
		share->writable = fcntl(share->root, F_DUPFD_CLOEXEC, 0);
		return TRUE;
	}
	if (share->writable < 0 ||
		mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV,
			NULL) < 0) {
		error_set_errno(error, errno, "protect the share %s", path);
		return FALSE;
	}
	return TRUE;
}

static gboolean open_root(struct share *share, const char *path, GError **error)
{
	struct stat status;

	share->root = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (share->root < 0 || fstat(share->root, &status) < 0) {
		error_set_errno(error, errno, "open the share %s", path);
		return FALSE;
	}
	share->device = status.st_dev;
	return TRUE;
}

struct share *share_mount(const char *path, GError **error)
{
	if (mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, SHARE_OPTIONS) < 0) {
		error_set_errno(error, errno, "mount the share on %s", path);
		return NULL;
	}

	struct share *share = g_new0(struct share, 1);

	share->root = share->writable = -1;
	if (open_root(share, path, error) && split_writable(share, path, error))
		return share;
	share_free(share);
	return NULL;
}

void share_free(struct share *share)
{
	if (share == NULL)
		return;
	fd_clear(&share->root);
	fd_clear(&share->writable);
	g_free(share);
}

gboolean share_check_target(const char *target, GError **error)
{
	g_auto(GStrv) names = g_strsplit(target, "/", -1);

	for (char **name = names; *name != NULL; name++) {
		if (**name == '\0' || strcmp(*name, ".") == 0 || strcmp(*name, "..") == 0 ||
			strlen(*name) > NAME_MAX) {
			g_set_error(error, CC_ERROR, CC_ERROR_INVALID,
				"target \"%s\": not a path below the share", target);
			return FALSE;
		}
	}
	if (names[0] != NULL)
		return TRUE;
	g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "target: empty");
	return FALSE;
}

/* Opens a directory of the share's own; a mount or a link there is an error. */
static int open_own_directory(
	const struct share *share, int parent, const char *name, GError **error)
{
	auto_fd int fd = openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0) {
		error_set_errno(error, errno, "open \"%s\" in the share", name);
		return -1;
	}
	if (status.st_dev != share->device) {
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "\"%s\" is a bound mount", name);
		return -1;
	}
	return g_steal_fd(&fd);
}

/* Opens the directory that holds the target's last name. With `make`, missing ones are made. */
static int open_parent(
	const struct share *share, int root, const char *target, gboolean make, GError **error)
{
	g_autofree char *directory = g_path_get_dirname(target);
	g_auto(GStrv) names = g_strsplit(directory, "/", -1);
	auto_fd int fd = open_own_directory(share, root, ".", error);

	for (char **name = names; fd >= 0 && *name != NULL; name++) {
		if (make && mkdirat(fd, *name, 0755) < 0 && errno != EEXIST) {
			error_set_errno(error, errno, "make \"%s\" in the share", *name);
			return -1;
		}

		int next = open_own_directory(share, fd, *name, error);

		fd_clear(&fd);
		fd = next;
	}
	return g_steal_fd(&fd);
}

/* Makes the mount point and its directories, unless they are there. */
static gboolean make_point(
	const struct share *share, const char *target, mode_t source_mode, GError **error)
{
	g_autofree char *name = g_path_get_basename(target);
	auto_fd int parent = open_parent(share, share->writable, target, TRUE, error);

	if (parent < 0)
		return FALSE;

	int result = S_ISDIR(source_mode) ? mkdirat(parent, name, 0755)
					  : mknodat(parent, name, S_IFREG | 0644, 0);

	if (result < 0 && errno != EEXIST) {
		error_set_errno(error, errno, "make \"%s\" in the share", name);
		return FALSE;
	}
	return TRUE;
}

/*
 * Opens what is at the target: a mount point of ours, or what is mounted there. A descriptor of a
 * mount point stays below a later mount, so that is opened anew.
 */
static int open_target(
	const struct share *share, const char *target, gboolean mounted, GError **error)
{
	g_autofree char *name = g_path_get_basename(target);
	auto_fd int parent = open_parent(share, share->root, target, FALSE, error);

	if (parent < 0)
		return -1;

	auto_fd int fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0) {
		error_set_errno(error, errno, "open \"%s\" in the share", name);
		return -1;
	}
	if ((status.st_dev != share->device) != mounted || S_ISLNK(status.st_mode)) {
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "\"%s\": %s", target,
			mounted ? "nothing is bound there" : "bound already");
		return -1;
	}
	return g_steal_fd(&fd);
}

/* The flags of a mount that a remount must repeat, or they are lost. */
static unsigned long kept_flags(const struct statvfs *status)
{
	static const struct {
		unsigned long seen;
		unsigned long flag;
	} flags[] = {
		{ST_RDONLY, MS_RDONLY},
		{ST_NOSUID, MS_NOSUID},
		{ST_NODEV, MS_NODEV},
		{ST_NOEXEC, MS_NOEXEC},
		{ST_NOATIME, MS_NOATIME},
		{ST_NODIRATIME, MS_NODIRATIME},
		{ST_RELATIME, MS_RELATIME},
	};
	unsigned long kept = 0;

	for (gsize i = 0; i < G_N_ELEMENTS(flags); i++)
		if (status->f_flag & flags[i].seen)
			kept |= flags[i].flag;
	return kept;
}

/* Adds flags to a mount. */
static gboolean remount(int mounted, unsigned long flags, GError **error)
{
	g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", mounted);
	struct statvfs status;

	if (fstatvfs(mounted, &status) < 0 ||
		mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | flags | kept_flags(&status), NULL) <
			0) {
		error_set_errno(error, errno, "set the flags of the mount");
		return FALSE;
	}
	return TRUE;
}

/*
 * A new bind, and all that is bound with it: what the guest makes there is nothing that the host
 * would run, and a device node no way for QEMU to a device. A kernel before 5.12 has it at the top
 * only, which *out_top_only says where it makes a difference.
 */
static gboolean restrict_new(
	int mounted, const struct share_bind *bind, gboolean *out_top_only, GError **error)
{
	struct attributes attributes = {
		.set = ATTRIBUTE_NO_SUID | ATTRIBUTE_NO_DEVICES | ATTRIBUTE_NO_EXEC |
		       (bind->read_only ? ATTRIBUTE_READ_ONLY : 0),
	};

	if (syscall(SYS_mount_setattr, mounted, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes,
		    sizeof attributes) == 0)
		return TRUE;
	if (errno != ENOSYS) {
		error_set_errno(error, errno, "set the flags of the mount");
		return FALSE;
	}
	*out_top_only = bind->recursive && bind->read_only;
	return remount(mounted,
		MS_NOSUID | MS_NODEV | MS_NOEXEC | (bind->read_only ? MS_RDONLY : 0), error);
}

static gboolean bind_on(
	const struct share *share, int source, const struct share_bind *bind, GError **error)
{
	auto_fd int point = open_target(share, bind->target, FALSE, error);

	if (point < 0)
		return FALSE;

	g_autofree char *from = g_strdup_printf("/proc/self/fd/%d", source);
	g_autofree char *to = g_strdup_printf("/proc/self/fd/%d", point);

	if (mount(from, to, NULL, MS_BIND | (bind->recursive ? MS_REC : 0), NULL) < 0) {
		error_set_errno(error, errno, "bind %s on \"%s\"", bind->source, bind->target);
		return FALSE;
	}
	return TRUE;
}

/* A bind that could not be restricted must not stay. */
static gboolean protect_new(const struct share *share, const struct share_bind *bind,
	gboolean *out_top_only, GError **error)
{
	auto_fd int mounted = open_target(share, bind->target, TRUE, error);

	if (mounted < 0)
		return FALSE;
	if (restrict_new(mounted, bind, out_top_only, error))
		return TRUE;

	g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", mounted);

	(void)umount2(path, MNT_DETACH);
	return FALSE;
}

static int open_namespace(pid_t pid)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/ns/mnt", (int)pid);

	return open(path, O_RDONLY | O_CLOEXEC);
}

/* A detached copy of what the process sees at the source; we are back where we were after it. */
static int pick_up(const struct share_bind *bind, GError **error)
{
	auto_fd int theirs = open_namespace(bind->process);
	auto_fd int ours = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	auto_fd int directory = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int tree = -1;

	if (theirs < 0 || ours < 0 || directory < 0 || setns(theirs, CLONE_NEWNS) < 0) {
		error_set_errno(error, errno, "enter the mount namespace of process %d",
			(int)bind->process);
		return -1;
	}
	tree = (int)syscall(SYS_open_tree, AT_FDCWD, bind->source,
		TREE_CLONE | O_CLOEXEC | (bind->recursive ? AT_RECURSIVE : 0));
	if (tree < 0)
		error_set_errno(error, errno, "%s", bind->source);
	if (setns(ours, CLONE_NEWNS) < 0 || fchdir(directory) < 0)
		g_error("cannot return to the mount namespace: %s", g_strerror(errno));
	return tree;
}

static gboolean attach(
	const struct share *share, int tree, const struct share_bind *bind, GError **error)
{
	auto_fd int point = open_target(share, bind->target, FALSE, error);

	if (point < 0)
		return FALSE;
	if (syscall(SYS_move_mount, tree, "", point, "", MOVE_FROM_FD | MOVE_TO_FD) < 0) {
		error_set_errno(error, errno, "bind %s on \"%s\"", bind->source, bind->target);
		return FALSE;
	}
	return TRUE;
}

gboolean share_add(
	struct share *share, const struct share_bind *bind, gboolean *out_top_only, GError **error)
{
	struct stat status;

	*out_top_only = FALSE;
	if (!share_check_target(bind->target, error))
		return FALSE;
	if (!g_path_is_absolute(bind->source)) {
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "source \"%s\": not absolute",
			bind->source);
		return FALSE;
	}

	auto_fd int source =
		bind->process != 0 ? pick_up(bind, error) : open(bind->source, O_PATH | O_CLOEXEC);

	if (source < 0 && bind->process != 0)
		return FALSE;
	if (source < 0 || fstat(source, &status) < 0) {
		error_set_errno(error, errno, "%s", bind->source);
		return FALSE;
	}
	if (!make_point(share, bind->target, status.st_mode, error) ||
		!(bind->process != 0 ? attach(share, source, bind, error)
				     : bind_on(share, source, bind, error)))
		return FALSE;
	return protect_new(share, bind, out_top_only, error);
}

gboolean share_protect(struct share *share, const char *target, GError **error)
{
	if (!share_check_target(target, error))
		return FALSE;

	auto_fd int mounted = open_target(share, target, TRUE, error);

	return mounted >= 0 && remount(mounted, MS_RDONLY, error);
}

static gboolean remove_binds(const struct share *share, int seen, int writable, GError **error);

/* A directory of the share's own, with what is bound in it. */
static gboolean remove_directory(
	const struct share *share, int seen, int writable, const char *name, GError **error)
{
	auto_fd int seen_below = open_own_directory(share, seen, name, error);
	auto_fd int writable_below =
		seen_below >= 0 ? open_own_directory(share, writable, name, error) : -1;

	if (writable_below < 0 || !remove_binds(share, seen_below, writable_below, error))
		return FALSE;
	if (unlinkat(writable, name, AT_REMOVEDIR) == 0)
		return TRUE;
	error_set_errno(error, errno, "remove \"%s\" from the share", name);
	return FALSE;
}

/* Unmounts what is bound on the name, if anything is, and removes its mount point. */
static gboolean remove_bind(
	const struct share *share, int seen, int writable, const char *name, GError **error)
{
	auto_fd int fd = openat(seen, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
	struct stat status;
	gboolean known = fd >= 0 && fstat(fd, &status) == 0;

	if (known && status.st_dev == share->device && S_ISDIR(status.st_mode))
		return remove_directory(share, seen, writable, name, error);
	if (!known || (status.st_dev != share->device && umount2(path, MNT_DETACH) < 0) ||
		(unlinkat(writable, name, 0) < 0 &&
			(errno != EISDIR || unlinkat(writable, name, AT_REMOVEDIR) < 0))) {
		error_set_errno(error, errno, "remove \"%s\" from the share", name);
		return FALSE;
	}
	return TRUE;
}

/* The depth is that of targets, which the host chooses. */
static gboolean remove_binds(const struct share *share, int seen, int writable, GError **error)
{
	auto_fd int list = openat(writable, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = list >= 0 ? fdopendir(list) : NULL;
	gboolean removed = directory != NULL;
	const struct dirent *entry;

	if (directory == NULL) {
		error_set_errno(error, errno, "list the share");
		return FALSE;
	}
	(void)g_steal_fd(&list);
	while (removed && (entry = readdir(directory)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			removed = remove_bind(share, seen, writable, entry->d_name, error);
	closedir(directory);
	return removed;
}

gboolean share_remove(struct share *share, const char *target, GError **error)
{
	g_autofree char *inside = g_build_filename(target, ".", NULL);
	g_autofree char *name = g_path_get_basename(target);

	if (!share_check_target(target, error))
		return FALSE;

	auto_fd int above = open_parent(share, share->writable, target, FALSE, error);

	if (above < 0)
		return FALSE;
	if (faccessat(above, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		return TRUE;

	auto_fd int seen = open_parent(share, share->root, inside, FALSE, error);

	if (seen < 0)
		return FALSE;

	auto_fd int writable = open_parent(share, share->writable, inside, FALSE, error);

	if (writable < 0 || !remove_binds(share, seen, writable, error))
		return FALSE;
	if (unlinkat(above, name, AT_REMOVEDIR) == 0)
		return TRUE;
	error_set_errno(error, errno, "remove \"%s\" from the share", target);
	return FALSE;
}
