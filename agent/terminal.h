/* SPDX-License-Identifier: GPL-2.0-only */
/* A process's terminal: a pair of the container's own devpts. */
#pragma once

#include <stdbool.h>

#include "agent/error.h"

/* In the container's mount namespace. The slave is opened by the master, not by a path. */
bool terminal_open(int *out_master, int *out_slave, struct agent_error *error);
/* Binds the slave on /dev/console. */
bool terminal_make_console(int master, struct agent_error *error);
/* Makes the slave the caller's controlling terminal and its standard descriptors. */
bool terminal_take(int slave, struct agent_error *error);
/* A size of 0 by 0 means: unknown, leave it. */
bool terminal_resize(
	int master, unsigned short rows, unsigned short columns, struct agent_error *error);
