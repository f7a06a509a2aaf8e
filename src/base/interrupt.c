/* SPDX-License-Identifier: GPL-2.0-only */
/* Turns a request to stop into an error of the wait that it met. */
#include "base/interrupt.h"

#include <signal.h>
#include <time.h>

static const int stop_signals[] = {SIGINT, SIGTERM, SIGHUP};

/* Signals are the process's, so this is too. */
static volatile sig_atomic_t received;
static gboolean initialised;
static sigset_t mask_while_waiting;

static void remember(int number)
{
	received = number;
}

void interrupt_init(void)
{
	struct sigaction action = {.sa_handler = remember};
	sigset_t set;

	sigemptyset(&set);
	for (gsize i = 0; i < G_N_ELEMENTS(stop_signals); i++) {
		sigaddset(&set, stop_signals[i]);
		sigaction(stop_signals[i], &action, NULL);
	}
	sigprocmask(SIG_BLOCK, &set, &mask_while_waiting);
	for (gsize i = 0; i < G_N_ELEMENTS(stop_signals); i++)
		sigdelset(&mask_while_waiting, stop_signals[i]);
	initialised = TRUE;
}

int interrupt_poll(struct pollfd *entries, nfds_t n, int timeout)
{
	struct timespec limit = {
		.tv_sec = timeout / 1000,
		.tv_nsec = (long)(timeout % 1000) * 1000 * 1000,
	};

	return ppoll(
		entries, n, timeout < 0 ? NULL : &limit, initialised ? &mask_while_waiting : NULL);
}

int interrupt_signal(void)
{
	return received;
}
