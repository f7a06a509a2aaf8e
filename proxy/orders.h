/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a shim wants done to its process: signals and terminal sizes, as requests to the agent.
 *
 * Bounded by construction: of sizes only the latest waits, of each signal only one, as in the
 * kernel; one request of a process is under way at a time. A refusal is logged, nothing else.
 */
#pragma once

#include <glib.h>

#include "proxy/agent.h"

struct orders;

struct orders_config {
	struct agent *agent;
	struct logfile *log;
	const char *container;
	const char *process;
	/* The container's first process: what KILLCONTAINER reaches, in agents without process ids.
	 */
	gboolean init;
	guint64 stdio_seq;
};

struct orders *orders_new(const struct orders_config *config);
/* What waits is still sent; it frees itself. */
void orders_close(struct orders *orders);

/* number: 1 to 64. */
void orders_signal(struct orders *orders, guint number);
void orders_winsize(struct orders *orders, guint16 rows, guint16 columns);
