/* SPDX-License-Identifier: GPL-2.0-only */
/* Makes device nodes and the usual links. */
#include "agent/device.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "agent/cleanup.h"
#include "agent/file.h"

static const struct {
	const char *path;
	unsigned major;
	unsigned minor;
} default_devices[] = {
	{"/dev/null", 1, 3},
	{"/dev/zero", 1, 5},
	{"/dev/full", 1, 7},
	{"/dev/random", 1, 8},
	{"/dev/urandom", 1, 9},
	{"/dev/tty", 5, 0},
};

static const struct {
	const char *path;
	const char *target;
} default_links[] = {
	{"/dev/fd", "/proc/self/fd"},
	{"/dev/stdin", "/proc/self/fd/0"},
	{"/dev/stdout", "/proc/self/fd/1"},
	{"/dev/stderr", "/proc/self/fd/2"},
	{"/dev/ptmx", "pts/ptmx"},
};

static bool has_own_dev(const struct container_spec *spec)
{
	for (size_t i = 0; i < spec->n_mounts; i++)
		if (strcmp(spec->mounts[i].destination, "/dev") == 0 &&
			strcmp(spec->mounts[i].type, "tmpfs") == 0)
			return true;
	return false;
}

/* A node that the root file system brings along gives way: the config's word counts. */
static bool make_device(const struct container_spec *spec, const struct spec_device *device,
	struct agent_error *error)
{
	AUTO_FREE char *directory = strdup(device->path);
	int result;

	if (directory == NULL)
		return agent_error_set(error, AGENT_CODE_FAILED, "out of memory");
	*strrchr(directory, '/') = '\0';
	result = *directory != '\0' ? path_make_directories(directory, 0755) : 0;
	if (result != 0)
		return agent_error_errno(error, result, "make the directory %s", directory);
	if (unlink(device->path) < 0 && errno != ENOENT)
		return agent_error_errno(error, errno, "replace %s", device->path);
	if (mknod(device->path, device->mode, device->device) < 0 ||
		lchown(device->path, id_maps_find(&spec->uid_maps, device->uid),
			id_maps_find(&spec->gid_maps, device->gid)) < 0)
		return agent_error_errno(error, errno, "make the device %s", device->path);
	return true;
}

static bool make_defaults(const struct container_spec *spec, struct agent_error *error)
{
	for (size_t i = 0; i < sizeof default_devices / sizeof *default_devices; i++) {
		struct spec_device device = {
			.path = default_devices[i].path,
			.mode = S_IFCHR | 0666,
			.device = makedev(default_devices[i].major, default_devices[i].minor),
		};

		if (!make_device(spec, &device, error))
			return false;
	}
	for (size_t i = 0; i < sizeof default_links / sizeof *default_links; i++)
		if (symlink(default_links[i].target, default_links[i].path) < 0 && errno != EEXIST)
			return agent_error_errno(
				error, errno, "make the link %s", default_links[i].path);
	return true;
}

bool device_make_all(const struct container_spec *spec, struct agent_error *error)
{
	if (has_own_dev(spec) && !make_defaults(spec, error))
		return false;
	for (size_t i = 0; i < spec->n_devices; i++)
		if (!make_device(spec, &spec->devices[i], error))
			return false;
	return true;
}
