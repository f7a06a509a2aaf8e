/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The child's side: everything between the fork of the agent and the program of the container.
 *
 * The agent has one thread, so the child may call what it likes. It holds none of the agent's
 * descriptors: the first thing it does is to close all but its own four.
 */
#include "agent/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "agent/boot.h"
#include "agent/cleanup.h"
#include "agent/file.h"
#include "agent/identity.h"
#include "agent/lookup.h"
#include "agent/protect.h"
#include "agent/rootfs.h"
#include "agent/terminal.h"
#include "wire/fdpass.h"

/* Where the socket lies in the child. */
#define SOCKET_FD 3

struct child {
	const struct launch *launch;
	/* The environment with HOME. */
	char **env;
	char *program;
	/* -1 without a terminal. */
	int master;
	int slave;
};

/* Namespaces of an init that a further process joins; the mount namespace last, it hides /proc. */
static const struct {
	const char *name;
	int flag;
} joined_namespaces[] = {
	{"cgroup", CLONE_NEWCGROUP},
	{"ipc", CLONE_NEWIPC},
	{"uts", CLONE_NEWUTS},
	{"mnt", CLONE_NEWNS},
};

static void close_from(unsigned first)
{
	if (syscall(SYS_close_range, first, ~0u, 0) == 0)
		return;
	/* Before Linux 5.9. All are close-on-exec anyway. */
	for (int fd = (int)first; fd < 1024; fd++)
		close(fd);
}

/* Standard descriptors at 0 to 2, the socket at 3, nothing else; no signal blocked. */
static bool arrange(const struct launch *launch, int *socket, struct agent_error *error)
{
	sigset_t none;

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (launch->stdio[fd] >= 0 && dup2(launch->stdio[fd], fd) < 0)
			return agent_error_errno(error, errno, "place the standard descriptors");
	if (*socket != SOCKET_FD && dup3(*socket, SOCKET_FD, O_CLOEXEC) < 0)
		return agent_error_errno(error, errno, "place the socket");
	*socket = SOCKET_FD;
	close_from(SOCKET_FD + 1);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* Until the exec this is a copy of the agent: nothing in the container may look into it. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	/* The terminal's session too: runc makes one for every process. */
	setsid();
	return true;
}

static bool enter_cgroup(const char *directory, struct agent_error *error)
{
	AUTO_FREE char *path = NULL;

	if (asprintf(&path, "%s/cgroup.procs", directory) < 0)
		return agent_error_set(error, AGENT_CODE_FAILED, "out of memory");
	return file_write(path, "0", error);
}

/* The init's own cgroup, which it may have made below the container's. */
static bool enter_cgroup_of(pid_t init, struct agent_error *error)
{
	char path[sizeof CGROUP_DIRECTORY + 512] = CGROUP_DIRECTORY;
	char file[64];
	char line[512];

	snprintf(file, sizeof file, "/proc/%d/cgroup", init);
	if (!file_read(file, line, sizeof line, error))
		return false;
	line[strcspn(line, "\n")] = '\0';
	if (strncmp(line, "0::/", 4) != 0)
		return agent_error_set(error, AGENT_CODE_FAILED, "%s: not of version 2", file);
	strcat(path, line + 3);
	return enter_cgroup(path, error);
}

/*
 * A container that shares its cgroup out among cgroups of its own cannot have processes in it any
 * more (cgroup-v2.rst, "No Internal Process Constraint"): a further process goes where its init is.
 */
static bool join_cgroup(const struct launch *launch, struct agent_error *error)
{
	struct agent_error ignored;

	if (enter_cgroup(launch->cgroup, error))
		return true;
	return launch->container == NULL && enter_cgroup_of(launch->init_pid, &ignored);
}

static bool set_oom_score(const struct process_spec *spec, struct agent_error *error)
{
	char text[16];

	if (!spec->has_oom_score_adj)
		return true;
	snprintf(text, sizeof text, "%d", spec->oom_score_adj);
	return file_write("/proc/self/oom_score_adj", text, error);
}

static bool set_names(const struct container_spec *spec, struct agent_error *error)
{
	if (!(spec->namespaces & CLONE_NEWUTS))
		return true;
	if (spec->hostname != NULL && sethostname(spec->hostname, strlen(spec->hostname)) < 0)
		return agent_error_errno(error, errno, "set the host name");
	if (spec->domainname != NULL &&
		setdomainname(spec->domainname, strlen(spec->domainname)) < 0)
		return agent_error_errno(error, errno, "set the domain name");
	return true;
}

static bool join_namespaces(pid_t init, struct agent_error *error)
{
	int fds[sizeof joined_namespaces / sizeof *joined_namespaces];
	size_t n = sizeof fds / sizeof *fds;

	for (size_t i = 0; i < n; i++) {
		char path[64];

		snprintf(path, sizeof path, "/proc/%d/ns/%s", init, joined_namespaces[i].name);
		fds[i] = open(path, O_RDONLY | O_CLOEXEC);
		if (fds[i] < 0)
			return agent_error_errno(error, errno, "open %s", path);
	}
	for (size_t i = 0; i < n; i++) {
		if (setns(fds[i], joined_namespaces[i].flag) < 0)
			return agent_error_errno(
				error, errno, "join the %s namespace", joined_namespaces[i].name);
		close(fds[i]);
	}
	return true;
}

/* Those of other containers of the pod; the pid namespace is entered by being born into it. */
static bool join_others(const struct container_spec *spec, struct agent_error *error)
{
	for (size_t i = 0; i < spec->n_joins; i++) {
		const struct spec_join *join = &spec->joins[i];
		char path[64];

		if (join->flag == CLONE_NEWPID)
			continue;
		snprintf(path, sizeof path, "/proc/%d/ns/%s", join->pid, join->name);

		AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);

		if (fd < 0 || setns(fd, join->flag) < 0)
			return agent_error_errno(error, errno, "join the %s namespace of \"%s\"",
				join->name, join->container);
	}
	return true;
}

static bool open_terminal(struct child *child, struct agent_error *error)
{
	const struct process_spec *spec = child->launch->process;

	if (!spec->terminal)
		return true;
	if (!terminal_open(&child->master, &child->slave, error) ||
		!terminal_resize(child->master, spec->rows, spec->columns, error))
		return false;
	if (child->launch->container != NULL && !terminal_make_console(child->master, error))
		return false;
	return terminal_take(child->slave, error);
}

static bool enter(struct child *child, struct agent_error *error)
{
	const struct launch *launch = child->launch;
	const struct container_spec *container = launch->container;

	if (!join_cgroup(launch, error) || !set_oom_score(launch->process, error))
		return false;
	if (container == NULL)
		return join_namespaces(launch->init_pid, error) && open_terminal(child, error);
	if (container->namespaces & CLONE_NEWCGROUP && unshare(CLONE_NEWCGROUP) < 0)
		return agent_error_errno(error, errno, "make a cgroup namespace");
	return join_others(container, error) && set_names(container, error) &&
	       rootfs_enter(container, launch->root, error) && open_terminal(child, error) &&
	       protect_rootfs(container, error);
}

/* The environment of the config, and HOME where it has none. */
static bool make_env(struct child *child, struct agent_error *error)
{
	char **env = child->launch->process->env;
	AUTO_FREE char *home = NULL;
	size_t n = 0;

	while (env[n] != NULL)
		n++;
	child->env = calloc(n + 2, sizeof *env);
	if (child->env == NULL)
		return agent_error_set(error, AGENT_CODE_FAILED, "out of memory");
	memcpy(child->env, env, n * sizeof *env);
	if (lookup_variable(env, "HOME") != NULL)
		return true;
	home = lookup_home(child->launch->process->uid);
	if (home == NULL || asprintf(&child->env[n], "HOME=%s", home) < 0)
		return agent_error_set(error, AGENT_CODE_FAILED, "out of memory");
	return true;
}

static bool prepare(struct child *child, struct agent_error *error)
{
	const struct process_spec *spec = child->launch->process;

	if (!enter(child, error) || !make_env(child, error) ||
		!identity_apply_rlimits(spec, error) || !identity_take(spec, error))
		return false;
	child->program = lookup_program(spec->args[0], child->env, error);
	return child->program != NULL;
}

static void report(int socket, const struct child *child, const struct report *report)
{
	const int terminal[] = {child->master, child->slave};
	bool with_terminal = report->kind == REPORT_PREPARED && child->master >= 0;

	/* Without the agent there is nobody left to tell. */
	if (fdpass_send(socket, report, sizeof *report, terminal, with_terminal ? 2 : 0) < 0)
		_exit(1);
}

/* Returns when the agent says so; the agent's end closed means that it gave the process up. */
static void wait_for_release(int socket)
{
	char byte;
	ssize_t got;

	do
		got = recv(socket, &byte, 1, 0);
	while (got < 0 && errno == EINTR);
	if (got != 1)
		_exit(1);
}

/* The exec has failed. Who was told that the process is prepared reads it on its stderr. */
static _Noreturn void fail_exec(const struct child *child, int socket, int reason)
{
	struct report failed = {.kind = REPORT_FAILED};
	char words[AGENT_ERRNO_TEXT_SIZE];

	agent_error_set(&failed.error,
		reason == ENOENT ? AGENT_CODE_EXEC_NOT_FOUND : AGENT_CODE_EXEC_DENIED,
		"exec %s: %s", child->program, agent_errno_text(reason, words));
	if (child->launch->wait)
		dprintf(STDERR_FILENO, "%s\n", failed.error.text);
	else
		report(socket, child, &failed);
	_exit(reason == ENOENT ? 127 : 126);
}

_Noreturn void child_main(const struct launch *launch, int socket)
{
	struct child child = {.launch = launch, .master = -1, .slave = -1};
	struct report outcome = {.kind = REPORT_PREPARED};

	if (!arrange(launch, &socket, &outcome.error) || !prepare(&child, &outcome.error)) {
		outcome.kind = REPORT_FAILED;
		report(socket, &child, &outcome);
		_exit(1);
	}
	report(socket, &child, &outcome);
	if (launch->wait)
		wait_for_release(socket);
	execve(child.program, launch->process->args, child.env);
	fail_exec(&child, socket, errno);
}
