/* SPDX-License-Identifier: GPL-2.0-only */
/* Receives a container's datagrams, and passes them to the host. */
#include "agent/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/cleanup.h"
#include "agent/file.h"
#include "wire/message.h"

#define DIRECTORY "/run/notify"
#define NAME	  "notify.sock"

enum {
	TEXT_MAX = 4096,
	/* A container that talks without end must not fill the channel that requests go by. */
	QUEUED_MAX = 8192,
};

void notify_init(struct notify *notify)
{
	*notify = (struct notify){.fd = -1};
}

/* By a descriptor of the directory: its own path may be too long for an address. */
static bool bind_socket(const struct notify *notify, struct agent_error *error)
{
	AUTO_CLOSE int directory = open(notify->directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/" NAME, directory);
	if (directory < 0 || bind(notify->fd, (struct sockaddr *)&address, sizeof address) < 0 ||
		chmod(address.sun_path, 0666) < 0)
		return agent_error_errno(
			error, errno, "make the socket %s/" NAME, notify->directory);
	return true;
}

bool notify_open(struct notify *notify, const char *id, struct agent_error *error)
{
	int result;

	if (asprintf(&notify->directory, DIRECTORY "/%s", id) < 0) {
		notify->directory = NULL;
		return agent_error_set(error, AGENT_CODE_FAILED, "out of memory");
	}
	result = path_make_directories(notify->directory, 0755);
	if (result != 0)
		return agent_error_errno(error, result, "make %s", notify->directory);
	notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (notify->fd < 0)
		return agent_error_errno(error, errno, "make a socket");
	return bind_socket(notify, error);
}

void notify_close(struct notify *notify)
{
	AUTO_FREE char *path = NULL;

	if (notify->directory != NULL && asprintf(&path, "%s/" NAME, notify->directory) >= 0) {
		unlink(path);
		rmdir(notify->directory);
	}
	close_fd(&notify->fd);
	free(notify->directory);
	notify_init(notify);
}

static void handle(void *object, short events)
{
	struct notify *notify = object;

	(void)events;
	notify->ready = true;
}

void notify_poll(struct notify *notify, struct pollset *set)
{
	if (notify->fd >= 0 && !notify->ready)
		pollset_add(set, notify->fd, POLLIN, handle, notify);
}

static void send_text(const char *id, const char *text, size_t size, struct control *control)
{
	/* NULL where it is no UTF-8: nothing that a service manager reads. */
	json_t *object = json_pack("{s:s,s:s%}", "container", id, "text", text, size);
	char *payload = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;

	if (payload != NULL)
		control_send(control, MESSAGE_NOTIFY, payload, strlen(payload));
	free(payload);
	json_decref(object);
}

void notify_settle(struct notify *notify, const char *id, struct control *control)
{
	char text[TEXT_MAX];

	while (notify->ready && control->out.size <= QUEUED_MAX) {
		/* MSG_TRUNC: what is longer than it may be is dropped, not cut. */
		ssize_t size = recv(notify->fd, text, sizeof text, MSG_TRUNC);

		if (size < 0)
			notify->ready = false;
		else if (size > 0 && (size_t)size <= sizeof text)
			send_text(id, text, (size_t)size, control);
	}
}
