/* SPDX-License-Identifier: GPL-2.0-only */
/* Writes pid files. */
#include "container/pid-file.h"

#include <string.h>

#include "base/file.h"

gboolean pid_file_write(const char *path, pid_t pid, GError **error)
{
	g_autofree char *text = g_strdup_printf("%d", (int)pid);

	return path == NULL || file_write_atomic(path, text, strlen(text), 0644, error);
}
