/* SPDX-License-Identifier: GPL-2.0-only */
/* Whole files and trees. */
#include "runner.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

static void make_directory(const char *path)
{
	ck_assert_int_eq(g_mkdir_with_parents(path, 0700), 0);
}

static guint count_entries(const char *path)
{
	g_autoptr(GDir) listing = g_dir_open(path, 0, NULL);
	guint n = 0;

	ck_assert_ptr_nonnull(listing);
	while (g_dir_read_name(listing) != NULL)
		n++;
	return n;
}

/* ---- reading */

TEST(file_read_keeps_every_byte)
{
	static const char content[] = "a\0b\n";
	g_autofree char *path = test_path("file");
	g_autofree char *data = NULL;
	g_autoptr(GError) error = NULL;
	gsize size;

	ck_assert(g_file_set_contents(path, content, sizeof content - 1, NULL));
	test_succeeds(file_read(path, sizeof content - 1, &data, &size, &error), error);
	ck_assert_uint_eq(size, sizeof content - 1);
	ck_assert_mem_eq(data, content, sizeof content);
}

TEST(file_read_refuses_a_larger_one)
{
	g_autofree char *path = test_write_file("file", "12345");
	g_autofree char *expected = g_strdup_printf("%s: larger than 4 bytes", path);
	g_autofree char *data = NULL;
	g_autoptr(GError) error = NULL;
	gsize size;

	ck_assert(!file_read(path, 4, &data, &size, &error));
	test_error_is(error, CC_ERROR_INVALID, expected);
}

TEST(file_read_of_an_empty_file_is_a_string)
{
	g_autofree char *path = test_write_file("file", "");
	g_autofree char *data = NULL;
	g_autoptr(GError) error = NULL;
	gsize size;

	test_succeeds(file_read(path, 0, &data, &size, &error), error);
	ck_assert_uint_eq(size, 0);
	ck_assert_str_eq(data, "");
}

TEST(file_read_tells_what_is_no_file)
{
	g_autofree char *data = NULL;
	g_autoptr(GError) error = NULL;
	gsize size;

	ck_assert(!file_read(test_directory(), 100, &data, &size, &error));
	ck_assert_int_eq(error->code, CC_ERROR_FAILED);
	ck_assert(g_str_has_prefix(error->message, test_directory()));
}

/* ---- writing */

TEST(file_write_atomic_replaces)
{
	g_autofree char *path = test_write_file("file", "old");
	g_autofree char *data = NULL;
	g_autoptr(GError) error = NULL;
	GStatBuf status;

	test_succeeds(file_write_atomic(path, "new", 3, 0640, &error), error);
	ck_assert(g_file_get_contents(path, &data, NULL, NULL));
	ck_assert_str_eq(data, "new");
	ck_assert_int_eq(g_stat(path, &status), 0);
	ck_assert_int_eq(status.st_mode & 07777, 0640);
	ck_assert_uint_eq(count_entries(test_directory()), 1);
}

/* A directory cannot be replaced: what was written beside it must not stay. */
TEST(file_write_atomic_leaves_nothing_when_it_fails)
{
	g_autofree char *path = test_path("directory");
	g_autoptr(GError) error = NULL;

	make_directory(path);
	ck_assert(!file_write_atomic(path, "new", 3, 0600, &error));
	ck_assert_ptr_nonnull(error);
	ck_assert_uint_eq(count_entries(test_directory()), 1);
}

TEST(file_write_atomic_tells_a_missing_directory)
{
	g_autofree char *path = test_path("missing/file");
	g_autoptr(GError) error = NULL;

	ck_assert(!file_write_atomic(path, "new", 3, 0600, &error));
	ck_assert_int_eq(error->code, CC_ERROR_NOT_FOUND);
}

/* ---- removing */

TEST(file_remove_tree_removes_all_of_it)
{
	g_autofree char *tree = test_path("tree");
	g_autofree char *deep = test_path("tree/a/b/c");
	g_autofree char *file = NULL;
	g_autoptr(GError) error = NULL;

	make_directory(deep);
	file = test_write_file("tree/a/b/file", "x");
	ck_assert_int_eq(chmod(file, 0), 0);
	test_succeeds(file_remove_tree(tree, &error), error);
	ck_assert_int_ne(g_access(tree, F_OK), 0);
}

TEST(file_remove_tree_of_nothing_is_no_error)
{
	g_autofree char *tree = test_path("tree");
	g_autoptr(GError) error = NULL;

	test_succeeds(file_remove_tree(tree, &error), error);
}

TEST(file_remove_tree_follows_no_link)
{
	g_autofree char *tree = test_path("tree");
	g_autofree char *link = test_path("tree/link");
	g_autofree char *outside = test_path("outside");
	g_autofree char *file = NULL;
	g_autoptr(GError) error = NULL;

	make_directory(tree);
	make_directory(outside);
	file = test_write_file("outside/file", "x");
	ck_assert_int_eq(symlink(outside, link), 0);
	test_succeeds(file_remove_tree(tree, &error), error);
	ck_assert_int_eq(g_access(file, F_OK), 0);
}

/* Not even when the tree itself is the link. */
TEST(file_remove_tree_does_not_follow_its_own_path)
{
	g_autofree char *link = test_path("link");
	g_autofree char *outside = test_path("outside");
	g_autofree char *file = NULL;
	g_autoptr(GError) error = NULL;

	make_directory(outside);
	file = test_write_file("outside/file", "x");
	ck_assert_int_eq(symlink(outside, link), 0);
	test_succeeds(file_remove_tree(link, &error), error);
	ck_assert_int_eq(g_access(file, F_OK), 0);
	ck_assert(!g_file_test(link, G_FILE_TEST_IS_SYMLINK));
}

/* What is mounted belongs to somebody else; its files must survive. Needs root. */
TEST(file_remove_tree_stops_at_a_mount)
{
	g_autofree char *tree = test_path("tree");
	g_autofree char *mount_point = test_path("tree/mount");
	g_autofree char *file = NULL;
	g_autoptr(GError) error = NULL;

	if (geteuid() != 0)
		return;
	make_directory(mount_point);
	ck_assert_int_eq(mount("tmpfs", mount_point, "tmpfs", 0, NULL), 0);
	file = test_write_file("tree/mount/file", "x");

	gboolean removed = file_remove_tree(tree, &error);
	int still_there = g_access(file, F_OK);

	ck_assert_int_eq(umount(mount_point), 0);
	ck_assert(!removed);
	ck_assert_ptr_nonnull(error);
	ck_assert_int_eq(still_there, 0);
}

static const struct test tests[] = {
	RUN(file_read_keeps_every_byte),
	RUN(file_read_refuses_a_larger_one),
	RUN(file_read_of_an_empty_file_is_a_string),
	RUN(file_read_tells_what_is_no_file),
	RUN(file_write_atomic_replaces),
	RUN(file_write_atomic_leaves_nothing_when_it_fails),
	RUN(file_write_atomic_tells_a_missing_directory),
	RUN(file_remove_tree_removes_all_of_it),
	RUN(file_remove_tree_of_nothing_is_no_error),
	RUN(file_remove_tree_follows_no_link),
	RUN(file_remove_tree_does_not_follow_its_own_path),
	RUN(file_remove_tree_stops_at_a_mount),
};

TEST_MAIN("base-file", tests)
