/* SPDX-License-Identifier: GPL-2.0-only */
/* Writes trace events, one write(2) each. */
#include "base/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	/* Two names and some numbers. */
	EVENT_SIZE_MAX = 512,
	PATH_SIZE_MAX = 4096,
	NS_PER_US = 1000,
};

struct trace {
	int fd;
	pid_t pid;
};

static struct trace trace_state;
struct trace *trace_current;

int64_t trace_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

bool trace_name_is_valid(const char *name)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
		" -_.:/+";
	size_t length = strlen(name);

	return length > 0 && length <= TRACE_NAME_MAX && strspn(name, allowed) == length;
}

/*
 * An event must not come before the bracket, so the file appears with it: written aside, then
 * linked. Another process may be the one to do it.
 */
bool trace_create(const char *path)
{
	char aside[PATH_SIZE_MAX];
	int length = snprintf(aside, sizeof aside, "%s.%d", path, (int)getpid());
	bool done;
	int fd;

	if (access(path, F_OK) == 0)
		return true;
	if (length < 0 || (size_t)length >= sizeof aside) {
		errno = ENAMETOOLONG;
		return false;
	}
	fd = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	done = write(fd, "[\n", 2) == 2 && (link(aside, path) == 0 || errno == EEXIST);

	int result = errno;

	close(fd);
	(void)unlink(aside);
	errno = result;
	return done;
}

bool trace_open(const char *program, const char *detail)
{
	const char *path = getenv(TRACE_ENVIRONMENT);
	int fd;

	if (path == NULL || *path == '\0')
		return true;
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return false;
	trace_state = (struct trace){.fd = fd, .pid = getpid()};
	trace_current = &trace_state;
	trace_write_name(trace_state.pid, program, detail);
	return true;
}

void trace_close(void)
{
	if (trace_current == NULL)
		return;
	close(trace_current->fd);
	trace_current = NULL;
}

/* A trace that cannot be written stops nothing. */
static void write_event(const char *event, int length)
{
	if (length > 0 && length < EVENT_SIZE_MAX)
		(void)!write(trace_current->fd, event, (size_t)length);
}

void trace_write_span(pid_t pid, const char *name, int64_t begin, int64_t end)
{
	char event[EVENT_SIZE_MAX];
	int64_t duration = end - begin;

	if (trace_current == NULL || !trace_name_is_valid(name) || begin < 0 || duration < 0)
		return;
	write_event(event, snprintf(event, sizeof event,
				   "{\"ph\":\"X\",\"name\":\"%s\",\"pid\":%d,\"tid\":%d,"
				   "\"ts\":%lld.%03d,\"dur\":%lld.%03d},\n",
				   name, (int)pid, (int)pid, (long long)(begin / NS_PER_US),
				   (int)(begin % NS_PER_US), (long long)(duration / NS_PER_US),
				   (int)(duration % NS_PER_US)));
}

void trace_write_name(pid_t pid, const char *program, const char *detail)
{
	char event[EVENT_SIZE_MAX];
	bool detailed = detail != NULL && trace_name_is_valid(detail);

	if (trace_current == NULL || !trace_name_is_valid(program))
		return;
	write_event(event, snprintf(event, sizeof event,
				   "{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":%d,"
				   "\"args\":{\"name\":\"%s%s%s\"}},\n",
				   (int)pid, program, detailed ? " " : "", detailed ? detail : ""));
}

void trace_write_end(const char *name, int64_t begin)
{
	trace_write_span(trace_state.pid, name, begin, trace_clock());
}
