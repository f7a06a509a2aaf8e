/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the main loop waits for, told anew each turn.
 *
 * Each part adds the descriptors that it can make use of now: a stream without credit just is not
 * in the set. So there is no second copy of that state to keep in step, and no order in which
 * descriptors must be closed. A turn's descriptors are a handful to some dozens.
 */
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct poll_target {
	void (*handler)(void *object, short events);
	void *object;
};

struct pollset {
	struct pollfd *fds;
	struct poll_target *targets;
	size_t n;
	size_t capacity;
	/* On CLOCK_MONOTONIC in ms; INT64_MAX: none. */
	int64_t deadline;
};

/* CLOCK_MONOTONIC in ms. */
int64_t pollset_now(void);

/* Empties the set and keeps its memory. A zeroed set is an empty one. */
void pollset_reset(struct pollset *set);
void pollset_clear(struct pollset *set);
/* The wait ends at this time at the latest. */
void pollset_until(struct pollset *set, int64_t deadline);
/*
 * The handler is called at most once a turn. An object in the set must live until the turn is over,
 * and its handler bears being called when there is nothing to do.
 */
void pollset_add(struct pollset *set, int fd, short events,
	void (*handler)(void *object, short events), void *object);
/* Waits, then calls the handlers. */
void pollset_turn(struct pollset *set);
