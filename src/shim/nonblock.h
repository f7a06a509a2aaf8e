/* SPDX-License-Identifier: GPL-2.0-only */
/* Descriptors that we were given, without blocking on them. */
#pragma once

#include <stdbool.h>

enum nonblock_kind {
	/* A regular file, which never blocks for long; or nothing could be done. */
	NONBLOCK_NOT,
	/* Ours alone now, and non-blocking. */
	NONBLOCK_REOPENED,
	/* A socket: each call can be told not to block. */
	NONBLOCK_SOCKET,
	/* A pipe or a device that cannot be opened anew: it may block. */
	NONBLOCK_SHARED,
	/* Not open. */
	NONBLOCK_CLOSED,
};

/*
 * A descriptor shared with others (a shell's terminal, a pipe with several readers or writers) must
 * not be made non-blocking under their hands. Opening it anew gives a file description of our own,
 * which takes the descriptor's place. mode: O_RDONLY or O_WRONLY.
 */
enum nonblock_kind nonblock_take(int fd, int mode);
