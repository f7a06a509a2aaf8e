/* SPDX-License-Identifier: GPL-2.0-only */
/* Feeds bytes to one end of a socket whose other end is the proxy's, and lets its loop run. */
#pragma once

#include <glib.h>
#include <sys/socket.h>
#include <unistd.h>

/* All that is ready is served; what the proxy has written is thrown away. */
static inline void pump_loop(int peer)
{
	char answer[4096];

	while (g_main_context_iteration(NULL, FALSE))
		;
	while (recv(peer, answer, sizeof answer, MSG_DONTWAIT) > 0)
		;
}

static inline void pump(int peer, const void *data, gsize size)
{
	const char *at = data;

	while (size > 0) {
		gssize sent = send(peer, at, size, MSG_NOSIGNAL | MSG_DONTWAIT);

		pump_loop(peer);
		/* It reads no more: the guest has broken the protocol. */
		if (sent <= 0)
			break;
		at += sent;
		size -= (gsize)sent;
	}
	pump_loop(peer);
}
