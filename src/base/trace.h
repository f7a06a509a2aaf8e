/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The timeline: what each program did from when to when, in one file for all of them.
 *
 * The environment variable CC_TRACE names the file; it goes from the runtime, whose --trace sets
 * it, to the proxies and shims that it starts. The file is a JSON array of Chrome's trace events
 * (one a line, its closing bracket left out, as the format allows), on CLOCK_MONOTONIC. An event is
 * one write(2) to a file opened O_APPEND, so any number of processes can write it at once.
 *
 * Like the logger it is global to its program. Off, it costs a look at one pointer. Without GLib:
 * the shim has it too.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define TRACE_ENVIRONMENT "CC_TRACE"

/* Names of events and programs: this long, and of letters, digits and " -_.:/" only. */
#define TRACE_NAME_MAX 63

struct trace;
extern struct trace *trace_current;

/* Makes the file, with the array's opening bracket, unless it is there. False: see errno. */
bool trace_create(const char *path);
/*
 * Begins to trace when CC_TRACE is set and its file is there; from then on this process is shown as
 * `program detail` (detail may be NULL). False when it is set and cannot be opened: see errno.
 */
bool trace_open(const char *program, const char *detail);
void trace_close(void);

static inline bool trace_is_on(void)
{
	return trace_current != NULL;
}

/* CLOCK_MONOTONIC in ns. */
int64_t trace_clock(void);

/* When a span begins, for trace_end; 0 when off. */
static inline int64_t trace_begin(void)
{
	return trace_is_on() ? trace_clock() : 0;
}

void trace_write_span(pid_t pid, const char *name, int64_t begin, int64_t end);
/* Shows another process (a guest) by this name. */
void trace_write_name(pid_t pid, const char *program, const char *detail);
/* Whether it can be the name of an event: what comes from a guest must be asked. */
bool trace_name_is_valid(const char *name);

/* Writes the span of this process that began then and ends now. */
void trace_write_end(const char *name, int64_t begin);

static inline void trace_end(const char *name, int64_t begin)
{
	if (begin != 0)
		trace_write_end(name, begin);
}
