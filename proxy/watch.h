/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A descriptor in the main loop, whose conditions change while it is there.
 *
 * GLib reports a hang-up of every descriptor that it polls, asked for or not. So a watch with no
 * condition is not polled at all (a paused channel would spin otherwise), and G_IO_HUP alone means:
 * nothing but the hang-up.
 */
#pragma once

#include <glib.h>

/* May clear its own watch. */
typedef void (*watch_func)(GIOCondition condition, void *data);

struct watch {
	GSource *source;
	gpointer tag;
	GIOCondition condition;
	int fd;
};

/* The descriptor remains the caller's and must outlive the watch. */
void watch_init(
	struct watch *watch, int fd, GIOCondition condition, watch_func function, void *data);
void watch_set(struct watch *watch, GIOCondition condition);
/* Leaves the main loop; a watch that is all zeroes is none. */
void watch_clear(struct watch *watch);

/* A timer of the main loop that is none when 0; clearing sets it to 0. */
void timer_clear(guint *timer);
