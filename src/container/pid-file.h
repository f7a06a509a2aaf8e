/* SPDX-License-Identifier: GPL-2.0-only */
/* --pid-file: for an engine, it says that the process is there. */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* Writes the number, without a newline as runc does, atomically. path NULL: nothing to do. */
gboolean pid_file_write(const char *path, pid_t pid, GError **error) G_GNUC_WARN_UNUSED_RESULT;
