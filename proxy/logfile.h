/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A log file that a hostile guest cannot grow: at LOGFILE_MAX it becomes NAME.old and is begun
 * anew.
 *
 * Writing never fails for the caller: a full disk must not stop the VM that it tells of.
 */
#pragma once

#include <glib.h>

#include "base/log.h"

enum {
	LOGFILE_MAX = 1 << 20,
};

struct logfile;

/* Opens directory/name for appending, mode 0600. The caller frees. */
struct logfile *logfile_open(
	const char *directory, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void logfile_free(struct logfile *log);
typedef struct logfile logfile;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(logfile, logfile_free)

/* Raw bytes of another's, at most LOGFILE_MAX of them. NULL: dropped. */
void logfile_append(struct logfile *log, const void *data, gsize size);
/* A record of our own, in the format of base/log. NULL: dropped. */
void logfile_note(struct logfile *log, enum log_level level, const char *format, ...)
	G_GNUC_PRINTF(3, 4);
