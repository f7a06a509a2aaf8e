/* SPDX-License-Identifier: GPL-2.0-only */
/* Descriptors: waits with deadlines, whole writes, sockets in directories with long paths. */
#include "runner.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"

TEST(fd_clear_closes_and_keeps_errno)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	errno = ENOTTY;
	fd_clear(&fd);
	ck_assert_int_eq(fd, -1);
	fd_clear(&fd);
	ck_assert_int_eq(errno, ENOTTY);
}

TEST(error_carries_errno)
{
	g_autoptr(GError) error = NULL;

	error_set_errno(&error, ENOENT, "open %s", "x");
	test_error_is(error, CC_ERROR_NOT_FOUND, "open x: No such file or directory");
	g_clear_error(&error);
	error_set_errno(&error, EACCES, "open %s", "x");
	test_error_is(error, CC_ERROR_FAILED, "open x: Permission denied");
}

TEST(deadline_left_is_never_negative)
{
	ck_assert_int_eq(deadline_left(deadline_after(-1000)), 0);
	ck_assert_int_eq(deadline_left(deadline_after(G_MAXINT64 / 2)), G_MAXINT);
	ck_assert_int_gt(deadline_left(deadline_after(60 * 1000)), 50 * 1000);
}

TEST(fd_wait_ends_at_the_deadline)
{
	auto_fd int ours = -1;
	auto_fd int theirs = -1;
	g_autoptr(GError) error = NULL;

	test_succeeds(fd_socket_pair(&ours, &theirs, &error), error);
	ck_assert(!fd_wait(ours, POLLIN, deadline_after(10), &error));
	test_error_is(error, CC_ERROR_TIMEOUT, "timed out");
}

TEST(fd_wait_sees_data_and_hang_up)
{
	auto_fd int ours = -1;
	auto_fd int theirs = -1;
	g_autoptr(GError) error = NULL;

	test_succeeds(fd_socket_pair(&ours, &theirs, &error), error);
	test_succeeds(fd_write_all(theirs, "x", 1, &error), error);
	test_succeeds(fd_wait(ours, POLLIN, deadline_after(0), &error), error);
	ck_assert_int_eq(read(ours, &(char){0}, 1), 1);
	fd_clear(&theirs);
	test_succeeds(fd_wait(ours, POLLIN, deadline_after(0), &error), error);
}

TEST(fd_socket_pair_is_close_on_exec)
{
	auto_fd int ours = -1;
	auto_fd int theirs = -1;
	g_autoptr(GError) error = NULL;

	test_succeeds(fd_socket_pair(&ours, &theirs, &error), error);
	ck_assert_int_eq(fcntl(ours, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(fcntl(theirs, F_GETFD), FD_CLOEXEC);
}

TEST(fd_write_all_tells_a_closed_reader)
{
	g_autoptr(GError) error = NULL;
	int ends[2];

	signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	close(ends[0]);
	ck_assert(!fd_write_all(ends[1], "x", 1, &error));
	test_error_is(error, CC_ERROR_FAILED, "write: Broken pipe");
	close(ends[1]);
}

/* A pipe takes 64 KiB at once; the rest needs further calls. */
TEST(fd_write_all_writes_all)
{
	enum { SIZE = 1 << 20 };
	g_autofree char *path = test_path("file");
	g_autofree char *data = g_malloc0(SIZE);
	auto_fd int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	g_autoptr(GError) error = NULL;

	test_succeeds(fd_write_all(fd, data, SIZE, &error), error);
	ck_assert_int_eq(lseek(fd, 0, SEEK_END), SIZE);
}

/* ---- sockets */

/* A directory whose path alone is longer than sun_path. */
static char *make_long_directory(void)
{
	g_autoptr(GString) path = g_string_new(test_directory());

	while (path->len < 2000)
		g_string_append(path, "/a-rather-long-name-of-a-directory");
	ck_assert_int_eq(g_mkdir_with_parents(path->str, 0700), 0);
	return g_string_free(g_steal_pointer(&path), FALSE);
}

TEST(fd_listen_at_takes_long_directories)
{
	g_autofree char *directory = make_long_directory();
	g_autofree char *path = g_build_filename(directory, "proxy.sock", NULL);
	g_autoptr(GError) error = NULL;
	auto_fd int listener = fd_listen_at(directory, "proxy.sock", &error);

	test_succeeds(listener >= 0, error);
	ck_assert_int_eq(g_access(path, F_OK), 0);

	auto_fd int client = fd_connect_at(directory, "proxy.sock", &error);

	test_succeeds(client >= 0, error);
	ck_assert_int_eq(fcntl(client, F_GETFD), FD_CLOEXEC);

	auto_fd int accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	ck_assert_int_ge(accepted, 0);
	test_succeeds(fd_write_all(client, "x", 1, &error), error);
	ck_assert_int_eq(read(accepted, &(char){0}, 1), 1);
}

TEST(fd_connect_at_tells_that_nobody_is_there)
{
	g_autoptr(GError) error = NULL;
	auto_fd int listener = -1;

	ck_assert_int_eq(fd_connect_at(test_directory(), "proxy.sock", &error), -1);
	ck_assert_int_eq(error->code, CC_ERROR_NOT_FOUND);
	g_clear_error(&error);

	/* The socket file of a proxy that was killed. */
	listener = fd_listen_at(test_directory(), "proxy.sock", &error);
	test_succeeds(listener >= 0, error);
	fd_clear(&listener);
	ck_assert_int_eq(fd_connect_at(test_directory(), "proxy.sock", &error), -1);
	ck_assert_int_eq(error->code, CC_ERROR_NOT_FOUND);
}

TEST(fd_listen_at_refuses_a_long_name)
{
	g_autofree char *name = g_strnfill(200, 'x');
	g_autoptr(GError) error = NULL;

	ck_assert_int_eq(fd_listen_at(test_directory(), name, &error), -1);
	ck_assert_int_eq(error->code, CC_ERROR_INVALID);
}

TEST(fd_listen_at_does_not_take_over)
{
	g_autoptr(GError) error = NULL;
	auto_fd int first = fd_listen_at(test_directory(), "proxy.sock", &error);

	test_succeeds(first >= 0, error);
	ck_assert_int_eq(fd_listen_at(test_directory(), "proxy.sock", &error), -1);
	ck_assert_ptr_nonnull(strstr(error->message, "Address already in use"));
}

static const struct test tests[] = {
	RUN(fd_clear_closes_and_keeps_errno),
	RUN(error_carries_errno),
	RUN(deadline_left_is_never_negative),
	RUN(fd_wait_ends_at_the_deadline),
	RUN(fd_wait_sees_data_and_hang_up),
	RUN(fd_socket_pair_is_close_on_exec),
	RUN(fd_write_all_tells_a_closed_reader),
	RUN(fd_write_all_writes_all),
	RUN(fd_listen_at_takes_long_directories),
	RUN(fd_connect_at_tells_that_nobody_is_there),
	RUN(fd_listen_at_refuses_a_long_name),
	RUN(fd_listen_at_does_not_take_over),
};

TEST_MAIN("base-fd", tests)
