/* SPDX-License-Identifier: GPL-2.0-only */
/* The runner's own tests: a fixture that never fails would prove nothing. */
#include "runner.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

/* ---- tests that are run by the tests below */

TEST(leaks_a_descriptor)
{
	ck_assert_int_ge(open("/dev/null", O_RDONLY | O_CLOEXEC), 0);
}

TEST(closes_what_is_not_its_own)
{
	close(STDIN_FILENO);
}

TEST(leaves_a_file)
{
	g_free(test_write_file("file", "content"));
}

TEST(crashes)
{
	raise(SIGKILL);
}

TEST(counts)
{
	ck_assert_int_lt(_i, 2);
}

static int run_one(struct test test)
{
	/* Whatever the outer run does: a crash must not be ours. */
	g_setenv("CK_FORK", "yes", TRUE);
	g_unsetenv("CK_RUN_CASE");
	return test_run("inner", &test, 1, CK_SILENT);
}

/* ---- the tests */

TEST(runner_catches_a_leaked_descriptor)
{
	ck_assert_int_eq(run_one((struct test)RUN(leaks_a_descriptor)), 1);
}

TEST(runner_catches_a_closed_descriptor)
{
	ck_assert_int_eq(run_one((struct test)RUN(closes_what_is_not_its_own)), 1);
}

TEST(runner_catches_a_crash)
{
	ck_assert_int_eq(run_one((struct test)RUN(crashes)), 1);
}

TEST(runner_passes_an_index)
{
	ck_assert_int_eq(run_one((struct test)RUN_EACH(counts, 2)), 0);
	ck_assert_int_eq(run_one((struct test)RUN_EACH(counts, 4)), 2);
}

TEST(runner_gives_an_empty_directory)
{
	g_autoptr(GDir) listing = g_dir_open(test_directory(), 0, NULL);

	ck_assert_ptr_nonnull(listing);
	ck_assert_ptr_null(g_dir_read_name(listing));
	ck_assert(g_path_is_absolute(test_directory()));
}

TEST(runner_removes_the_directory)
{
	/* The inner run makes its own below TMPDIR, which is this test's. */
	g_setenv("TMPDIR", test_directory(), TRUE);
	ck_assert_int_eq(run_one((struct test)RUN(leaves_a_file)), 0);
	ck_assert_int_eq(run_one((struct test)RUN(crashes)), 1);
	ck_assert_int_eq(g_rmdir(test_directory()), 0);
}

TEST(runner_accepts_a_kept_descriptor)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	test_fds_accept();
}

static const struct test tests[] = {
	RUN(runner_catches_a_leaked_descriptor),
	RUN(runner_catches_a_closed_descriptor),
	RUN(runner_catches_a_crash),
	RUN(runner_passes_an_index),
	RUN(runner_gives_an_empty_directory),
	RUN(runner_removes_the_directory),
	RUN(runner_accepts_a_kept_descriptor),
};

TEST_MAIN("runner", tests)
