/* SPDX-License-Identifier: GPL-2.0-only */
/* Raw mode and size of the shim's terminal. */
#include "shim/terminal.h"

#include <sys/ioctl.h>

void terminal_open(struct terminal *terminal, int fd)
{
	*terminal = (struct terminal){.fd = fd};
	if (tcgetattr(fd, &terminal->saved) < 0)
		return;
	/* Refused when it is another session's: then that session's leader sends us SIGWINCH. */
	(void)ioctl(fd, TIOCSCTTY, 0);

	struct termios raw = terminal->saved;

	cfmakeraw(&raw);
	terminal->is_raw = tcsetattr(fd, TCSANOW, &raw) == 0;
}

void terminal_close(struct terminal *terminal)
{
	if (terminal->is_raw)
		(void)tcsetattr(terminal->fd, TCSADRAIN, &terminal->saved);
	terminal->is_raw = false;
}

bool terminal_size(const struct terminal *terminal, uint16_t *out_rows, uint16_t *out_columns)
{
	struct winsize size;

	if (ioctl(terminal->fd, TIOCGWINSZ, &size) < 0 || size.ws_row == 0 || size.ws_col == 0)
		return false;
	*out_rows = size.ws_row;
	*out_columns = size.ws_col;
	return true;
}
