/* SPDX-License-Identifier: GPL-2.0-only */
/* sysctl, readonlyPaths, maskedPaths, read-only mounts. */
#include "agent/protect.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "agent/cleanup.h"
#include "agent/file.h"
#include "agent/mount.h"
#include "agent/target.h"

/* A name with a slash has its dots within names: "net/ipv4/conf/eth0.1/forwarding". */
static bool write_sysctl(const char *name, const char *value, struct agent_error *error)
{
	AUTO_FREE char *path = NULL;
	bool has_slashes = strchr(name, '/') != NULL;

	if (asprintf(&path, "/proc/sys/%s", name) < 0)
		return agent_error_set(error, AGENT_CODE_FAILED, "out of memory");
	for (char *dot = path; !has_slashes && (dot = strchr(dot, '.')) != NULL;)
		*dot = '/';
	return file_write(path, value, error) || agent_error_prefix(error, "sysctl %s", name);
}

static bool write_all_sysctl(json_t *sysctl, struct agent_error *error)
{
	const char *name;
	json_t *value;

	json_object_foreach (sysctl, name, value)
		if (!write_sysctl(name, json_string_value(value), error))
			return false;
	return true;
}

static bool make_read_only(const char *path, struct agent_error *error)
{
	AUTO_CLOSE int target = target_find(path);

	if (target < 0)
		return agent_error_errno(error, errno, "find it");
	return mount_make_read_only(target, error);
}

/* A read-only copy of what is there, on top of it. What is missing needs no protection. */
static bool protect_path(const char *path, struct agent_error *error)
{
	AUTO_CLOSE int target = target_find(path);
	AUTO_CLOSE int tree = -1;

	if (target < 0)
		return errno == ENOENT || errno == ENOTDIR ||
		       agent_error_errno(error, errno, "find it");
	tree = (int)syscall(SYS_open_tree, target, "",
		OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE);
	if (tree < 0)
		return agent_error_errno(error, errno, "pick it up");
	return mount_make_read_only(tree, error) && mount_attach(tree, target, error);
}

/* An empty directory that stays empty. */
static int make_empty(struct agent_error *error)
{
	const struct spec_mount mount = {
		.type = "tmpfs",
		.source = "",
		.options = {.data = (char *)"nr_blocks=1,nr_inodes=1"},
	};
	const struct container_spec no_maps = {.json = NULL};
	AUTO_CLOSE int tree = mount_make(&no_maps, &mount, error);

	return tree >= 0 && mount_make_read_only(tree, error) ? steal_fd(&tree) : -1;
}

/*
 * Another mount of the guest's own null device: `null` is one, and in this namespace once it has
 * been attached. A device of that name in the container may be anything.
 */
static int copy_null(int null, bool *io_attached, struct agent_error *error)
{
	int tree = *io_attached ? (int)syscall(SYS_open_tree, null, "",
					  OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH)
				: fcntl(null, F_DUPFD_CLOEXEC, 0);

	if (tree < 0)
		agent_error_errno(error, errno, "copy the null device");
	*io_attached = true;
	return tree;
}

/* Lays nothing over a file, and an empty directory over a directory. */
static bool mask_path(const char *path, int null, bool *io_attached, struct agent_error *error)
{
	AUTO_CLOSE int target = target_find(path);
	AUTO_CLOSE int tree = -1;
	struct stat status;

	if (target < 0)
		return errno == ENOENT || errno == ENOTDIR ||
		       agent_error_errno(error, errno, "find it");
	if (fstat(target, &status) < 0)
		return agent_error_errno(error, errno, "look at it");
	tree = S_ISDIR(status.st_mode) ? make_empty(error) : copy_null(null, io_attached, error);
	return tree >= 0 && mount_attach(tree, target, error);
}

static bool mask_all(char **paths, int null, struct agent_error *error)
{
	bool attached = false;

	for (char **path = paths; path != NULL && *path != NULL; path++)
		if (!mask_path(*path, null, &attached, error))
			return agent_error_prefix(error, "mask %s", *path);
	return true;
}

static bool protect_tmpfs(const struct container_spec *spec, struct agent_error *error)
{
	for (size_t i = 0; i < spec->n_mounts; i++)
		if (mount_is_late_read_only(&spec->mounts[i]) &&
			!make_read_only(spec->mounts[i].destination, error))
			return agent_error_prefix(error, "mount %s", spec->mounts[i].destination);
	return true;
}

/* Mounts in it say themselves how they propagate: "rslave" is "slave" here. */
static bool protect_root(const struct container_spec *spec, struct agent_error *error)
{
	AUTO_CLOSE int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return (mount_propagate(root, spec->propagation & ~(unsigned long)MS_REC, error) &&
		       (!spec->read_only || mount_make_read_only(root, error))) ||
	       agent_error_prefix(error, "root");
}

bool protect_rootfs(const struct container_spec *spec, int null, struct agent_error *error)
{
	if (!write_all_sysctl(spec->sysctl, error))
		return false;
	for (char **path = spec->read_only_paths; path != NULL && *path != NULL; path++)
		if (!protect_path(*path, error))
			return agent_error_prefix(error, "make %s read-only", *path);
	return mask_all(spec->masked_paths, null, error) && protect_tmpfs(spec, error) &&
	       protect_root(spec, error);
}
