/* SPDX-License-Identifier: GPL-2.0-only */
/* From the console's socket into its log. */
#include "proxy/console.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "proxy/watch.h"

enum {
	READ_SIZE = 16 << 10,
	/* What the socket of an ended hypervisor may still hold. */
	DRAIN_MAX = 64,
};

struct console {
	int fd;
	struct watch watch;
	struct logfile *log;
};

static gboolean read_some(struct console *console)
{
	char data[READ_SIZE];
	gssize got = recv(console->fd, data, sizeof data, MSG_DONTWAIT);

	if (got > 0)
		logfile_append(console->log, data, (gsize)got);
	else if (got == 0 || (errno != EAGAIN && errno != EINTR))
		watch_clear(&console->watch);
	return got > 0;
}

static void on_readable(GIOCondition condition, void *data)
{
	(void)condition;
	(void)read_some(data);
}

struct console *console_new(int fd, struct logfile *log)
{
	struct console *console = g_new0(struct console, 1);

	console->fd = fd;
	console->log = log;
	watch_init(&console->watch, fd, G_IO_IN, on_readable, console);
	return console;
}

void console_free(struct console *console)
{
	if (console == NULL)
		return;
	for (int i = 0; i < DRAIN_MAX && read_some(console); i++)
		;
	watch_clear(&console->watch);
	fd_clear(&console->fd);
	logfile_free(console->log);
	g_free(console);
}
