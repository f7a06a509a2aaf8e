/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs the unit tests: the fixture around each, and the list that TEST_MAIN gives. */
#include "runner.h"

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	/* Generous: sanitizers, and a machine that runs virtual machines beside. */
	TEST_TIMEOUT_S = 60,
	/* Descriptors above are not told apart. */
	FD_MAX = 1024,
};

/* Made by the runner; the tests' directories are in it, so those of crashed ones go with it. */
static char *base_directory;

/* Of the running test. */
static char *directory;
static gboolean fds_before[FD_MAX];

static void list_fds(gboolean out_open[FD_MAX])
{
	DIR *listing = opendir("/proc/self/fd");

	ck_assert_ptr_nonnull(listing);
	for (int fd = 0; fd < FD_MAX; fd++)
		out_open[fd] = FALSE;
	for (struct dirent *entry; (entry = readdir(listing)) != NULL;) {
		int fd = atoi(entry->d_name);

		if (entry->d_name[0] != '.' && fd != dirfd(listing) && fd < FD_MAX)
			out_open[fd] = TRUE;
	}
	closedir(listing);
}

void test_fds_accept(void)
{
	list_fds(fds_before);
}

/* Fails the test when a descriptor is open that was not, or the other way round. */
static void compare_fds(void)
{
	gboolean now[FD_MAX];

	list_fds(now);
	for (int fd = 0; fd < FD_MAX; fd++) {
		g_autofree char *link = g_strdup_printf("/proc/self/fd/%d", fd);
		g_autofree char *target = now[fd] ? g_file_read_link(link, NULL) : NULL;

		ck_assert_msg(now[fd] <= fds_before[fd], "leaked descriptor %d: %s", fd, target);
		ck_assert_msg(now[fd] >= fds_before[fd], "closed descriptor %d of another", fd);
	}
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *where)
{
	(void)status;
	(void)type;
	(void)where;
	(void)remove(path);
	return 0;
}

static void remove_tree(const char *path)
{
	enum { DESCRIPTORS = 16 };

	(void)nftw(path, remove_entry, DESCRIPTORS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

static void set_up(void)
{
	g_free(directory);
	directory = g_build_filename(base_directory, "test-XXXXXX", NULL);
	ck_assert_ptr_nonnull(g_mkdtemp_full(directory, 0700));
	/* The default main context keeps a descriptor; have it now rather than within a test. */
	(void)g_main_context_default();
	test_fds_accept();
}

static void tear_down(void)
{
	compare_fds();
	remove_tree(directory);
	g_clear_pointer(&directory, g_free);
}

const char *test_directory(void)
{
	return directory;
}

char *test_path(const char *name)
{
	return g_build_filename(directory, name, NULL);
}

char *test_data_path(const char *name)
{
	const char *source = g_getenv("srcdir");

	return g_build_filename(source == NULL ? "." : source, "tests", "data", name, NULL);
}

char *test_build_path(const char *name)
{
	g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);

	ck_assert_ptr_nonnull(self);

	g_autofree char *folder = g_path_get_dirname(self);
	g_autofree char *path = g_build_filename(folder, "..", "..", name, NULL);

	return g_canonicalize_filename(path, NULL);
}

char *test_write_file(const char *name, const char *content)
{
	char *path = test_path(name);

	ck_assert(g_file_set_contents(path, content, -1, NULL));
	return path;
}

void test_error_is(const GError *error, gint code, const char *message)
{
	ck_assert_msg(error != NULL, "no error, expected: %s", message);
	ck_assert_str_eq(error->message, message);
	ck_assert_int_eq(error->code, code);
}

/* Each test is a case of its own, so that CK_RUN_CASE names it. */
static Suite *make_suite(const char *name, const struct test *tests, gsize n_tests)
{
	Suite *suite = suite_create(name);

	for (gsize i = 0; i < n_tests; i++) {
		const TTest *record = *tests[i].record;
		TCase *test_case = tcase_create(record->name);

		tcase_set_timeout(test_case, TEST_TIMEOUT_S);
		tcase_add_checked_fixture(test_case, set_up, tear_down);
		tcase_add_loop_test(test_case, record, 0, tests[i].count);
		suite_add_tcase(suite, test_case);
	}
	return suite;
}

int test_run(const char *suite, const struct test *tests, gsize n_tests, enum print_output mode)
{
	char *outer = base_directory;

	base_directory = g_build_filename(g_get_tmp_dir(), "cc-unit-XXXXXX", NULL);
	if (g_mkdtemp_full(base_directory, 0700) == NULL)
		g_error("cannot make %s", base_directory);

	SRunner *runner = srunner_create(make_suite(suite, tests, n_tests));

	srunner_run_all(runner, mode);

	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	remove_tree(base_directory);
	g_free(base_directory);
	base_directory = outer;
	return failed;
}
