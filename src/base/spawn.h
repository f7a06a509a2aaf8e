/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Starts a program with exactly the descriptors it is meant to have.
 *
 * Everything the child needs is computed before fork; between fork and exec only async-signal-safe
 * calls are made, and a failure there comes back to the caller as its errno and the step's name.
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

struct spawn {
	/* Path of the program, and its argv (argv[0] is shown, not executed). */
	const char *path;
	const char *const *argv;
	/* NULL: the caller's environment. */
	const char *const *environment;
	/* fds[i] becomes descriptor i in the child, -1: /dev/null (i < 3) or closed. No others
	 * stay. */
	const int *fds;
	gsize n_fds;
	/* Descriptors (int) of files that move whoever writes "0" there: cgroup.procs. NULL: none.
	 * The child is in its cgroups before it executes anything. */
	const GArray *cgroups;
	/* A network namespace to join (setns(2)) before exec, -1: the caller's. */
	int network_namespace;
	/* A network namespace of its own (unshare(2)). */
	gboolean new_network_namespace;
	/* Its own session, away from the caller's terminal. */
	gboolean new_session;
	/* Killed by SIGKILL when the caller's thread dies. */
	gboolean die_with_parent;
	/* Starts with all signals blocked: none is lost before the program is ready for them. */
	gboolean block_signals;
	/* The working directory, or NULL. */
	const char *directory;
};

/* Defaults: everything inherited, no descriptor but /dev/null at 0, 1, 2. */
#define SPAWN_INIT                                                                                 \
	{                                                                                          \
		.network_namespace = -1                                                            \
	}

/* Returns the child's pid, a child of the caller to be reaped; -1 on error, with no child left. */
pid_t spawn_process(const struct spawn *spawn, GError **error) G_GNUC_WARN_UNUSED_RESULT;
