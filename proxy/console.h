/* SPDX-License-Identifier: GPL-2.0-only */
/* The guest's console, written down in console.log. */
#pragma once

#include "proxy/logfile.h"

struct console;

/* Takes over the descriptor and the log. The caller frees. */
struct console *console_new(int fd, struct logfile *log);
/* Reads what is still there first. */
void console_free(struct console *console);
