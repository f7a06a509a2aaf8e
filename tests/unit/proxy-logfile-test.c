/* SPDX-License-Identifier: GPL-2.0-only */
/* The bounded log. */
#include "runner.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "proxy/logfile.h"

static gsize size_of(const char *name)
{
	g_autofree char *path = test_path(name);
	struct stat status;

	return stat(path, &status) == 0 ? (gsize)status.st_size : 0;
}

TEST(log_is_private)
{
	g_autofree char *path = test_path("a.log");
	g_autoptr(logfile) log = logfile_open(test_directory(), "a.log", NULL);
	struct stat status;

	ck_assert_ptr_nonnull(log);
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0600);
}

TEST(log_is_bounded)
{
	g_autofree char *chunk = g_strnfill(10000, 'x');
	g_autoptr(logfile) log = logfile_open(test_directory(), "a.log", NULL);

	ck_assert_ptr_nonnull(log);
	for (int i = 0; i < 1000; i++)
		logfile_append(log, chunk, 10000);
	ck_assert_uint_gt(size_of("a.log"), 0);
	ck_assert_uint_le(size_of("a.log"), LOGFILE_MAX);
	ck_assert_uint_le(size_of("a.log.old"), LOGFILE_MAX);
	ck_assert_uint_gt(size_of("a.log.old"), LOGFILE_MAX / 2);
}

TEST(log_goes_on_where_it_was)
{
	g_autofree char *path = test_write_file("a.log", "before\n");
	g_autofree char *content = NULL;
	gsize size;
	struct logfile *log = logfile_open(test_directory(), "a.log", NULL);

	ck_assert_ptr_nonnull(log);
	logfile_append(log, "after\n", 6);
	logfile_free(log);
	ck_assert(file_read(path, 100, &content, &size, NULL));
	ck_assert_str_eq(content, "before\nafter\n");
}

TEST(log_note_is_a_record)
{
	g_autofree char *path = test_path("a.log");
	g_autofree char *content = NULL;
	gsize size;
	struct logfile *log = logfile_open(test_directory(), "a.log", NULL);

	ck_assert_ptr_nonnull(log);
	logfile_note(log, LOG_WARNING, "number %d", 7);
	logfile_free(log);
	ck_assert(file_read(path, 1000, &content, &size, NULL));
	ck_assert_ptr_nonnull(strstr(content, " level=warning msg=\"number 7\"\n"));
}

TEST(log_follows_no_link)
{
	g_autofree char *target = test_write_file("target", "");
	g_autofree char *path = test_path("a.log");
	g_autoptr(GError) error = NULL;

	ck_assert_int_eq(symlink(target, path), 0);
	ck_assert_ptr_null(logfile_open(test_directory(), "a.log", &error));
	ck_assert_ptr_nonnull(error);
}

static const struct test tests[] = {
	RUN(log_is_private),
	RUN(log_is_bounded),
	RUN(log_goes_on_where_it_was),
	RUN(log_note_is_a_record),
	RUN(log_follows_no_link),
};

TEST_MAIN("proxy-logfile", tests)
