/* SPDX-License-Identifier: GPL-2.0-only */
/* Waits with poll(2) and calls handlers. */
#include "agent/pollset.h"

#include <limits.h>
#include <stdlib.h>
#include <time.h>

/* How long a turn waits when a descriptor could not be added for want of memory. */
#define RETRY_MS 100

int64_t pollset_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void pollset_reset(struct pollset *set)
{
	set->n = 0;
	set->deadline = INT64_MAX;
}

void pollset_clear(struct pollset *set)
{
	free(set->fds);
	free(set->targets);
	*set = (struct pollset){0};
}

void pollset_until(struct pollset *set, int64_t deadline)
{
	if (deadline < set->deadline)
		set->deadline = deadline;
}

static bool grow(struct pollset *set)
{
	size_t capacity = set->capacity > 0 ? set->capacity * 2 : 16;
	struct pollfd *fds = realloc(set->fds, capacity * sizeof *fds);

	if (fds == NULL)
		return false;
	set->fds = fds;

	struct poll_target *targets = realloc(set->targets, capacity * sizeof *targets);

	if (targets == NULL)
		return false;
	set->targets = targets;
	set->capacity = capacity;
	return true;
}

void pollset_add(struct pollset *set, int fd, short events,
	void (*handler)(void *object, short events), void *object)
{
	if (set->n == set->capacity && !grow(set)) {
		pollset_until(set, pollset_now() + RETRY_MS);
		return;
	}
	set->fds[set->n] = (struct pollfd){.fd = fd, .events = events};
	set->targets[set->n] = (struct poll_target){.handler = handler, .object = object};
	set->n++;
}

static int timeout(const struct pollset *set)
{
	if (set->deadline == INT64_MAX)
		return -1;

	int64_t left = set->deadline - pollset_now();

	if (left < 0)
		return 0;
	return left < INT_MAX ? (int)left : INT_MAX;
}

void pollset_turn(struct pollset *set)
{
	if (poll(set->fds, set->n, timeout(set)) <= 0)
		return;
	for (size_t i = 0; i < set->n; i++)
		if (set->fds[i].revents != 0)
			set->targets[i].handler(set->targets[i].object, set->fds[i].revents);
}
