/* SPDX-License-Identifier: GPL-2.0-only */
/* Makes pseudo-terminals for engines. */
#include "shim/console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/timeouts.h"
#include "wire/fdpass.h"

static gboolean open_pair(int *out_master, int *out_terminal, char **out_name, GError **error)
{
	auto_fd int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	char name[64];

	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0 ||
		ptsname_r(master, name, sizeof name) != 0) {
		error_set_errno(error, errno, "open a pseudo-terminal");
		return FALSE;
	}
	*out_terminal = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*out_terminal < 0) {
		error_set_errno(error, errno, "open %s", name);
		return FALSE;
	}
	*out_master = g_steal_fd(&master);
	*out_name = g_strdup(name);
	return TRUE;
}

static gboolean send_master(const char *socket_path, int master, const char *name, GError **error)
{
	g_autofree char *directory = g_path_get_dirname(socket_path);
	g_autofree char *file = g_path_get_basename(socket_path);
	auto_fd int socket = fd_connect_at(directory, file, error);

	if (socket < 0 ||
		!fd_wait(socket, POLLOUT, deadline_after(TIMEOUT_CONSOLE_SOCKET_MS), error))
		return FALSE;
	if (fdpass_send(socket, name, strlen(name), &master, 1) < 0) {
		error_set_errno(error, errno, "send the terminal");
		return FALSE;
	}
	return TRUE;
}

gboolean console_open(
	const char *socket_path, guint16 rows, guint16 columns, int *out_terminal, GError **error)
{
	auto_fd int master = -1;
	auto_fd int terminal = -1;
	g_autofree char *name = NULL;
	struct winsize size = {.ws_row = rows, .ws_col = columns};

	if (!open_pair(&master, &terminal, &name, error))
		return FALSE;
	if (rows > 0 && columns > 0 && ioctl(terminal, TIOCSWINSZ, &size) < 0) {
		error_set_errno(error, errno, "set the size of the terminal");
		return FALSE;
	}
	if (!send_master(socket_path, master, name, error)) {
		g_prefix_error(error, "console socket %s: ", socket_path);
		return FALSE;
	}
	*out_terminal = g_steal_fd(&terminal);
	return TRUE;
}
