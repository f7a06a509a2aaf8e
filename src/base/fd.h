/* SPDX-License-Identifier: GPL-2.0-only */
/* File descriptors that close themselves, and whole reads and writes with deadlines. */
#pragma once

#include <glib.h>
#include <glib/gstdio.h>

/* Closes the descriptor, if there is one, and sets it to -1. errno is kept. */
void fd_clear(int *fd);

/* `auto_fd int fd = -1;` is closed at the end of its scope; hand over with g_steal_fd(&fd). */
#define auto_fd __attribute__((cleanup(fd_clear)))

/* Milliseconds of CLOCK_MONOTONIC: what deadlines are made of (deadline_after). */
gint64 deadline_after(gint64 milliseconds);
/* What is left of it for poll(2): 0 when it has passed, at most G_MAXINT. */
int deadline_left(gint64 deadline);

/*
 * Waits until the descriptor has one of the poll(2) events (or an error or hang-up, which the next
 * call on it reports). At the deadline: CC_ERROR_TIMEOUT.
 */
gboolean fd_wait(int fd, short events, gint64 deadline, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* write(2) until all is written. */
gboolean fd_write_all(
	int fd, const void *data, gsize size, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A connected pair of unix stream sockets, close-on-exec. */
gboolean fd_socket_pair(int *out_ours, int *out_theirs, GError **error) G_GNUC_WARN_UNUSED_RESULT;

gboolean fd_set_nonblocking(int fd, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * Unix stream sockets by directory and name. The name is relative to the directory, so that no
 * length of --root or id can exceed the 107 bytes of sun_path (unix(7)). listen makes the socket
 * file; connect has CC_ERROR_NOT_FOUND where there is none or nobody listens.
 */
int fd_listen_at(const char *directory, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
int fd_connect_at(
	const char *directory, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
