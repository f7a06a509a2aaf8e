/* SPDX-License-Identifier: GPL-2.0-only */
/* Finds, opens and watches virtio-serial ports. */
#include "agent/port.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "agent/cleanup.h"
#include "agent/file.h"

#define PORTS_DIRECTORY "/sys/class/virtio-ports"

int uevent_open(struct agent_error *error)
{
	struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = 1};
	int fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0) {
		agent_error_errno(error, errno, "listen for uevents");
		close_fd(&fd);
	}
	return fd;
}

/* Waits for an event, whichever, and takes all that are there. */
static bool uevent_wait(int uevents, int64_t deadline)
{
	struct pollfd event = {.fd = uevents, .events = POLLIN};
	int64_t left = deadline - pollset_now();
	char ignored[4096];

	if (left <= 0 || poll(&event, 1, (int)left) <= 0)
		return false;
	/* ENOBUFS says that events were lost, which is news too. */
	while (recv(uevents, ignored, sizeof ignored, 0) > 0 || errno == ENOBUFS)
		;
	return true;
}

/* Whether the port (a name like vport1p1) carries this name. */
static bool port_is_called(const char *device, const char *name)
{
	char path[sizeof PORTS_DIRECTORY + 256 + sizeof "//name"];
	char found[64];
	struct agent_error ignored;

	snprintf(path, sizeof path, PORTS_DIRECTORY "/%s/name", device);
	if (!file_read(path, found, sizeof found, &ignored))
		return false;
	found[strcspn(found, "\n")] = '\0';
	return strcmp(found, name) == 0;
}

/* Opens the port if it is there; -1 with errno ENOENT when it is not. */
static int open_by_name(const char *name)
{
	DIR *directory = opendir(PORTS_DIRECTORY);
	int fd = -1;
	int result = ENOENT;

	if (directory == NULL)
		return -1;
	for (const struct dirent *entry; fd < 0 && (entry = readdir(directory)) != NULL;) {
		char path[sizeof "/dev/" + sizeof entry->d_name];

		if (entry->d_name[0] == '.' || !port_is_called(entry->d_name, name))
			continue;
		snprintf(path, sizeof path, "/dev/%s", entry->d_name);
		fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
		result = errno;
	}
	closedir(directory);
	errno = result;
	return fd;
}

/* The edge-triggered instance that tells of a host that comes or goes. */
static int open_wake(int fd)
{
	struct epoll_event interest = {.events = EPOLLIN | EPOLLOUT | EPOLLET};
	int wake = epoll_create1(EPOLL_CLOEXEC);

	if (wake >= 0 && epoll_ctl(wake, EPOLL_CTL_ADD, fd, &interest) < 0)
		close_fd(&wake);
	return wake;
}

bool port_open(struct port *out_port, int uevents, const char *name, int64_t deadline,
	struct agent_error *error)
{
	int fd;

	while ((fd = open_by_name(name)) < 0) {
		if (errno != ENOENT)
			return agent_error_errno(error, errno, "open the port %s", name);
		if (!uevent_wait(uevents, deadline))
			return agent_error_set(
				error, AGENT_CODE_FAILED, "the port %s did not appear", name);
	}

	int wake = open_wake(fd);

	if (wake < 0) {
		agent_error_errno(error, errno, "watch the port %s", name);
		close(fd);
		return false;
	}
	*out_port = (struct port){.fd = fd, .wake = wake};
	return true;
}

void port_close(struct port *port)
{
	close_fd(&port->wake);
	close_fd(&port->fd);
}

void port_poll(struct port *port, struct pollset *set, short events,
	void (*handler)(void *object, short events), void *object)
{
	if (!port->away)
		pollset_add(set, port->fd, events, handler, object);
	else if (port->wake >= 0)
		pollset_add(set, port->wake, POLLIN, handler, object);
}

bool port_ready(struct port *port, short events)
{
	struct epoll_event ignored;

	if (port->away) {
		epoll_wait(port->wake, &ignored, 1, 0);
		port->away = false;
		return false;
	}
	/* What had been sent before the host went is still read. */
	if ((events & (POLLHUP | POLLIN)) == POLLHUP)
		port->away = true;
	return !port->away;
}
