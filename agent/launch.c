/* SPDX-License-Identifier: GPL-2.0-only */
/* The agent's side of a child: clone it, hear its reports, release it. */
#include "agent/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "agent/cleanup.h"
#include "wire/fdpass.h"

/* The others are the child's to make (namespaces.h, userns.h). */
#define CLONE_FLAGS (CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC)

/* Lets the next child be born into a pid namespace; the caller itself stays in its own. */
static bool enter_pid_namespace(const char *path, struct agent_error *error)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || setns(fd, CLONE_NEWPID) < 0)
		return agent_error_errno(error, errno, "enter %s", path);
	return true;
}

/* Whose pid namespace the child is to be in; 0: a new one, or our own. */
static pid_t pid_namespace_owner(const struct launch *launch)
{
	if (launch->init_pid != 0)
		return launch->init_pid;
	for (size_t i = 0; i < launch->container->n_joins; i++)
		if (launch->container->joins[i].flag == CLONE_NEWPID)
			return launch->container->joins[i].pid;
	return 0;
}

static pid_t clone_child(const struct launch *launch)
{
	unsigned long flags = SIGCHLD;

	if (launch->init_pid == 0)
		flags |= (unsigned long)(launch->container->namespaces & CLONE_FLAGS);
	/* Like fork(2): the child goes on here, with a copy of all memory. */
	return (pid_t)syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
}

static bool clone_into(
	const struct launch *launch, int sockets[2], pid_t *out_pid, struct agent_error *error)
{
	char path[64];
	pid_t owner = pid_namespace_owner(launch);
	pid_t pid;
	int reason;

	snprintf(path, sizeof path, "/proc/%d/ns/pid", owner);
	if (owner != 0 && !enter_pid_namespace(path, error))
		return false;
	pid = clone_child(launch);
	reason = errno;
	if (pid == 0) {
		close(sockets[0]);
		child_main(launch, sockets[1]);
	}
	if (owner != 0) {
		struct agent_error ignored;

		/* It cannot fail: one's own namespace is always open to one. */
		enter_pid_namespace("/proc/self/ns/pid", &ignored);
	}
	if (pid < 0)
		return agent_error_errno(error, reason, "clone");
	*out_pid = pid;
	return true;
}

bool launch_start(
	const struct launch *launch, pid_t *out_pid, int *out_socket, struct agent_error *error)
{
	int sockets[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
		return agent_error_errno(error, errno, "make a socket for the child");

	bool started = clone_into(launch, sockets, out_pid, error);

	close(sockets[1]);
	if (!started) {
		close(sockets[0]);
		return false;
	}
	/* The child's end stays blocking: it waits there for its release. */
	fcntl(sockets[0], F_SETFL, O_NONBLOCK);
	*out_socket = sockets[0];
	return true;
}

enum receive_result launch_receive(int socket, struct report *out_report, int out_terminal[2])
{
	int fds[FDPASS_MAX];
	size_t n_fds = 0;
	ssize_t got = fdpass_receive(socket, out_report, sizeof *out_report, fds, &n_fds);

	if (got < 0 && errno == EAGAIN)
		return RECEIVE_NOTHING;
	if (got == (ssize_t)sizeof *out_report && (n_fds == 0 || n_fds == 2)) {
		out_terminal[0] = n_fds == 2 ? fds[0] : -1;
		out_terminal[1] = n_fds == 2 ? fds[1] : -1;
		return RECEIVE_REPORT;
	}
	while (n_fds > 0)
		close(fds[--n_fds]);
	return RECEIVE_END;
}

bool launch_release(int socket, struct agent_error *error)
{
	if (send(socket, "", 1, MSG_NOSIGNAL) != 1)
		return agent_error_errno(error, errno, "release the process");
	return true;
}
