/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs a program to its end: a text on its stdin, a deadline, and its last words if it fails. */
#pragma once

#include <glib.h>

struct run {
	/* Absolute; argv[0] is shown, not executed. */
	const char *path;
	const char *const *argv;
	/* The whole of it: {NULL} is an empty one. */
	const char *const *environment;
	/* What it reads from stdin, before the end of file. */
	const char *input;
	/* Milliseconds. */
	gint64 timeout;
	/* Gets what it writes to stdout, up to 64 KiB of it; NULL: that goes nowhere. */
	GString *output;
};

/*
 * TRUE when it has exited with status 0. The end of what it has written to
 * stderr is in the error: "exit status 3: no such bridge". At the deadline, and when this process
 * is told to stop, it is killed with its process group (it leads a session of its own); the former
 * is CC_ERROR_TIMEOUT. What it has left in the background lives on, once it has ended well or
 * badly.
 */
gboolean run_program(const struct run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
