/* SPDX-License-Identifier: GPL-2.0-only */
/* Saves and restores the settings of the caller's terminal. */
#include "commands/terminal.h"

#include <string.h>
#include <unistd.h>

void caller_terminal_save(struct caller_terminal *out_terminal)
{
	memset(out_terminal, 0, sizeof *out_terminal);
	out_terminal->saved = tcgetattr(STDIN_FILENO, &out_terminal->settings) == 0;
}

void caller_terminal_restore(const struct caller_terminal *terminal)
{
	struct termios now;

	memset(&now, 0, sizeof now);
	/* Only what has changed: in the background, setting a terminal means to be stopped. */
	if (terminal->saved && tcgetattr(STDIN_FILENO, &now) == 0 &&
		memcmp(&now, &terminal->settings, sizeof now) != 0)
		(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal->settings);
}
