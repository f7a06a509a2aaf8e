/* SPDX-License-Identifier: GPL-2.0-only */
/* File descriptors: waits, whole writes, unix sockets with long paths. */
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "base/interrupt.h"

void fd_clear(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

gint64 deadline_after(gint64 milliseconds)
{
	return g_get_monotonic_time() / 1000 + milliseconds;
}

int deadline_left(gint64 deadline)
{
	return (int)CLAMP(deadline - g_get_monotonic_time() / 1000, 0, G_MAXINT);
}

gboolean fd_wait(int fd, short events, gint64 deadline, GError **error)
{
	struct pollfd entry = {.fd = fd, .events = events};

	for (;;) {
		int ready = interrupt_poll(&entry, 1, deadline_left(deadline));

		if (ready > 0)
			return TRUE;
		if (ready == 0) {
			g_set_error(error, CC_ERROR, CC_ERROR_TIMEOUT, "timed out");
			return FALSE;
		}
		if (errno != EINTR) {
			error_set_errno(error, errno, "poll");
			return FALSE;
		}
		if (interrupt_signal() != 0) {
			g_set_error(error, CC_ERROR, CC_ERROR_FAILED, "interrupted by signal %d",
				interrupt_signal());
			return FALSE;
		}
	}
}

gboolean fd_write_all(int fd, const void *data, gsize size, GError **error)
{
	const char *from = data;

	while (size > 0) {
		gssize put = write(fd, from, size);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0) {
			error_set_errno(error, errno, "write");
			return FALSE;
		}
		from += put;
		size -= (gsize)put;
	}
	return TRUE;
}

gboolean fd_socket_pair(int *out_ours, int *out_theirs, GError **error)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		error_set_errno(error, errno, "socketpair");
		return FALSE;
	}
	*out_ours = pair[0];
	*out_theirs = pair[1];
	return TRUE;
}

gboolean fd_set_nonblocking(int fd, GError **error)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
		error_set_errno(error, errno, "set O_NONBLOCK");
		return FALSE;
	}
	return TRUE;
}

/*
 * The address of directory/name through a descriptor of the directory, which is short whatever the
 * directory's path is. The caller keeps *out_directory open as long as it uses the address.
 */
static gboolean address_at(const char *directory, const char *name, int *out_directory,
	struct sockaddr_un *out_address, GError **error)
{
	auto_fd int fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0) {
		error_set_errno(error, errno, "open %s", directory);
		return FALSE;
	}
	*out_address = (struct sockaddr_un){.sun_family = AF_UNIX};

	int length = g_snprintf(out_address->sun_path, sizeof out_address->sun_path,
		"/proc/self/fd/%d/%s", fd, name);

	if (length >= (int)sizeof out_address->sun_path) {
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "%s: socket name too long", name);
		return FALSE;
	}
	*out_directory = g_steal_fd(&fd);
	return TRUE;
}

int fd_listen_at(const char *directory, const char *name, GError **error)
{
	auto_fd int directory_fd = -1;
	struct sockaddr_un address;

	if (!address_at(directory, name, &directory_fd, &address, error))
		return -1;

	auto_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
		listen(fd, SOMAXCONN) < 0) {
		error_set_errno(error, errno, "listen on %s/%s", directory, name);
		return -1;
	}
	return g_steal_fd(&fd);
}

int fd_connect_at(const char *directory, const char *name, GError **error)
{
	auto_fd int directory_fd = -1;
	struct sockaddr_un address;

	if (!address_at(directory, name, &directory_fd, &address, error))
		return -1;

	auto_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
		int saved = errno == ECONNREFUSED ? ENOENT : errno;

		error_set_errno(error, saved, "connect to %s/%s", directory, name);
		return -1;
	}
	return g_steal_fd(&fd);
}
