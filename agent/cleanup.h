/* SPDX-License-Identifier: GPL-2.0-only */
/* What a variable owns goes when its scope ends: AUTO_FREE, AUTO_CLOSE, AUTO_JSON. */
#pragma once

#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

#define AUTO_FREE  __attribute__((cleanup(cleanup_free)))
#define AUTO_CLOSE __attribute__((cleanup(cleanup_close)))
#define AUTO_JSON  __attribute__((cleanup(cleanup_json)))

static inline void cleanup_free(void *pointer)
{
	free(*(void **)pointer);
}

static inline void cleanup_close(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void cleanup_json(json_t **json)
{
	json_decref(*json);
}

/* Closes once: the variable says afterwards that there is nothing left. */
static inline void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Hands the descriptor over to the caller. */
static inline int steal_fd(int *fd)
{
	int stolen = *fd;

	*fd = -1;
	return stolen;
}
