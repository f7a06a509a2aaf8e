/* SPDX-License-Identifier: GPL-2.0-only */
/* Programs that are started, and processes that are named by pid and start time. */
#include "runner.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/process.h"
#include "base/spawn.h"

static int wait_status(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		ck_assert_int_eq(errno, EINTR);
	return status;
}

/* Runs a shell with the descriptors and returns its exit status. */
static int run_shell(struct spawn spawn, const char *script)
{
	const char *argv[] = {"sh", "-c", script, NULL};
	g_autoptr(GError) error = NULL;

	spawn.path = "/bin/sh";
	spawn.argv = argv;

	pid_t pid = spawn_process(&spawn, &error);

	test_succeeds(pid > 0, error);

	int status = wait_status(pid);

	ck_assert_msg(WIFEXITED(status), "%s: killed", script);
	return WEXITSTATUS(status);
}

/* ---- starting */

TEST(spawn_passes_the_exit_status)
{
	struct spawn spawn = SPAWN_INIT;

	ck_assert_int_eq(run_shell(spawn, "exit 42"), 42);
}

TEST(spawn_shows_argv_and_environment)
{
	static const char *const environment[] = {"CC_TEST=x", NULL};
	struct spawn spawn = SPAWN_INIT;

	spawn.environment = environment;
	ck_assert_int_eq(
		run_shell(spawn, "[ $0 = sh ] && [ $CC_TEST = x ] && [ -z \"$HOME\" ]"), 0);
}

static const struct {
	const char *name;
	mode_t mode;
	gint code;
	const char *reason;
} failing[] = {
	{"missing", 0, CC_ERROR_NOT_FOUND, "No such file or directory"},
	{"plain", 0644, CC_ERROR_FAILED, "Permission denied"},
};

TEST(spawn_returns_the_errno_of_exec)
{
	g_autofree char *path = test_path(failing[_i].name);
	g_autofree char *expected = g_strdup_printf("execute %s: %s", path, failing[_i].reason);
	const char *argv[] = {path, NULL};
	struct spawn spawn = SPAWN_INIT;
	g_autoptr(GError) error = NULL;

	if (failing[_i].mode != 0) {
		g_free(test_write_file(failing[_i].name, "x"));
		ck_assert_int_eq(chmod(path, failing[_i].mode), 0);
	}
	spawn.path = path;
	spawn.argv = argv;
	ck_assert_int_eq(spawn_process(&spawn, &error), -1);
	test_error_is(error, failing[_i].code, expected);
	/* No child is left. */
	ck_assert_int_eq(waitpid(-1, NULL, 0), -1);
	ck_assert_int_eq(errno, ECHILD);
}

TEST(spawn_tells_a_missing_directory)
{
	const char *argv[] = {"true", NULL};
	struct spawn spawn = SPAWN_INIT;
	g_autoptr(GError) error = NULL;

	spawn.path = "/bin/true";
	spawn.argv = argv;
	spawn.directory = "/nonexistent";
	ck_assert_int_eq(spawn_process(&spawn, &error), -1);
	test_error_is(error, CC_ERROR_NOT_FOUND, "chdir /bin/true: No such file or directory");
}

/* ---- its descriptors */

/* Opens a file with one letter at exactly this descriptor. */
static void open_at(int fd, char letter)
{
	char name[] = {letter, '\0'};
	g_autofree char *path = test_write_file(name, name);
	int source = open(path, O_RDONLY | O_CLOEXEC);

	ck_assert_int_ge(source, 0);
	if (source == fd)
		return;
	ck_assert_int_eq(dup3(source, fd, O_CLOEXEC), fd);
	close(source);
}

/* The listing itself is a fourth. */
TEST(spawn_gives_no_descriptors_by_default)
{
	struct spawn spawn = SPAWN_INIT;

	open_at(50, 'a');
	ck_assert_int_eq(fcntl(50, F_SETFD, 0), 0);
	ck_assert_int_eq(
		run_shell(spawn, "cd /proc/$$/fd && set -- * && [ $# -le 4 ] && [ ! -e 50 ] &&"
				 "[ $(readlink 0) = /dev/null ] && [ $(readlink 2) = /dev/null ]"),
		0);
	close(50);
}

/* Sources and targets overlap in every way: swapped, shifted, repeated. */
TEST(spawn_places_descriptors)
{
	int fds[] = {-1, -1, -1, 6, 5, 5, -1, 30};
	struct spawn spawn = SPAWN_INIT;

	/* 3 is check's own. */
	open_at(5, 'a');
	open_at(6, 'b');
	open_at(30, 'c');
	spawn.fds = fds;
	spawn.n_fds = G_N_ELEMENTS(fds);
	ck_assert_int_eq(
		run_shell(spawn, "[ $(cat <&3) = b ] && [ $(cat <&4) = a ] && [ $(cat <&7) = c ] &&"
				 "[ ! -e /proc/$$/fd/6 ] && [ ! -e /proc/$$/fd/30 ]"),
		0);
	close(5);
	close(6);
	close(30);
}

/* Targets up to n: the report pipe may be born at any number, also at n. */
TEST(spawn_places_any_number_of_descriptors)
{
	int fds[16];
	struct spawn spawn = SPAWN_INIT;

	open_at(30, 'a');
	for (int i = 0; i < (int)G_N_ELEMENTS(fds); i++)
		fds[i] = 30;
	spawn.fds = fds;
	spawn.n_fds = (gsize)_i;
	ck_assert_int_eq(run_shell(spawn, "true"), 0);
	close(30);
}

/* ---- its surroundings */

/* But for 32 and 33, which are the C library's own (make ignores them). */
TEST(spawn_resets_signals)
{
	struct spawn spawn = SPAWN_INIT;
	sigset_t blocked;

	signal(SIGTERM, SIG_IGN);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	ck_assert_int_eq(sigprocmask(SIG_BLOCK, &blocked, NULL), 0);
	ck_assert_int_eq(
		run_shell(spawn, "grep -q '^SigBlk:.0*$' /proc/self/status &&"
				 "grep -q '^SigIgn:.0*[01][08]0000000$' /proc/self/status"),
		0);
}

TEST(spawn_makes_a_session)
{
	struct spawn spawn = SPAWN_INIT;

	spawn.new_session = TRUE;
	ck_assert_int_eq(
		run_shell(spawn, "read -r _ _ _ _ _ sid _ </proc/$$/stat; [ $sid = $$ ]"), 0);
}

TEST(spawn_makes_a_network_namespace)
{
	struct spawn spawn = SPAWN_INIT;

	if (geteuid() != 0)
		return;
	spawn.new_network_namespace = TRUE;
	ck_assert_int_eq(
		run_shell(spawn,
			"! grep -qv lo: /proc/net/dev || [ $(grep -c : /proc/net/dev) = 1 ]"),
		0);
}

/* A child that starts a grandchild with die_with_parent, tells its pid, and dies. */
static void leave_orphan(int report)
{
	const char *argv[] = {"sleep", "60", NULL};
	struct spawn spawn = SPAWN_INIT;

	spawn.path = "/bin/sleep";
	spawn.argv = argv;
	spawn.die_with_parent = TRUE;

	pid_t pid = spawn_process(&spawn, NULL);

	_exit(write(report, &pid, sizeof pid) == sizeof pid && pid > 0 ? 0 : 1);
}

TEST(spawn_dies_with_its_parent)
{
	g_autoptr(GError) error = NULL;
	struct process_ref ref;
	int report[2];
	pid_t grandchild;

	/* The orphan becomes ours, so it is ours to reap. */
	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	ck_assert_int_eq(pipe2(report, O_CLOEXEC), 0);

	pid_t pid = fork();

	if (pid == 0)
		leave_orphan(report[1]);
	ck_assert_int_eq(read(report[0], &grandchild, sizeof grandchild), sizeof grandchild);
	ck_assert_int_eq(wait_status(pid), 0);

	int status = wait_status(grandchild);

	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), SIGKILL);
	ck_assert(!process_ref_get(grandchild, &ref, &error));
	close(report[0]);
	close(report[1]);
}

/* ---- naming processes */

static pid_t start_sleep(void)
{
	const char *argv[] = {"sleep", "60", NULL};
	struct spawn spawn = SPAWN_INIT;
	g_autoptr(GError) error = NULL;

	spawn.path = "/bin/sleep";
	spawn.argv = argv;

	pid_t pid = spawn_process(&spawn, &error);

	test_succeeds(pid > 0, error);
	return pid;
}

TEST(process_ref_names_a_live_process)
{
	g_autoptr(GError) error = NULL;
	struct process_ref ref;

	test_succeeds(process_ref_get(getpid(), &ref, &error), error);
	ck_assert_int_eq(ref.pid, getpid());
	ck_assert_uint_gt(ref.start_time, 0);
	ck_assert(process_is_alive(&ref));
}

/* The same pid with another start time is another process: never signalled. */
TEST(process_ref_is_not_fooled_by_a_reused_pid)
{
	g_autoptr(GError) error = NULL;
	struct process_ref ref;

	test_succeeds(process_ref_get(getpid(), &ref, &error), error);
	ref.start_time++;
	ck_assert(!process_is_alive(&ref));
	ck_assert(!process_signal(&ref, SIGKILL));
	test_succeeds(process_wait_gone(&ref, deadline_after(0), &error), error);
}

TEST(process_ref_of_nobody_is_gone)
{
	struct process_ref nobody = {0};

	ck_assert(!process_is_alive(&nobody));
	ck_assert(!process_signal(&nobody, SIGKILL));
}

TEST(process_signal_and_wait)
{
	g_autoptr(GError) error = NULL;
	pid_t pid = start_sleep();
	struct process_ref ref;

	test_succeeds(process_ref_get(pid, &ref, &error), error);
	ck_assert(!process_wait_gone(&ref, deadline_after(10), &error));
	ck_assert_int_eq(error->code, CC_ERROR_TIMEOUT);
	g_clear_error(&error);
	ck_assert(process_signal(&ref, SIGKILL));
	test_succeeds(process_wait_gone(&ref, deadline_after(10 * 1000), &error), error);
	/* It is a zombie now, and gone. */
	ck_assert(!process_is_alive(&ref));
	ck_assert(!process_ref_get(pid, &ref, &error));
	ck_assert_int_eq(error->code, CC_ERROR_NOT_FOUND);
	ck_assert_int_eq(WTERMSIG(wait_status(pid)), SIGKILL);
}

/* A name with blanks and brackets shifts no field of /proc/PID/stat. */
TEST(process_ref_reads_any_name)
{
	g_autoptr(GError) error = NULL;
	struct process_ref before, after;

	test_succeeds(process_ref_get(getpid(), &before, &error), error);
	ck_assert_int_eq(prctl(PR_SET_NAME, ") Z 1 (x"), 0);
	test_succeeds(process_ref_get(getpid(), &after, &error), error);
	ck_assert_uint_eq(before.start_time, after.start_time);
}

static const struct test tests[] = {
	RUN(spawn_passes_the_exit_status),
	RUN(spawn_shows_argv_and_environment),
	RUN_EACH(spawn_returns_the_errno_of_exec, G_N_ELEMENTS(failing)),
	RUN(spawn_tells_a_missing_directory),
	RUN(spawn_gives_no_descriptors_by_default),
	RUN(spawn_places_descriptors),
	RUN_EACH(spawn_places_any_number_of_descriptors, 16),
	RUN(spawn_resets_signals),
	RUN(spawn_makes_a_session),
	RUN(spawn_makes_a_network_namespace),
	RUN(spawn_dies_with_its_parent),
	RUN(process_ref_names_a_live_process),
	RUN(process_ref_is_not_fooled_by_a_reused_pid),
	RUN(process_ref_of_nobody_is_gone),
	RUN(process_signal_and_wait),
	RUN(process_ref_reads_any_name),
};

TEST_MAIN("base-process", tests)
