/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The error domain of the host side.
 *
 * A code is there only where a caller acts on it; everything else is FAILED. Each hop prefixes what
 * it was doing (g_prefix_error), so that the text reads from the outside in:
 * `create "c1": read vm.json: kernel.path: missing`.
 */
#pragma once

#include <glib.h>

#define CC_ERROR cc_error_quark()

enum cc_error {
	CC_ERROR_FAILED,
	/* Bad input: a file, an option, a name. */
	CC_ERROR_INVALID,
	/* No such container, process or file. `delete --force` is content with it. */
	CC_ERROR_NOT_FOUND,
	/* The container is not running (any more). */
	CC_ERROR_NOT_RUNNING,
	/* The container or id exists already. */
	CC_ERROR_EXISTS,
	/* A deadline has passed. */
	CC_ERROR_TIMEOUT,
	/* The program is not in the container: exit status 127. */
	CC_ERROR_EXEC_NOT_FOUND,
	/* The program cannot be executed: exit status 126. */
	CC_ERROR_EXEC_DENIED,
};

GQuark cc_error_quark(void);

/* Sets "<text>: <strerror(errno_value)>", with NOT_FOUND for ENOENT and FAILED for the rest. */
void error_set_errno(GError **error, int errno_value, const char *format, ...) G_GNUC_PRINTF(3, 4);
