/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages of containers for the service manager. */
#include "runner.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "proxy/notify.h"

static const struct {
	const char *text;
	const char *passed;
} samples[] = {
	{"READY=1", "READY=1"},
	{"READY=1\nSTATUS=all is well\n", "READY=1\nSTATUS=all is well"},
	{"MAINPID=1\nREADY=1", "READY=1"},
	{"MAINPID=1", ""},
	{"FDSTORE=1\nFDNAME=x\nNOTIFYACCESS=all\nMONOTONIC_USEC=5", ""},
	{"STATUS=a\rMAINPID=1", "STATUS=a\rMAINPID=1"},
	{" READY=1\nready=1\nX_MINE=2", "X_MINE=2"},
	{"", ""},
};

TEST(notify_passes_only_the_services_own_state)
{
	g_autofree char *passed = notify_filter(samples[_i].text);

	ck_assert_str_eq(passed, samples[_i].passed);
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int on = 1;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on), 0);
	return fd;
}

/* The next message is this text, of this process. */
static void expect(int fd, const char *text, pid_t pid)
{
	char bytes[256] = "";
	char control[CMSG_SPACE(sizeof(struct ucred))];
	struct iovec data = {.iov_base = bytes, .iov_len = sizeof bytes - 1};
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof control,
	};
	struct ucred sender;

	ck_assert_int_gt(recvmsg(fd, &message, MSG_DONTWAIT), 0);
	ck_assert_str_eq(bytes, text);
	ck_assert_ptr_nonnull(CMSG_FIRSTHDR(&message));
	memcpy(&sender, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof sender);
	ck_assert_int_eq(sender.pid, pid);
}

TEST(notify_speaks_in_the_name_of_the_process)
{
	g_autofree char *path = test_path("socket");
	g_autoptr(GError) error = NULL;
	struct logfile *log = logfile_open(test_directory(), "log", &error);
	struct notify *notify = notify_new(log);
	int fd = listen_at(path);

	test_succeeds(notify_add(notify, "c1", path, 0, &error), error);
	notify_pass(notify, "c1", "READY=1");
	expect(fd, "READY=1", getpid());
	/* In another's name only as root; without being so, it is said all the same. */
	test_succeeds(notify_add(notify, "c1", path, getppid(), &error), error);
	notify_pass(notify, "c1", "STATUS=x\nMAINPID=1");
	expect(fd, "STATUS=x", geteuid() == 0 ? getppid() : getpid());
	notify_pass(notify, "c2", "READY=1");
	ck_assert_int_lt(recv(fd, &(char){0}, 1, MSG_DONTWAIT), 0);
	close(fd);
	notify_free(notify);
	logfile_free(log);
}

TEST(notify_takes_only_paths_of_sockets)
{
	g_autofree char *long_path = g_strnfill(200, '/');
	const char *const bad[] = {"@abstract", "run/notify", "", long_path};
	struct notify *notify = notify_new(NULL);

	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;

		ck_assert(!notify_add(notify, "c1", bad[i], 0, &error));
		ck_assert_int_eq(error->code, CC_ERROR_INVALID);
	}
	notify_free(notify);
}

static const struct test tests[] = {
	RUN_EACH(notify_passes_only_the_services_own_state, G_N_ELEMENTS(samples)),
	RUN(notify_speaks_in_the_name_of_the_process),
	RUN(notify_takes_only_paths_of_sockets),
};

TEST_MAIN("proxy-notify", tests)
