/* SPDX-License-Identifier: GPL-2.0-only */
/* The pseudo-terminal between an engine (--console-socket) and the shim. */
#pragma once

#include <glib.h>

/*
 * Opens a pseudo-terminal (pty(7)) of the given size (0: leave it) and sends its master to the unix
 * socket that the engine listens on, as runc does. *out_terminal is the other end, for the shim.
 */
gboolean console_open(const char *socket_path, guint16 rows, guint16 columns, int *out_terminal,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;
