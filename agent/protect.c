/* SPDX-License-Identifier: GPL-2.0-only */
/* sysctl, readonlyPaths, maskedPaths, read-only mounts. */
#include "agent/protect.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statvfs.h>

#include "agent/cleanup.h"
#include "agent/file.h"

static const struct {
	unsigned long status;
	unsigned long mount;
} kept_flags[] = {
	{ST_NOSUID, MS_NOSUID},
	{ST_NODEV, MS_NODEV},
	{ST_NOEXEC, MS_NOEXEC},
	{ST_NOATIME, MS_NOATIME},
	{ST_NODIRATIME, MS_NODIRATIME},
	{ST_RELATIME, MS_RELATIME},
};

static bool write_sysctl(const char *name, const char *value, struct agent_error *error)
{
	AUTO_FREE char *path = NULL;

	if (asprintf(&path, "/proc/sys/%s", name) < 0)
		return agent_error_set(error, AGENT_CODE_FAILED, "out of memory");
	for (char *dot = path; (dot = strchr(dot, '.')) != NULL;)
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

/* A remount sets all options anew: those that the mount has are kept. */
static bool remount_read_only(const char *path, struct agent_error *error)
{
	unsigned long flags = MS_REMOUNT | MS_BIND | MS_RDONLY;
	struct statvfs status;

	if (statvfs(path, &status) < 0)
		return agent_error_errno(error, errno, "make %s read-only", path);
	for (size_t i = 0; i < sizeof kept_flags / sizeof *kept_flags; i++)
		if (status.f_flag & kept_flags[i].status)
			flags |= kept_flags[i].mount;
	if (mount(NULL, path, NULL, flags, NULL) < 0)
		return agent_error_errno(error, errno, "make %s read-only", path);
	return true;
}

static bool protect_path(const char *path, struct agent_error *error)
{
	if (mount(path, path, NULL, MS_BIND | MS_REC, NULL) < 0)
		return errno == ENOENT ||
		       agent_error_errno(error, errno, "make %s read-only", path);
	return remount_read_only(path, error);
}

/* Lays nothing over a file, and an empty directory over a directory. */
static bool mask_path(const char *path, struct agent_error *error)
{
	if (mount("/dev/null", path, NULL, MS_BIND, NULL) == 0 || errno == ENOENT)
		return true;
	if (errno == ENOTDIR &&
		mount("tmpfs", path, "tmpfs", MS_RDONLY, "nr_blocks=1,nr_inodes=1") == 0)
		return true;
	return agent_error_errno(error, errno, "mask %s", path);
}

static bool protect_tmpfs(const struct container_spec *spec, struct agent_error *error)
{
	for (size_t i = 0; i < spec->n_mounts; i++) {
		const struct spec_mount *mount = &spec->mounts[i];

		if (strcmp(mount->type, "tmpfs") == 0 && mount->options.flags & MS_RDONLY &&
			!remount_read_only(mount->destination, error))
			return false;
	}
	return true;
}

bool protect_rootfs(const struct container_spec *spec, struct agent_error *error)
{
	if (!write_all_sysctl(spec->sysctl, error))
		return false;
	for (char **path = spec->read_only_paths; path != NULL && *path != NULL; path++)
		if (!protect_path(*path, error))
			return false;
	for (char **path = spec->masked_paths; path != NULL && *path != NULL; path++)
		if (!mask_path(*path, error))
			return false;
	if (!protect_tmpfs(spec, error))
		return false;
	if (spec->propagation != 0 && mount(NULL, "/", NULL, spec->propagation, NULL) < 0)
		return agent_error_errno(error, errno, "set the root's propagation");
	return !spec->read_only || remount_read_only("/", error);
}
