/* SPDX-License-Identifier: GPL-2.0-only */
/* The caller's terminal, around a process in the foreground: its shim makes it raw. */
#pragma once

#include <glib.h>
#include <termios.h>

struct caller_terminal {
	gboolean saved;
	struct termios settings;
};

/* Before there is a shim. Without a terminal at stdin there is nothing to save. */
void caller_terminal_save(struct caller_terminal *out_terminal);
/* When the shim is gone. It has done that already, unless it was killed. */
void caller_terminal_restore(const struct caller_terminal *terminal);
