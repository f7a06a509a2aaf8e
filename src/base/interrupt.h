/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Being told to stop (SIGINT, SIGTERM, SIGHUP) while something is half done.
 *
 * After interrupt_init these signals are blocked but while fd_wait waits, which then fails with
 * "interrupted by signal N"; so an operation is undone by its ordinary error path.
 */
#pragma once

#include <glib.h>
#include <poll.h>

/* Once, at the start of a program. Without it, fd_wait leaves signals alone. */
void interrupt_init(void);

/* poll(2), during which the signals above are let through; -1 with EINTR when one came. */
int interrupt_poll(struct pollfd *entries, nfds_t n, int timeout);

/* The signal that has come, or 0. */
int interrupt_signal(void);
