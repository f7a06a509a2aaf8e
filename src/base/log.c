/* SPDX-License-Identifier: GPL-2.0-only */
/* The logger. */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"

static struct {
	int fd;
	int global_fd;
	enum log_format format;
	gboolean debug;
	char *program;
} logger = {.fd = -1, .global_fd = -1};

static const char *const level_names[] = {
	[LOG_ERROR] = "error",
	[LOG_WARNING] = "warning",
	[LOG_INFO] = "info",
	[LOG_DEBUG] = "debug",
};

static gboolean open_log(const char *path, int *out_fd, GError **error)
{
	if (path == NULL)
		return TRUE;
	*out_fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	if (*out_fd < 0) {
		error_set_errno(error, errno, "open log %s", path);
		return FALSE;
	}
	return TRUE;
}

gboolean log_open(const struct log_config *config, GError **error)
{
	logger.format = config->format;
	logger.debug = config->debug;
	logger.program = g_strdup(config->program);
	return open_log(config->file, &logger.fd, error) &&
	       open_log(config->global_file, &logger.global_fd, error);
}

void log_close(void)
{
	fd_clear(&logger.fd);
	fd_clear(&logger.global_fd);
	g_clear_pointer(&logger.program, g_free);
}

/* Go's %q for the text format, what logrus writes and engines parse: UTF-8 stays as it is. */
static char *quote(const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	char beyond_ascii[129] = "";

	for (int i = 0; i < 128; i++)
		beyond_ascii[i] = (char)(128 + i);
	return g_strescape(valid, beyond_ascii);
}

char *log_format_record(
	enum log_format format, enum log_level level, const char *time, const char *message)
{
	if (format == LOG_FORMAT_TEXT) {
		g_autofree char *quoted = quote(message);

		return g_strdup_printf(
			"time=\"%s\" level=%s msg=\"%s\"\n", time, level_names[level], quoted);
	}

	g_autofree char *level_json = json_quote(level_names[level]);
	g_autofree char *message_json = json_quote(message);
	g_autofree char *time_json = json_quote(time);

	return g_strdup_printf(
		"{\"level\":%s,\"msg\":%s,\"time\":%s}\n", level_json, message_json, time_json);
}

/* A log that cannot be written must not stop the work it tells of. */
static void put(int fd, const char *record)
{
	if (fd >= 0 && write(fd, record, strlen(record)) < 0)
		return;
}

static const char *program_name(void)
{
	return logger.program != NULL ? logger.program : "cc-oci-runtime";
}

/* A record of the global log says whose it is. The caller frees. */
static char *mark_record(const char *record)
{
	g_autofree char *program = NULL;
	int inside = (int)strlen(record) - 2;

	if (logger.format == LOG_FORMAT_TEXT)
		return g_strdup_printf("%s[%d]: %s", program_name(), (int)getpid(), record);
	program = json_quote(program_name());
	return g_strdup_printf(
		"%.*s,\"program\":%s,\"pid\":%d}\n", inside, record, program, (int)getpid());
}

void log_write(enum log_level level, const char *format, ...)
{
	va_list arguments;

	if (level == LOG_DEBUG && !logger.debug)
		return;

	va_start(arguments, format);
	g_autofree char *message = g_strdup_vprintf(format, arguments);
	va_end(arguments);

	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	g_autofree char *time = g_date_time_format(now, "%Y-%m-%dT%H:%M:%SZ");
	g_autofree char *record = log_format_record(logger.format, level, time, message);

	if (logger.fd >= 0)
		put(logger.fd, record);
	else if (level == LOG_WARNING || level == LOG_DEBUG)
		fprintf(stderr, "%s: %s: %s\n", program_name(), level_names[level], message);
	if (logger.global_fd >= 0) {
		g_autofree char *line = mark_record(record);

		put(logger.global_fd, line);
	}
}
