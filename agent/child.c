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
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "agent/boot.h"
#include "agent/cleanup.h"
#include "agent/file.h"
#include "agent/identity.h"
#include "agent/lookup.h"
#include "agent/mount.h"
#include "agent/namespaces.h"
#include "agent/protect.h"
#include "agent/rootfs.h"
#include "agent/schedule.h"
#include "agent/terminal.h"
#include "agent/userns.h"
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
	/* The user namespace to join at last; -1: none. */
	int user;
	/* Of an init: its directory in the guest's /proc. */
	int proc;
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
	return launch->init_pid != 0 && enter_cgroup_of(launch->init_pid, &ignored);
}

static bool set_oom_score(const struct process_spec *spec, struct agent_error *error)
{
	char text[16];

	if (!spec->has_oom_score_adj)
		return true;
	snprintf(text, sizeof text, "%d", spec->oom_score_adj);
	return file_write("/proc/self/oom_score_adj", text, error);
}

static bool open_terminal(struct child *child, struct agent_error *error)
{
	const struct process_spec *spec = child->launch->process;

	if (!spec->terminal)
		return true;
	if (!terminal_open(&child->master, &child->slave, error) ||
		!terminal_resize(child->master, spec->rows, spec->columns, error))
		return false;
	if (child->launch->init_pid == 0 && !terminal_make_console(child->master, error))
		return false;
	return terminal_take(child->slave, error);
}

/* A further process joins what its container's init has. */
static bool enter_further(struct child *child, struct agent_error *error)
{
	const struct launch *launch = child->launch;
	const struct process_spec *spec = launch->process;

	return schedule_bind(spec->initial_cpus, error) && join_cgroup(launch, error) &&
	       schedule_bind(spec->final_cpus, error) && set_oom_score(spec, error) &&
	       namespaces_join(launch->container, launch->init_pid, &child->user, error) &&
	       open_terminal(child, error);
}

static bool enter_init(struct child *child, struct agent_error *error)
{
	const struct launch *launch = child->launch;
	const struct container_spec *container = launch->container;
	/* What the container's root may hide, or replace by something else. */
	AUTO_CLOSE int null = mount_pick_up("/dev/null", false, error);

	child->proc = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (null < 0 || !join_cgroup(launch, error) || !set_oom_score(launch->process, error))
		return false;
	return namespaces_make(container, error) && rootfs_enter(container, launch->root, error) &&
	       open_terminal(child, error) &&
	       hook_list_run(&container->hooks, &container->hooks.create, "created", error) &&
	       protect_rootfs(container, null, error);
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

static bool set_personality(const struct container_spec *container, struct agent_error *error)
{
	if (container->personality >= 0 && personality((unsigned long)container->personality) < 0)
		return agent_error_errno(error, errno, "set the personality");
	return true;
}

/* What needs the guest's root, who the process is until now; then it is its user namespace's. */
static bool leave_guest(struct child *child, struct agent_error *error)
{
	const struct launch *launch = child->launch;
	const struct container_spec *container = launch->container;
	const struct process_spec *spec = launch->process;

	identity_own_fds(spec, &container->uid_maps);
	if (!identity_apply_rlimits(spec, error) || !schedule_apply(spec, error) ||
		!set_personality(container, error))
		return false;
	if (launch->init_pid != 0)
		return namespaces_join_user(child->user, error);
	return !(container->namespaces & CLONE_NEWUSER) ||
	       userns_make(container, child->proc, error);
}

static bool prepare(struct child *child, struct agent_error *error)
{
	const struct launch *launch = child->launch;
	const struct process_spec *spec = launch->process;

	if (!(launch->init_pid == 0 ? enter_init(child, error) : enter_further(child, error)) ||
		!make_env(child, error) || !leave_guest(child, error) ||
		!identity_take(spec, launch->container->seccomp, error))
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

/* Who was told that the process is prepared reads it on its stderr; else it is reported. */
static _Noreturn void fail(
	const struct child *child, int socket, const struct agent_error *error, int status)
{
	struct report failed = {.kind = REPORT_FAILED, .error = *error};

	if (child->launch->wait)
		dprintf(STDERR_FILENO, "%s\n", error->text);
	else
		report(socket, child, &failed);
	_exit(status);
}

static _Noreturn void fail_exec(const struct child *child, int socket, int reason)
{
	struct agent_error error;
	char words[AGENT_ERRNO_TEXT_SIZE];

	agent_error_set(&error,
		reason == ENOENT ? AGENT_CODE_EXEC_NOT_FOUND : AGENT_CODE_EXEC_DENIED,
		"exec %s: %s", child->program, agent_errno_text(reason, words));
	fail(child, socket, &error, reason == ENOENT ? 127 : 126);
}

/* START waits for these: their failure is its own. */
static void run_start_hooks(const struct child *child, int socket)
{
	const struct hooks_spec *hooks = &child->launch->container->hooks;
	struct report outcome = {.kind = REPORT_STARTED};

	if (child->launch->init_pid != 0 || hooks->start.n == 0)
		return;
	if (!hook_list_run(hooks, &hooks->start, "created", &outcome.error))
		outcome.kind = REPORT_FAILED;
	report(socket, child, &outcome);
	if (outcome.kind == REPORT_FAILED)
		_exit(1);
}

_Noreturn void child_main(const struct launch *launch, int socket)
{
	struct child child = {.launch = launch, .master = -1, .slave = -1, .user = -1, .proc = -1};
	struct report outcome = {.kind = REPORT_PREPARED};

	if (!arrange(launch, &socket, &outcome.error) || !prepare(&child, &outcome.error)) {
		outcome.kind = REPORT_FAILED;
		report(socket, &child, &outcome);
		_exit(1);
	}
	report(socket, &child, &outcome);
	if (launch->wait)
		wait_for_release(socket);
	run_start_hooks(&child, socket);
	if (!identity_finish(launch->process, launch->container->seccomp, &outcome.error))
		fail(&child, socket, &outcome.error, 1);
	execve(child.program, launch->process->args, child.env);
	fail_exec(&child, socket, errno);
}
