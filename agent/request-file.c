/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * WRITEFILE and READFILE: whole files of a running container.
 *
 * The path is resolved by the kernel within the container's root, links and all (openat2(2),
 * RESOLVE_IN_ROOT), so what the container has put there cannot lead into the guest's own files.
 */
#include "agent/request.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "agent/cleanup.h"
#include "agent/json.h"
#include "wire/frame.h"

/* What an ACK can carry. */
#define FILE_MAX (CONTROL_FRAME_MAX - CONTROL_HEADER_SIZE)

/* The object in front; *out_used says where it ends. The caller owns it. */
static json_t *parse_head(
	const struct request *request, size_t *out_used, struct agent_error *error)
{
	json_error_t where;
	json_t *json = json_loadb(
		(const char *)request->payload, request->size, JSON_DISABLE_EOF_CHECK, &where);

	if (json == NULL)
		agent_error_set(error, AGENT_CODE_FAILED, "bad JSON at byte %d: %s", where.position,
			where.text);
	/* With that flag a success sets the position too (jansson, "Decoding"). */
	*out_used = json != NULL ? (size_t)where.position : 0;
	return json;
}

static int open_root(const struct container *container, struct agent_error *error)
{
	char path[64];
	int fd;

	if (!container_is_alive(container)) {
		agent_error_set(error, AGENT_CODE_NOT_FOUND, "container \"%s\" is not running",
			container->id);
		return -1;
	}
	snprintf(path, sizeof path, "/proc/%d/root", container->init->pid);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		agent_error_errno(error, errno, "open the container's root");
	return fd;
}

/* Opens a regular file; -1 on error. */
static int open_file(
	const struct agent *agent, const json_t *json, uint64_t flags, struct agent_error *error)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
		.mode = flags & O_CREAT ? 0644 : 0,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	struct container *container;
	struct stat status;
	const char *id = NULL;
	const char *path = NULL;

	if (!json_need_string(json, "container", &id, error) ||
		!json_need_string(json, "file", &path, error) ||
		(container = container_find(&agent->pod, id, error)) == NULL)
		return -1;

	AUTO_CLOSE int root = open_root(container, error);

	if (root < 0)
		return -1;

	AUTO_CLOSE int fd = (int)syscall(SYS_openat2, root, path, &how, sizeof how);

	if (fd < 0)
		agent_error_errno(error, errno, "open %s", path);
	else if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		agent_error_set(error, AGENT_CODE_FAILED, "%s is not a regular file", path);
	else
		return steal_fd(&fd);
	return -1;
}

static bool write_all(int fd, const uint8_t *data, size_t size, struct agent_error *error)
{
	while (size > 0) {
		ssize_t put = write(fd, data, size);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return agent_error_errno(error, errno, "write");
		data += put;
		size -= (size_t)put;
	}
	return true;
}

bool request_write_file(struct agent *agent, struct request *request, struct agent_error *error)
{
	size_t used;
	AUTO_JSON json_t *json = parse_head(request, &used, error);

	if (json == NULL)
		return false;

	AUTO_CLOSE int fd = open_file(agent, json, O_WRONLY | O_CREAT, error);

	if (fd < 0)
		return false;
	/* Not by O_TRUNC: before the open it is not known what it would truncate. */
	if (ftruncate(fd, 0) < 0)
		return agent_error_errno(error, errno, "truncate");
	return write_all(fd, request->payload + used, request->size - used, error);
}

/* Reads to the end: files of proc and sys have no size. */
static bool read_all(int fd, struct request *request, struct agent_error *error)
{
	struct buffer content;
	ssize_t got;

	buffer_init(&content, FILE_MAX);
	while ((got = buffer_read(&content, fd, 64 << 10)) > 0)
		;
	if (got < 0) {
		agent_error_errno(error, errno == ENOBUFS ? EFBIG : errno, "read");
		buffer_clear(&content);
		return false;
	}
	request->reply = content.data;
	request->reply_size = content.size;
	return true;
}

bool request_read_file(struct agent *agent, struct request *request, struct agent_error *error)
{
	AUTO_JSON json_t *json = json_parse_object(request->payload, request->size, error);

	if (json == NULL)
		return false;

	AUTO_CLOSE int fd = open_file(agent, json, O_RDONLY, error);

	return fd >= 0 && read_all(fd, request, error);
}
