/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads id maps, and makes a user namespace with them. */
#include "agent/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/cleanup.h"
#include "agent/json.h"

enum {
	/* The kernel's own bound (UID_GID_MAP_MAX_EXTENTS). */
	MAPS_MAX = 340,
	LINE_MAX = 3 * 11,
};

static bool parse_map(struct id_map *out, const json_t *object, struct agent_error *error)
{
	static const char *const keys[] = {"containerID", "hostID", "size"};
	int64_t numbers[3] = {0};

	for (int i = 0; i < 3; i++)
		if (!json_get_integer(object, keys[i], 0, UINT32_MAX, &numbers[i], error))
			return false;
	*out = (struct id_map){(uint32_t)numbers[0], (uint32_t)numbers[1], (uint32_t)numbers[2]};
	return true;
}

bool id_maps_parse(
	struct id_maps *out, const json_t *section, const char *key, struct agent_error *error)
{
	json_t *array = NULL;

	if (!json_get_array(section, key, &array, error))
		return false;
	if (json_array_size(array) > MAPS_MAX)
		return agent_error_set(error, AGENT_CODE_FAILED, "%s: too many", key);
	out->maps = calloc(json_array_size(array) + 1, sizeof *out->maps);
	if (out->maps == NULL)
		return agent_error_set(error, AGENT_CODE_FAILED, "out of memory");
	for (; out->n < json_array_size(array); out->n++)
		if (!parse_map(&out->maps[out->n], json_array_get(array, out->n), error))
			return agent_error_prefix(error, "%s[%zu]", key, out->n);
	return true;
}

void id_maps_clear(struct id_maps *maps)
{
	free(maps->maps);
	*maps = (struct id_maps){0};
}

uint32_t id_maps_find(const struct id_maps *maps, uint32_t id)
{
	if (maps->n == 0)
		return id;
	for (size_t i = 0; i < maps->n; i++)
		if (id >= maps->maps[i].container &&
			id - maps->maps[i].container < maps->maps[i].size)
			return id - maps->maps[i].container + maps->maps[i].guest;
	return UINT32_MAX;
}

/* The kernel takes a map in one write. */
static bool write_maps(int proc, const char *name, const struct id_maps *maps)
{
	AUTO_FREE char *text = calloc(maps->n + 1, LINE_MAX);
	AUTO_CLOSE int fd = openat(proc, name, O_WRONLY | O_CLOEXEC);
	size_t size = 0;

	if (text == NULL || fd < 0)
		return false;
	for (size_t i = 0; i < maps->n; i++)
		size += (size_t)sprintf(text + size, "%u %u %u\n", maps->maps[i].container,
			maps->maps[i].guest, maps->maps[i].size);
	return write(fd, text, size) == (ssize_t)size;
}

/*
 * Only who has stayed outside may write the maps: a child of the child, which ends with 0, or with
 * the errno of what went wrong.
 */
static _Noreturn void help(const struct container_spec *spec, int proc, int socket)
{
	char byte;

	if (read(socket, &byte, 1) != 1)
		_exit(EPIPE);
	if (write_maps(proc, "uid_map", &spec->uid_maps) &&
		write_maps(proc, "gid_map", &spec->gid_maps))
		_exit(0);
	_exit(errno);
}

static bool await(pid_t helper, struct agent_error *error)
{
	int status;

	while (waitpid(helper, &status, 0) < 0)
		if (errno != EINTR)
			return agent_error_errno(error, errno, "wait for the helper");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return agent_error_errno(error, WIFEXITED(status) ? WEXITSTATUS(status) : EINTR,
			"write uidMappings and gidMappings");
	return true;
}

bool userns_make(const struct container_spec *spec, int proc, struct agent_error *error)
{
	int flags =
		CLONE_NEWUSER | CLONE_NEWNS | (spec->namespaces & (CLONE_NEWUTS | CLONE_NEWCGROUP));
	int sockets[2];
	pid_t helper;
	bool made;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0)
		return agent_error_errno(error, errno, "make a socket for the helper");
	helper = fork();
	if (helper == 0) {
		close(sockets[0]);
		help(spec, proc, sockets[1]);
	}
	close(sockets[1]);
	made = helper > 0 && unshare(flags) == 0;
	if (!made)
		agent_error_errno(error, errno, "make a user namespace");
	else if (write(sockets[0], "", 1) != 1)
		made = agent_error_errno(error, errno, "wake the helper");
	/* Its end of the socket: a helper that waits ends. */
	close(sockets[0]);
	return helper > 0 && await(helper, error) && made;
}
