/* SPDX-License-Identifier: GPL-2.0-only */
/* fork and exec, with the failure of the child's steps reported to the parent. */
#include "base/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"

extern char **environ;

/* What a child that could not exec writes into its report pipe. */
struct failure {
	int errno_value;
	char step[32];
};

static G_GNUC_NORETURN void child_fail(int report, const char *step)
{
	struct failure failure = {.errno_value = errno};

	strncpy(failure.step, step, sizeof failure.step - 1);
	if (write(report, &failure, sizeof failure) != sizeof failure)
		_exit(126);
	_exit(127);
}

/* Signals as a fresh program expects them. */
static void child_reset_signals(gboolean block)
{
	sigset_t mask;

	for (int number = 1; number < NSIG; number++)
		if (number != SIGKILL && number != SIGSTOP)
			signal(number, SIG_DFL);
	if (block)
		sigfillset(&mask);
	else
		sigemptyset(&mask);
	sigprocmask(SIG_SETMASK, &mask, NULL);
}

/*
 * Puts fds[i] at i. Sources may overlap the targets, so all are first copied above them; `scratch`
 * has room for the copies. Returns the first descriptor above those that are kept.
 */
static int child_place_fds(const struct spawn *spawn, int *scratch, int report)
{
	int n = (int)MAX(spawn->n_fds, 3);

	for (int i = 0; i < n; i++) {
		int from = i < (int)spawn->n_fds ? spawn->fds[i] : -1;

		if (from < 0 && i < 3)
			scratch[i] = open("/dev/null", O_RDWR | O_CLOEXEC);
		else
			scratch[i] = from < 0 ? -1 : fcntl(from, F_DUPFD_CLOEXEC, n + 1);
		if (scratch[i] < 0 && (from >= 0 || i < 3))
			child_fail(report, "copy descriptor");
		if (scratch[i] >= 0 && scratch[i] <= n) {
			scratch[i] = fcntl(scratch[i], F_DUPFD_CLOEXEC, n + 1);
			if (scratch[i] < 0)
				child_fail(report, "copy descriptor");
		}
	}
	if (report != n && dup3(report, n, O_CLOEXEC) < 0)
		child_fail(report, "keep report pipe");
	for (int i = 0; i < n; i++) {
		if (scratch[i] < 0)
			close(i);
		else if (dup2(scratch[i], i) < 0)
			child_fail(n, "place descriptor");
	}
	return n;
}

static void child_enter_cgroups(const struct spawn *spawn, int report)
{
	for (guint i = 0; spawn->cgroups != NULL && i < spawn->cgroups->len; i++)
		if (write(((const int *)(const void *)spawn->cgroups->data)[i], "0", 1) != 1)
			child_fail(report, "join the cgroup of");
}

static void child_enter_network(const struct spawn *spawn, int report)
{
	if (spawn->network_namespace >= 0 && setns(spawn->network_namespace, CLONE_NEWNET) < 0)
		child_fail(report, "join network namespace");
	if (spawn->new_network_namespace && unshare(CLONE_NEWNET) < 0)
		child_fail(report, "make network namespace");
}

static G_GNUC_NORETURN void child_exec(
	const struct spawn *spawn, int *scratch, int report, pid_t parent)
{
	child_reset_signals(spawn->block_signals);
	if (spawn->die_with_parent && (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent))
		child_fail(report, "follow parent");
	if (spawn->new_session && setsid() < 0)
		child_fail(report, "setsid");
	child_enter_cgroups(spawn, report);
	child_enter_network(spawn, report);
	if (spawn->directory != NULL && chdir(spawn->directory) < 0)
		child_fail(report, "chdir");
	report = child_place_fds(spawn, scratch, report);
	if (syscall(SYS_close_range, report + 1, ~0u, 0) < 0)
		child_fail(report, "close descriptors");
	execve(spawn->path, (char *const *)spawn->argv,
		spawn->environment != NULL ? (char *const *)spawn->environment : environ);
	child_fail(report, "execute");
}

/* Reads the child's report: nothing when it has executed its program. */
static gboolean read_report(int report, const char *path, GError **error)
{
	struct failure failure;
	gssize got;

	do
		got = read(report, &failure, sizeof failure);
	while (got < 0 && errno == EINTR);
	if (got == 0)
		return TRUE;
	if (got != sizeof failure) {
		g_set_error(error, CC_ERROR, CC_ERROR_FAILED, "start %s: no report", path);
		return FALSE;
	}
	failure.step[sizeof failure.step - 1] = '\0';
	error_set_errno(error, failure.errno_value, "%s %s", failure.step, path);
	return FALSE;
}

pid_t spawn_process(const struct spawn *spawn, GError **error)
{
	g_autofree int *scratch = g_new(int, MAX(spawn->n_fds, 3));
	int report[2];

	if (pipe2(report, O_CLOEXEC) < 0) {
		error_set_errno(error, errno, "pipe");
		return -1;
	}

	auto_fd int report_read = report[0];
	auto_fd int report_write = report[1];
	pid_t parent = getpid();
	pid_t pid = fork();

	if (pid < 0) {
		error_set_errno(error, errno, "fork");
		return -1;
	}
	if (pid == 0)
		child_exec(spawn, scratch, report_write, parent);
	fd_clear(&report_write);
	if (read_report(report_read, spawn->path, error))
		return pid;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return -1;
}
