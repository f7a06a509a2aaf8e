/* SPDX-License-Identifier: GPL-2.0-only */
/* Opens, takes and resizes terminals. */
#include "agent/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#include "agent/cleanup.h"
#include "agent/file.h"

#define CONSOLE "/dev/console"

bool terminal_open(int *out_master, int *out_slave, struct agent_error *error)
{
	AUTO_CLOSE int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	int unlocked = 0;
	int slave;

	if (master < 0)
		return agent_error_errno(error, errno, "open /dev/ptmx");
	if (ioctl(master, TIOCSPTLCK, &unlocked) < 0)
		return agent_error_errno(error, errno, "unlock the terminal");
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return agent_error_errno(error, errno, "open the terminal");
	*out_master = steal_fd(&master);
	*out_slave = slave;
	return true;
}

bool terminal_make_console(int master, struct agent_error *error)
{
	char slave[sizeof "/dev/pts/4294967295"];
	unsigned number;
	int result = path_make_file(CONSOLE, 0600);

	if (result != 0)
		return agent_error_errno(error, result, "make " CONSOLE);
	if (ioctl(master, TIOCGPTN, &number) < 0)
		return agent_error_errno(error, errno, "ask for the terminal's number");
	snprintf(slave, sizeof slave, "/dev/pts/%u", number);
	if (mount(slave, CONSOLE, NULL, MS_BIND, NULL) < 0)
		return agent_error_errno(error, errno, "bind %s on " CONSOLE, slave);
	return true;
}

bool terminal_take(int slave, struct agent_error *error)
{
	if (ioctl(slave, TIOCSCTTY, 0) < 0)
		return agent_error_errno(error, errno, "take the terminal");
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (dup2(slave, fd) < 0)
			return agent_error_errno(error, errno, "use the terminal");
	return true;
}

bool terminal_resize(
	int master, unsigned short rows, unsigned short columns, struct agent_error *error)
{
	struct winsize size = {.ws_row = rows, .ws_col = columns};

	if (rows == 0 && columns == 0)
		return true;
	if (ioctl(master, TIOCSWINSZ, &size) < 0)
		return agent_error_errno(error, errno, "set the terminal's size");
	return true;
}
