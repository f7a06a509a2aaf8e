/* SPDX-License-Identifier: GPL-2.0-only */
/* Which descriptors a shim gets as its stdin, stdout and stderr. */
#pragma once

#include <glib.h>

#include "oci/process.h"

struct stdio {
	/* What becomes 0, 1 and 2 of the shim. */
	int fds[3];
	/* Our copy of the pseudo-terminal's end, -1: none. */
	int terminal;
};

#define STDIO_INIT                                                                                 \
	{                                                                                          \
		.terminal = -1                                                                     \
	}

/*
 * With a console socket, a new pseudo-terminal whose master is sent there; else the caller's own
 * descriptors. A terminal that is neither (detached, no socket), and a socket without a terminal,
 * are errors, as with runc.
 */
gboolean stdio_open(const struct oci_process *process, const char *console_socket,
	gboolean attached, struct stdio *out_stdio, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void stdio_clear(struct stdio *stdio);
