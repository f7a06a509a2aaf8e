/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Starts the child that becomes a container's process: its init, or a further process in it.
 *
 * The child is a fork of the agent in new namespaces. Over a socket (SOCK_SEQPACKET) it sends one
 * report at the most of each kind, and reads one byte before it executes the program when it was
 * told to wait. The socket is close-on-exec: its end of file means that the program runs.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "agent/error.h"
#include "agent/spec.h"

struct launch {
	/* The process to become. */
	const struct process_spec *process;
	/* Its surroundings. */
	const struct container_spec *container;
	/* For an init: its root in the guest. */
	const char *root;
	/* For a further process: whose namespaces it joins. 0: it is an init. */
	pid_t init_pid;
	/* The cgroup's directory. */
	const char *cgroup;
	/* The child's standard descriptors; -1 each with a terminal. They stay the caller's. */
	int stdio[3];
	/* Prepare everything, and execute the program only after launch_release(). */
	bool wait;
};

enum report_kind {
	/* All but the last exec is done. Carries master and slave where there is a terminal. */
	REPORT_PREPARED,
	/* It has been released, and the hooks before the exec are done; only where there are any.
	 */
	REPORT_STARTED,
	/* The error says why the child ends. */
	REPORT_FAILED,
};

struct report {
	enum report_kind kind;
	struct agent_error error;
};

enum receive_result {
	RECEIVE_REPORT,
	/* Nothing yet. */
	RECEIVE_NOTHING,
	/* The child's end is closed: its program runs, or it is gone. */
	RECEIVE_END,
};

/* The pid and the socket (non-blocking) are the caller's. */
bool launch_start(
	const struct launch *launch, pid_t *out_pid, int *out_socket, struct agent_error *error);
/* out_terminal: master and slave, -1 each when the report carries none. */
enum receive_result launch_receive(int socket, struct report *out_report, int out_terminal[2]);
/* Lets a child that waits execute its program. */
bool launch_release(int socket, struct agent_error *error);

/* Run by the child: never returns. Its own file, since it is all on the other side of a fork. */
_Noreturn void child_main(const struct launch *launch, int socket);
