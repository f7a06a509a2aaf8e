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
#include "agent/copy-up.h"
#include "agent/device.h"
#include "agent/file.h"
#include "agent/mount.h"
#include "agent/notify.h"
#include "agent/target.h"

/* A detached copy of what is mounted at the source. */
static int pick_up(const struct spec_mount *mount, struct agent_error *error)
{
	AUTO_FREE char *path = NULL;

	if (asprintf(&path, SHARE_DIRECTORY "/%s", mount->source) < 0) {
		agent_error_set(error, AGENT_CODE_FAILED, "out of memory");
		return -1;
	}
	return mount_pick_up(path, mount->options.recursive, error);
}

/* One descriptor for each mount, -1 for those that are no bind mounts. */
static bool pick_up_all(const struct container_spec *spec, int *trees, struct agent_error *error)
{
	for (size_t i = 0; i < spec->n_mounts; i++) {
		trees[i] = -1;
		if (!spec->mounts[i].options.bind || spec->mounts[i].options.remount)
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

static bool is_directory(int tree)
{
	struct stat status;

	return fstat(tree, &status) < 0 || S_ISDIR(status.st_mode);
}

static bool remount(const struct spec_mount *mount, struct agent_error *error)
{
	AUTO_CLOSE int target = target_find(mount->destination);

	if (target < 0)
		return agent_error_errno(error, errno, "remount");
	return mount_change(target, &mount->options, error);
}

/* A tmpfs of which the config says no mode has that of the directory below it, as in runc. */
static bool keep_mode(
	const struct spec_mount *mount, int tree, int target, struct agent_error *error)
{
	struct stat status;

	if (strcmp(mount->type, "tmpfs") != 0 ||
		(mount->options.data != NULL && strstr(mount->options.data, "mode=") != NULL))
		return true;
	if (fstat(target, &status) < 0 || fchmodat(tree, ".", status.st_mode & 07777, 0) < 0)
		return agent_error_errno(error, errno, "set its mode");
	return true;
}

static bool make_new(const struct container_spec *spec, const struct spec_mount *mount,
	struct agent_error *error)
{
	AUTO_CLOSE int tree = mount_make(spec, mount, error);
	AUTO_CLOSE int target = tree < 0 ? -1 : target_make(mount->destination, true, error);

	return target >= 0 && keep_mode(mount, tree, target, error) &&
	       (!mount->options.copy_up || copy_up(target, tree, error)) &&
	       mount_attach(tree, target, error) &&
	       mount_propagate(tree, mount->options.propagation, error);
}

static bool bind(const struct spec_mount *mount, int tree, struct agent_error *error)
{
	AUTO_CLOSE int target = target_make(mount->destination, is_directory(tree), error);

	return target >= 0 && mount_change(tree, &mount->options, error) &&
	       mount_attach(tree, target, error) &&
	       mount_propagate(tree, mount->options.propagation, error);
}

static bool mount_all(const struct container_spec *spec, int *trees, struct agent_error *error)
{
	for (size_t i = 0; i < spec->n_mounts; i++) {
		const struct spec_mount *mount = &spec->mounts[i];
		bool made = mount->options.remount ? remount(mount, error)
			    : mount->options.bind  ? bind(mount, trees[i], error)
						   : make_new(spec, mount, error);

		if (!made)
			return agent_error_prefix(error, "mount %s", mount->destination);
		close_fd(&trees[i]);
	}
	return true;
}

/* -1 where there is none. */
static bool pick_up_notify(
	const struct container_spec *spec, int *out_tree, struct agent_error *error)
{
	*out_tree = -1;
	if (spec->notify_directory == NULL)
		return true;
	*out_tree = mount_pick_up(spec->notify_directory, false, error);
	return *out_tree >= 0;
}

static bool mount_notify(int tree, struct agent_error *error)
{
	static const struct spec_mount notify = {.destination = NOTIFY_TARGET};

	return tree < 0 || bind(&notify, tree, error) ||
	       agent_error_prefix(error, "mount " NOTIFY_TARGET);
}

bool rootfs_enter(const struct container_spec *spec, const char *root, struct agent_error *error)
{
	/* What is left open on a failure goes with the child. */
	AUTO_FREE int *trees = calloc(spec->n_mounts + 1, sizeof *trees);
	AUTO_CLOSE int notify = -1;
	mode_t mask = umask(0);
	int result;

	if (trees == NULL)
		return agent_error_set(error, AGENT_CODE_FAILED, "out of memory");
	if (!pick_up_all(spec, trees, error) || !pick_up_notify(spec, &notify, error) ||
		!change_root(root, error) || !mount_all(spec, trees, error) ||
		!mount_notify(notify, error) || !device_make_all(spec, error))
		return false;
	result = path_make_directories(spec->process.cwd, 0755);
	if (result != 0)
		return agent_error_errno(error, result, "make the directory %s", spec->process.cwd);
	umask(mask);
	return true;
}
