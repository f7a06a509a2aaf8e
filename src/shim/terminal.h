/* SPDX-License-Identifier: GPL-2.0-only */
/* The host's end of a process's terminal: raw, since the guest's end does what a terminal does. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <termios.h>

struct terminal {
	int fd;
	bool is_raw;
	struct termios saved;
};

/*
 * Makes the terminal raw, and the controlling one if it is nobody's yet (then a change of its size
 * is announced to us by SIGWINCH, ioctl_tty(2)). Not being a terminal is no error.
 */
void terminal_open(struct terminal *terminal, int fd);
/* Gives it back as it was. */
void terminal_close(struct terminal *terminal);
/* False when it has no size. */
bool terminal_size(const struct terminal *terminal, uint16_t *out_rows, uint16_t *out_columns);
