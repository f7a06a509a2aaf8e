/* SPDX-License-Identifier: GPL-2.0-only */
/* The error domain of the host side. */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>

G_DEFINE_QUARK(cc - error - quark, cc_error)

void error_set_errno(GError **error, int errno_value, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_autofree char *text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_set_error(error, CC_ERROR, errno_value == ENOENT ? CC_ERROR_NOT_FOUND : CC_ERROR_FAILED,
		"%s: %s", text, g_strerror(errno_value));
}
