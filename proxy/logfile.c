/* SPDX-License-Identifier: GPL-2.0-only */
/* The bounded log file. */
#include "proxy/logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"

struct logfile {
	char *path;
	int fd;
	gsize size;
};

static int open_file(const char *path)
{
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
}

struct logfile *logfile_open(const char *directory, const char *name, GError **error)
{
	g_autofree char *path = g_build_filename(directory, name, NULL);
	auto_fd int fd = open_file(path);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0) {
		error_set_errno(error, errno, "open log %s", path);
		return NULL;
	}

	struct logfile *log = g_new0(struct logfile, 1);

	log->path = g_steal_pointer(&path);
	log->fd = g_steal_fd(&fd);
	log->size = (gsize)status.st_size;
	return log;
}

void logfile_free(struct logfile *log)
{
	if (log == NULL)
		return;
	fd_clear(&log->fd);
	g_free(log->path);
	g_free(log);
}

/* Without a new file the old one must not grow on: then nothing is written until it works. */
static void begin_anew(struct logfile *log)
{
	g_autofree char *old = g_strconcat(log->path, ".old", NULL);

	fd_clear(&log->fd);
	if (rename(log->path, old) < 0 && errno != ENOENT)
		return;
	log->fd = open_file(log->path);
	if (log->fd >= 0)
		log->size = 0;
}

void logfile_append(struct logfile *log, const void *data, gsize size)
{
	if (log == NULL || size == 0 || size > LOGFILE_MAX)
		return;
	if (log->size + size > LOGFILE_MAX)
		begin_anew(log);
	if (log->fd >= 0 && fd_write_all(log->fd, data, size, NULL))
		log->size += size;
}

void logfile_note(struct logfile *log, enum log_level level, const char *format, ...)
{
	va_list arguments;

	if (log == NULL)
		return;
	va_start(arguments, format);
	g_autofree char *message = g_strdup_vprintf(format, arguments);
	va_end(arguments);

	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	g_autofree char *time = g_date_time_format(now, "%Y-%m-%dT%H:%M:%SZ");
	g_autofree char *record = log_format_record(LOG_FORMAT_TEXT, level, time, message);

	logfile_append(log, record, strlen(record));
}
