/* SPDX-License-Identifier: GPL-2.0-only */
/* Changes into the container's root and makes its mounts. */
#include "agent/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "agent/cleanup.h"
#include "agent/device.h"
#include "agent/file.h"

/* What a remount of a bind mount can change. */
#define BIND_FLAGS                                                                                 \
	(MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NODIRATIME | MS_RELATIME | \
		MS_STRICTATIME)

/* A detached copy of what is mounted at the source. */
static int pick_up(const struct spec_mount *mount, struct agent_error *error)
{
	unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;
	AUTO_FREE char *path = NULL;

	if (asprintf(&path, SHARE_DIRECTORY "/%s", mount->source) < 0) {
		agent_error_set(error, AGENT_CODE_FAILED, "out of memory");
		return -1;
	}
	if (mount->options.flags & MS_REC)
		flags |= AT_RECURSIVE;

	int tree = (int)syscall(SYS_open_tree, AT_FDCWD, path, flags);

	if (tree < 0)
		agent_error_errno(error, errno, "pick up %s", path);
	return tree;
}

/* One descriptor for each mount, -1 for those that are no bind mounts. */
static bool pick_up_all(const struct container_spec *spec, int *trees, struct agent_error *error)
{
	for (size_t i = 0; i < spec->n_mounts; i++) {
		trees[i] = -1;
		if (!(spec->mounts[i].options.flags & MS_BIND))
			continue;
		trees[i] = pick_up(&spec->mounts[i], error);
		if (trees[i] < 0)
			return agent_error_prefix(error, "mount %s", spec->mounts[i].destination);
	}
	return true;
}

static bool change_root(const char *root, struct agent_error *error)
{
	/* Nothing that happens here may reach the agent's namespace. */
	if (mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL) < 0)
		return agent_error_errno(error, errno, "make the mounts private");
	if (mount(root, root, NULL, MS_BIND | MS_REC, NULL) < 0 || chdir(root) < 0)
		return agent_error_errno(error, errno, "bind the root %s", root);
	/* The old root comes to lie on top of the new one, and is taken off (pivot_root(2)). */
	if (syscall(SYS_pivot_root, ".", ".") < 0)
		return agent_error_errno(error, errno, "pivot to the root %s", root);
	if (umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return agent_error_errno(error, errno, "leave the old root");
	return true;
}

static bool make_target(const char *path, int tree, struct agent_error *error)
{
	struct stat status;
	int result;

	if (tree >= 0 && fstat(tree, &status) == 0 && !S_ISDIR(status.st_mode))
		result = path_make_file(path, 0644);
	else
		result = path_make_directories(path, 0755);
	if (result != 0)
		return agent_error_errno(error, result, "make the mount point");
	return true;
}

static bool attach(const struct spec_mount *mount_, int tree, struct agent_error *error)
{
	unsigned long flags = mount_->options.flags & BIND_FLAGS;

	if (syscall(SYS_move_mount, tree, "", AT_FDCWD, mount_->destination,
		    MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return agent_error_errno(error, errno, "attach %s", mount_->source);
	if (flags != 0 &&
		mount(NULL, mount_->destination, NULL, MS_REMOUNT | MS_BIND | flags, NULL) < 0)
		return agent_error_errno(error, errno, "set the options");
	return true;
}

/* A read-only tmpfs is filled first: mount points and device nodes have to be made in it. */
static bool is_late_read_only(const struct spec_mount *mount_)
{
	return strcmp(mount_->type, "tmpfs") == 0 && mount_->options.flags & MS_RDONLY;
}

static bool mount_new(const struct spec_mount *mount_, struct agent_error *error)
{
	const char *type = mount_->type;
	const char *data = mount_->options.data;
	unsigned long flags = mount_->options.flags;

	/* There is one hierarchy in the guest, whatever the config was written for. */
	if (strcmp(type, "cgroup") == 0) {
		type = "cgroup2";
		data = NULL;
	}
	if (is_late_read_only(mount_))
		flags &= ~(unsigned long)MS_RDONLY;
	if (mount(*mount_->source != '\0' ? mount_->source : type, mount_->destination, type, flags,
		    data) < 0)
		return agent_error_errno(error, errno, "type %s", type);
	return true;
}

static bool mount_one(const struct spec_mount *mount_, int tree, struct agent_error *error)
{
	if (!make_target(mount_->destination, tree, error))
		return false;
	if (!(tree >= 0 ? attach(mount_, tree, error) : mount_new(mount_, error)))
		return false;
	if (mount_->options.propagation != 0 &&
		mount(NULL, mount_->destination, NULL, mount_->options.propagation, NULL) < 0)
		return agent_error_errno(error, errno, "set the propagation");
	return true;
}

static bool mount_all(const struct container_spec *spec, int *trees, struct agent_error *error)
{
	for (size_t i = 0; i < spec->n_mounts; i++) {
		if (!mount_one(&spec->mounts[i], trees[i], error))
			return agent_error_prefix(error, "mount %s", spec->mounts[i].destination);
		close_fd(&trees[i]);
	}
	return true;
}

bool rootfs_enter(const struct container_spec *spec, const char *root, struct agent_error *error)
{
	/* What is left open on a failure goes with the child. */
	AUTO_FREE int *trees = calloc(spec->n_mounts + 1, sizeof *trees);
	mode_t mask = umask(0);
	int result;

	if (trees == NULL)
		return agent_error_set(error, AGENT_CODE_FAILED, "out of memory");
	if (!pick_up_all(spec, trees, error) || !change_root(root, error) ||
		!mount_all(spec, trees, error) || !device_make_all(spec, error))
		return false;
	result = path_make_directories(spec->process.cwd, 0755);
	if (result != 0)
		return agent_error_errno(error, result, "make the directory %s", spec->process.cwd);
	umask(mask);
	return true;
}
