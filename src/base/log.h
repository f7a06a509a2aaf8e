/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The logger: the one global of a program.
 *
 * A record goes to the file of --log (text or JSON, as runc writes them, so that an engine finds
 * the last `"level":"error"` and its `msg`) and to the file of --global-log, which many commands
 * share. A record is one write(2) to a file opened O_APPEND. Without a log file, warnings go to
 * stderr as plain lines; errors never do: main prints the one error itself.
 */
#pragma once

#include <glib.h>

enum log_level {
	LOG_ERROR,
	LOG_WARNING,
	LOG_INFO,
	LOG_DEBUG,
};

enum log_format {
	LOG_FORMAT_TEXT,
	LOG_FORMAT_JSON,
};

struct log_config {
	/* Paths, or NULL. */
	const char *file;
	const char *global_file;
	enum log_format format;
	/* Records of LOG_DEBUG are written as well; without a log file, to stderr. */
	gboolean debug;
	/*
	 * The program's name, which a record of the global log has, and its pid: "NAME[PID]: " in
	 * front of a text, members `program` and `pid` of an object.
	 */
	const char *program;
};

/* Opens the files (made with mode 0600). Call once, before any other thread or record. */
gboolean log_open(const struct log_config *config, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void log_close(void);

void log_write(enum log_level level, const char *format, ...) G_GNUC_PRINTF(2, 3);

#define log_error(...)	 log_write(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_WARNING, __VA_ARGS__)
#define log_info(...)	 log_write(LOG_INFO, __VA_ARGS__)
#define log_debug(...)	 log_write(LOG_DEBUG, __VA_ARGS__)

/* One record as a line, newline included: `time="…" level=… msg="…"`, or an object. Caller frees.
 */
char *log_format_record(
	enum log_format format, enum log_level level, const char *time, const char *message);
