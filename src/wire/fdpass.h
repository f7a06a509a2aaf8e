/* SPDX-License-Identifier: GPL-2.0-only */
/* Bytes and file descriptors over a unix socket (SCM_RIGHTS, unix(7)). */
#pragma once

#include <stddef.h>
#include <sys/types.h>

enum {
	/* What one message may carry; more is EMSGSIZE at the sender and closed at the receiver. */
	FDPASS_MAX = 8,
};

/*
 * sendmsg(2) with the descriptors, MSG_NOSIGNAL, EINTR retried. Returns the bytes sent, maybe fewer
 * than asked, or -1 with errno; the descriptors go with the first byte and remain the caller's.
 */
ssize_t fdpass_send(int socket, const void *data, size_t size, const int *fds, size_t n_fds);

/*
 * recvmsg(2). Received descriptors are close-on-exec and the caller's; *out_n_fds says how many
 * came. A message whose descriptors were cut off by the kernel is -1 with errno EMSGSIZE.
 */
ssize_t fdpass_receive(
	int socket, void *data, size_t size, int out_fds[FDPASS_MAX], size_t *out_n_fds);
