/* SPDX-License-Identifier: GPL-2.0-only */
/* Programs that are run to their end. */
#include "runner.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/run.h"

enum {
	PATIENCE_MS = 60 * 1000,
	IMPATIENCE_MS = 200,
};

static const char *const no_environment[] = {NULL};

static gboolean run_script(const char *script, const char *input, gint64 timeout, GError **error)
{
	const char *const argv[] = {"hook", "-c", script, NULL};
	struct run run = {
		.path = "/bin/sh",
		.argv = argv,
		.environment = no_environment,
		.input = input,
		.timeout = timeout,
	};

	return run_program(&run, error);
}

TEST(run_gives_the_input_and_its_end)
{
	g_autofree char *path = test_path("out");
	g_autofree char *script = g_strdup_printf("/bin/cat /dev/stdin >%s", path);
	g_autofree char *content = NULL;
	g_autoptr(GError) error = NULL;
	gsize size;

	test_succeeds(run_script(script, "{\"id\":\"c1\"}", PATIENCE_MS, &error), error);
	test_succeeds(file_read(path, 4096, &content, &size, &error), error);
	ck_assert_str_eq(content, "{\"id\":\"c1\"}");
}

TEST(run_gives_exactly_the_environment)
{
	g_autofree char *path = test_path("out");
	g_autofree char *script = g_strdup_printf("/usr/bin/env >%s", path);
	const char *const argv[] = {"sh", "-c", script, NULL};
	const char *const environment[] = {"A=1", "PATH=/none", NULL};
	struct run run = {
		.path = "/bin/sh",
		.argv = argv,
		.environment = environment,
		.input = "",
		.timeout = PATIENCE_MS,
	};
	g_autofree char *content = NULL;
	g_autoptr(GError) error = NULL;
	gsize size;

	test_succeeds(run_program(&run, &error), error);
	test_succeeds(file_read(path, 4096, &content, &size, &error), error);
	ck_assert_ptr_nonnull(strstr(content, "A=1\n"));
	ck_assert_ptr_nonnull(strstr(content, "PATH=/none\n"));
	ck_assert_ptr_null(strstr(content, "HOME="));
	ck_assert_ptr_null(strstr(content, "CK_"));
}

TEST(run_that_reads_nothing_is_not_waited_for)
{
	g_autofree char *input = g_strnfill(1 << 20, 'x');
	g_autoptr(GError) error = NULL;

	test_succeeds(run_script("exit 0", input, PATIENCE_MS, &error), error);
}

static const struct {
	const char *script;
	const char *message;
} failures[] = {
	{"exit 3", "exit status 3"},
	{"echo no such bridge >&2; exit 1", "exit status 1: no such bridge"},
	{"echo said on stdout; exit 4", "exit status 4"},
	{"kill -KILL $$", "killed by signal 9"},
};

TEST(run_says_how_it_failed)
{
	g_autoptr(GError) error = NULL;

	ck_assert(!run_script(failures[_i].script, "", PATIENCE_MS, &error));
	test_error_is(error, CC_ERROR_FAILED, failures[_i].message);
}

TEST(run_keeps_the_end_of_many_words)
{
	g_autoptr(GError) error = NULL;

	ck_assert(
		!run_script("i=0; while [ $i -lt 9000 ]; do echo word $i; i=$((i + 1)); done >&2; "
			    "echo the end >&2; exit 1",
			"", PATIENCE_MS, &error));
	ck_assert(g_str_has_suffix(error->message, "word 8999\nthe end"));
	ck_assert_uint_lt(strlen(error->message), 4096);
}

TEST(run_names_a_missing_program)
{
	const char *const argv[] = {"none", NULL};
	struct run run = {
		.path = "/none",
		.argv = argv,
		.environment = no_environment,
		.input = "",
		.timeout = PATIENCE_MS,
	};
	g_autoptr(GError) error = NULL;

	ck_assert(!run_program(&run, &error));
	ck_assert_ptr_nonnull(strstr(error->message, "/none"));
	ck_assert_ptr_nonnull(strstr(error->message, "No such file"));
}

/* The group of the shell, which says its number, has gone with it. */
TEST(run_kills_the_group_at_the_deadline)
{
	g_autofree char *path = test_path("pid");
	g_autofree char *script =
		g_strdup_printf("echo $$ >%s; echo slow >&2; /bin/sleep 600 & wait", path);
	g_autofree char *content = NULL;
	g_autoptr(GError) error = NULL;
	gsize size;

	ck_assert(!run_script(script, "", IMPATIENCE_MS, &error));
	ck_assert(g_error_matches(error, CC_ERROR, CC_ERROR_TIMEOUT));
	ck_assert(g_str_has_prefix(error->message, "not done within 200 ms, killed"));
	ck_assert(file_read(path, 64, &content, &size, NULL));

	pid_t group = (pid_t)g_ascii_strtoll(content, NULL, 10);

	ck_assert_int_gt(group, 1);
	/* Killed is not gone: the orphan may wait for whoever reaps orphans here. */
	ck_assert_int_eq(getpgid(group), -1);
}

TEST(run_hands_out_the_beginning_of_the_output)
{
	const char *const argv[] = {"sh", "-c",
		"echo first; i=0; while [ $i -lt 9000 ]; do echo line $i; i=$((i + 1)); done",
		NULL};
	g_autoptr(GString) output = g_string_new(NULL);
	struct run run = {
		.path = "/bin/sh",
		.argv = argv,
		.environment = no_environment,
		.input = "",
		.timeout = PATIENCE_MS,
		.output = output,
	};
	g_autoptr(GError) error = NULL;

	test_succeeds(run_program(&run, &error), error);
	ck_assert(g_str_has_prefix(output->str, "first\nline 0\n"));
	ck_assert_uint_eq(output->len, 64 << 10);
}

TEST(run_does_not_wait_for_what_it_left_behind)
{
	g_autoptr(GError) error = NULL;

	/* It holds the pipe of stderr. */
	test_succeeds(run_script("/bin/sleep 20 & exit 0", "", PATIENCE_MS, &error), error);
}

static const struct test tests[] = {
	RUN(run_gives_the_input_and_its_end),
	RUN(run_gives_exactly_the_environment),
	RUN(run_that_reads_nothing_is_not_waited_for),
	RUN_EACH(run_says_how_it_failed, G_N_ELEMENTS(failures)),
	RUN(run_keeps_the_end_of_many_words),
	RUN(run_names_a_missing_program),
	RUN(run_kills_the_group_at_the_deadline),
	RUN(run_hands_out_the_beginning_of_the_output),
	RUN(run_does_not_wait_for_what_it_left_behind),
};

TEST_MAIN("base-run", tests)
