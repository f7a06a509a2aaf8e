/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every unit test shares: a whole test file is
 *
 *	#include "runner.h"
 *
 *	TEST(frame_decode_rejects_oversize)
 *	{
 *		ck_assert_int_eq(1, 1);
 *	}
 *
 *	TEST(frame_decode_table)
 *	{
 *		const struct sample *sample = &samples[_i];
 *		…
 *	}
 *
 *	static const struct test tests[] = {
 *		RUN(frame_decode_rejects_oversize),
 *		RUN_EACH(frame_decode_table, G_N_ELEMENTS(samples)),
 *	};
 *
 *	TEST_MAIN("wire", tests)
 *
 * Each test runs in a process of its own (CK_FORK=no: all in one, for a debugger), which has a
 * temporary directory, removed afterwards, and fails when it ends with other descriptors than it
 * began with. One test alone: CK_RUN_CASE=frame_decode_rejects_oversize build/tests/unit/wire-test
 */
#pragma once

#include <check.h>
#include <glib.h>

struct test {
	/* The variable that TEST defines: a pointer to check's own record. */
	const TTest *const *record;
	/* The test runs for _i from 0 to count - 1. */
	int count;
};

/* Opens the definition of a test. No END_TEST behind it. */
#define TEST(name) START_TEST(name)

/* Entries of the list. */
#define RUN(name)                                                                                  \
	{                                                                                          \
		&name, 1                                                                           \
	}
#define RUN_EACH(name, times)                                                                      \
	{                                                                                          \
		.record = &name, .count = (int)(times)                                             \
	}

#define TEST_MAIN(suite, list)                                                                     \
	int main(void)                                                                             \
	{                                                                                          \
		return test_run(suite, list, G_N_ELEMENTS(list), CK_ENV) == 0 ? 0 : 1;             \
	}

/* Runs the tests and returns how many have failed. CK_ENV: as $CK_VERBOSITY says. */
int test_run(const char *suite, const struct test *tests, gsize n_tests, enum print_output mode);

/* The running test's own directory: absolute, empty at its start, the runner's. */
const char *test_directory(void);
/* A path below it. The caller frees. */
char *test_path(const char *name);
/* A path below tests/data of the sources. The caller frees. */
char *test_data_path(const char *name);
/* A path in the build folder: test_build_path("cc-shim"). The caller frees. */
char *test_build_path(const char *name);

/* Writes a file below the test's directory and returns its path, which the caller frees. */
char *test_write_file(const char *name, const char *content);

/* Asserts that the call, which sets `error` when it fails, succeeds. */
#define test_succeeds(call, error)                                                                 \
	ck_assert_msg((call), "%s", (error) != NULL ? (error)->message : "failed without an error")
/* Asserts that the error is set, has the code, and that its message is that text. */
void test_error_is(const GError *error, gint code, const char *message);

/*
 * The descriptors that are open now are no leak. For a test that makes a library open one that it
 * keeps (GLib's worker thread, with g_unix_signal_add or g_child_watch_add).
 */
void test_fds_accept(void);
