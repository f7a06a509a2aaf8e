/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The floor under every start: QEMU alone, with the command line that the runtime gives it, and
 * floor-init.c for an agent.
 *
 *   floor make RAM STATE MIB QEMU ARGUMENT…    boots, and saves the VM as a template
 *   floor clone RAM STATE MIB QEMU ARGUMENT…   clones it, runs true in it, ends it
 *   floor boot RAM STATE MIB QEMU ARGUMENT…    the same with a boot (RAM and STATE are not used)
 *
 * The last two print three times in microseconds, from before QEMU is started: until the guest
 * answers, until true has ended in it, until QEMU is gone.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/hypervisor.h"

enum {
	FD_STATE = 7,
	TIMEOUT_MS = 120 * 1000,
	ARGUMENTS_MAX = 256,
	ARGUMENTS_ADDED = 8,
};

#define CAPABILITY                                                                                 \
	"{\"execute\":\"qmp_capabilities\"}"                                                       \
	"{\"execute\":\"migrate-set-capabilities\",\"arguments\":{\"capabilities\":"               \
	"[{\"capability\":\"x-ignore-shared\",\"state\":true}]}}"
#define NAME "{\"execute\":\"getfd\",\"arguments\":{\"fdname\":\"state\"}}"
#define SAVE "{\"execute\":\"migrate\",\"arguments\":{\"uri\":\"fd:state\"}}"
#define LOAD CAPABILITY "{\"execute\":\"migrate-incoming\",\"arguments\":{\"uri\":\"fd:7\"}}"
#define ASK  "{\"execute\":\"query-migrate\"}"

struct machine {
	pid_t pid;
	int qmp;
	int control;
};

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

static void wait_for(int fd)
{
	struct pollfd slot = {.fd = fd, .events = POLLIN};

	if (poll(&slot, 1, TIMEOUT_MS) != 1)
		errx(1, "no answer in %d s", TIMEOUT_MS / 1000);
}

static void say(int fd, const char *text)
{
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		err(1, "write");
}

/* Only a descriptor that was sent can be saved to. */
static void say_with(int socket, const char *text, int fd)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {.header = {.cmsg_level = SOL_SOCKET,
			     .cmsg_type = SCM_RIGHTS,
			     .cmsg_len = CMSG_LEN(sizeof(int))}};
	struct iovec bytes = {.iov_base = (void *)text, .iov_len = strlen(text)};
	struct msghdr message = {.msg_iov = &bytes,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control};

	memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
	if (sendmsg(socket, &message, 0) != (ssize_t)bytes.iov_len)
		err(1, "sendmsg");
}

/* Reads until the byte comes. */
static void expect(int fd, char wanted)
{
	char byte = 0;

	while (byte != wanted) {
		wait_for(fd);
		if (read(fd, &byte, 1) != 1)
			errx(1, "the guest is gone");
	}
}

/* Becomes QEMU, with its four sockets and the state file where its command line says. */
static void become_hypervisor(int sockets[][2], int state, char **arguments)
{
	for (int fd = HYPERVISOR_FD_QMP; fd <= HYPERVISOR_FD_CONSOLE; fd++)
		dup2(sockets[fd - HYPERVISOR_FD_QMP][1], fd);
	dup2(state, FD_STATE);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	execv(arguments[0], arguments);
	err(1, "%s", arguments[0]);
}

/* Descriptors from 100 on, so that none is where another must go. */
static struct machine start(char **arguments, int state, const char *qmp, const char *control)
{
	enum { SOCKETS = HYPERVISOR_FD_CONSOLE - HYPERVISOR_FD_QMP + 1, ASIDE = 100 };

	int sockets[SOCKETS][2];

	for (int i = 0; i < SOCKETS; i++) {
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, sockets[i]) < 0)
			err(1, "socketpair");
		for (int end = 0; end < 2; end++) {
			int low = sockets[i][end];

			sockets[i][end] = fcntl(low, F_DUPFD_CLOEXEC, ASIDE);
			close(low);
		}
	}
	say(sockets[0][0], qmp);
	say(sockets[1][0], control);

	pid_t pid = fork();

	if (pid == 0)
		become_hypervisor(sockets, state, arguments);
	for (int i = 0; i < SOCKETS; i++)
		close(sockets[i][1]);
	return (struct machine){.pid = pid, .qmp = sockets[0][0], .control = sockets[1][0]};
}

static void end(const struct machine *machine)
{
	kill(machine->pid, SIGKILL);
	waitpid(machine->pid, NULL, 0);
}

/* Asks until it is saved. */
static void wait_saved(int qmp)
{
	char text[16 << 10];
	ssize_t got = 1;

	for (;;) {
		say(qmp, ASK);
		wait_for(qmp);
		got = read(qmp, text, sizeof text - 1);
		if (got <= 0)
			errx(1, "QEMU is gone");
		text[got] = '\0';
		if (strstr(text, "\"completed\"") != NULL)
			return;
		if (strstr(text, "\"failed\"") != NULL || strstr(text, "\"error\"") != NULL)
			errx(1, "not saved: %s", text);
		usleep(1000);
	}
}

static void make(char **arguments, int state)
{
	struct machine machine = start(arguments, state, "", "");

	expect(machine.control, 'R');
	say(machine.qmp, CAPABILITY);
	say_with(machine.qmp, NAME, state);
	say(machine.qmp, SAVE);
	wait_saved(machine.qmp);
	end(&machine);
}

static void run(char **arguments, int state, const char *qmp)
{
	int64_t begin = now();
	struct machine machine = start(arguments, state, qmp, "P");
	int64_t ready;
	int64_t done;

	expect(machine.control, 'p');
	ready = now() - begin;
	say(machine.control, "G");
	expect(machine.control, 'D');
	done = now() - begin;
	end(&machine);
	printf("%lld %lld %lld\n", (long long)ready, (long long)done, (long long)(now() - begin));
}

int main(int argc, char **argv)
{
	char *arguments[ARGUMENTS_MAX + ARGUMENTS_ADDED] = {NULL};
	char memory[4096];
	int n = argc - 5;

	if (n < 1 || n > ARGUMENTS_MAX)
		errx(2, "usage: floor make|clone|boot RAM STATE MIB QEMU ARGUMENT...");

	bool makes = strcmp(argv[1], "make") == 0;
	bool boots = strcmp(argv[1], "boot") == 0;
	int state = open(argv[3], makes ? O_RDWR | O_CREAT | O_TRUNC : O_RDONLY, 0600);

	state = fcntl(state, F_DUPFD_CLOEXEC, 100);
	if (state < 0)
		err(1, "%s", argv[3]);
	memcpy(arguments, argv + 5, (size_t)n * sizeof *argv);
	snprintf(memory, sizeof memory, "memory-backend-file,id=ram,size=%sM,mem-path=%s,share=%s",
		argv[4], argv[2], makes ? "on" : "off");
	if (!boots) {
		arguments[n++] = "-object";
		arguments[n++] = memory;
		arguments[n++] = "-machine";
		arguments[n++] = "memory-backend=ram";
	}
	if (!boots && !makes) {
		arguments[n++] = "-incoming";
		arguments[n++] = "defer";
	}
	if (makes)
		make(arguments, state);
	else
		run(arguments, state, boots ? "" : LOAD);
	return 0;
}
