/* SPDX-License-Identifier: GPL-2.0-only */
/* Passes file descriptors over unix sockets. */
#include "wire/fdpass.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union fd_control {
	struct cmsghdr align;
	char space[CMSG_SPACE(FDPASS_MAX * sizeof(int))];
};

ssize_t fdpass_send(int socket, const void *data, size_t size, const int *fds, size_t n_fds)
{
	struct iovec iov = {.iov_base = (void *)data, .iov_len = size};
	struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};
	union fd_control control = {.space = {0}};
	ssize_t sent;

	if (n_fds > FDPASS_MAX) {
		errno = EMSGSIZE;
		return -1;
	}
	if (n_fds > 0) {
		message.msg_control = control.space;
		message.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));

		struct cmsghdr *header = CMSG_FIRSTHDR(&message);

		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
		memcpy(CMSG_DATA(header), fds, n_fds * sizeof(int));
	}
	do
		sent = sendmsg(socket, &message, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent;
}

/* Collects the descriptors of a received message. */
static size_t take_fds(struct msghdr *message, int out_fds[FDPASS_MAX])
{
	size_t n = 0;

	for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header != NULL;
		header = CMSG_NXTHDR(message, header)) {
		if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < (header->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof fd);
			if (n < FDPASS_MAX)
				out_fds[n++] = fd;
			else
				close(fd);
		}
	}
	return n;
}

ssize_t fdpass_receive(
	int socket, void *data, size_t size, int out_fds[FDPASS_MAX], size_t *out_n_fds)
{
	struct iovec iov = {.iov_base = data, .iov_len = size};
	union fd_control control;
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = sizeof control.space,
	};
	ssize_t got;

	*out_n_fds = 0;
	do
		got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -1;

	size_t n = take_fds(&message, out_fds);

	if (message.msg_flags & MSG_CTRUNC) {
		while (n > 0)
			close(out_fds[--n]);
		errno = EMSGSIZE;
		return -1;
	}
	*out_n_fds = n;
	return got;
}
