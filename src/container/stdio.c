/* SPDX-License-Identifier: GPL-2.0-only */
/* Chooses a shim's stdin, stdout and stderr. */
#include "container/stdio.h"

#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "shim/console.h"

static gboolean check(const struct oci_process *process, const char *console_socket,
	gboolean attached, GError **error)
{
	if (console_socket != NULL && !process->terminal) {
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID,
			"--console-socket: process.terminal is not true");
		return FALSE;
	}
	if (console_socket == NULL && process->terminal && !attached) {
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID,
			"process.terminal: cannot allocate tty if detached without setting "
			"--console-socket");
		return FALSE;
	}
	if (console_socket == NULL && process->terminal && !isatty(STDIN_FILENO)) {
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID,
			"process.terminal: stdin is not a terminal");
		return FALSE;
	}
	return TRUE;
}

gboolean stdio_open(const struct oci_process *process, const char *console_socket,
	gboolean attached, struct stdio *out_stdio, GError **error)
{
	struct stdio stdio = STDIO_INIT;

	if (!check(process, console_socket, attached, error))
		return FALSE;
	if (console_socket != NULL && !console_open(console_socket, process->rows, process->columns,
					      &stdio.terminal, error))
		return FALSE;
	for (int i = 0; i < 3; i++)
		stdio.fds[i] = console_socket != NULL ? stdio.terminal : i;
	*out_stdio = stdio;
	return TRUE;
}

void stdio_clear(struct stdio *stdio)
{
	fd_clear(&stdio->terminal);
}
