/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sits at a terminal for a test: an engine at a console socket, or a person at a shell.
 *
 *	console-recv listen SOCKET STEP…             receives one terminal's master there
 *	console-recv run STEP… -- COMMAND [ARG…]     runs the command in a terminal of its own
 *
 * The steps are done one after the other: "size=ROWSxCOLUMNS" sets the window's size, "send=TEXT"
 * types, "expect=TEXT" waits until that is written (behind what was last waited for). Then all is
 * read until the terminal is hung up. What is written to the terminal is written to stdout as well.
 * The exit status is the command's, as a shell counts, or 0; 125 when something did not happen.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "wire/fdpass.h"

enum {
	/* For each step. A container boots in it. */
	PATIENCE_SECONDS = 90,
	OUTPUT_MAX = 1 << 20,
	STATUS_FAILED = 125,
};

struct console {
	int master;
	/* The command; 0 where we listen. */
	pid_t pid;
	/* All that was written so far, and how much of it was matched. */
	char output[OUTPUT_MAX];
	size_t size;
	size_t matched;
};

static _Noreturn void fail(const char *what, const char *text)
{
	fprintf(stderr, "console-recv: %s: %s\n", what, text);
	exit(STATUS_FAILED);
}

static _Noreturn void fail_errno(const char *what)
{
	fail(what, strerror(errno));
}

static void wait_for(int fd, time_t deadline, const char *what)
{
	struct pollfd entry = {.fd = fd, .events = POLLIN};
	time_t left = deadline - time(NULL);

	if (left <= 0 || poll(&entry, 1, (int)left * 1000) == 0)
		fail(what, "waited for too long");
}

/* False: the terminal is hung up. */
static bool read_some(struct console *console, time_t deadline, const char *what)
{
	ssize_t got;

	wait_for(console->master, deadline, what);
	got = read(console->master, console->output + console->size, OUTPUT_MAX - console->size);
	if (got < 0 && errno == EINTR)
		return true;
	if (got <= 0)
		return false;
	if (write(STDOUT_FILENO, console->output + console->size, (size_t)got) != got)
		fail_errno("stdout");
	console->size += (size_t)got;
	return true;
}

static void set_size(struct console *console, const char *value)
{
	struct winsize size = {0};

	if (sscanf(value, "%hux%hu", &size.ws_row, &size.ws_col) != 2)
		fail("not a size", value);
	if (ioctl(console->master, TIOCSWINSZ, &size) < 0)
		fail_errno("set the size");
}

static void send_text(struct console *console, const char *text)
{
	size_t size = strlen(text);

	if (write(console->master, text, size) != (ssize_t)size)
		fail_errno("type");
}

static void expect(struct console *console, const char *text)
{
	time_t deadline = time(NULL) + PATIENCE_SECONDS;
	const char *found;

	for (;;) {
		const char *from = console->output + console->matched;

		found = memmem(from, console->size - console->matched, text, strlen(text));
		if (found != NULL)
			break;
		if (!read_some(console, deadline, text))
			fail("hung up before", text);
	}
	console->matched = (size_t)(found - console->output) + strlen(text);
}

static const struct {
	const char *name;
	void (*run)(struct console *console, const char *value);
} steps[] = {
	{"size=", set_size},
	{"send=", send_text},
	{"expect=", expect},
};

static void do_step(struct console *console, const char *step)
{
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		size_t size = strlen(steps[i].name);

		if (strncmp(step, steps[i].name, size) == 0) {
			steps[i].run(console, step + size);
			return;
		}
	}
	fail("not a step", step);
}

static int receive_master(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	time_t deadline = time(NULL) + PATIENCE_SECONDS;
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int fds[FDPASS_MAX];
	size_t n_fds = 0;
	char name[4096];
	int peer;

	if (strlen(path) >= sizeof address.sun_path)
		fail("too long", path);
	strcpy(address.sun_path, path);
	if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) < 0 ||
		listen(listener, 1) < 0)
		fail_errno(path);
	wait_for(listener, deadline, path);
	peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (peer < 0)
		fail_errno(path);
	wait_for(peer, deadline, path);
	if (fdpass_receive(peer, name, sizeof name, fds, &n_fds) <= 0 || n_fds != 1)
		fail(path, "no terminal came");
	close(peer);
	close(listener);
	unlink(path);
	return fds[0];
}

/* The command starts in a terminal that has its first size already. */
static void run_command(struct console *console, const char *size, char **command)
{
	struct winsize winsize = {.ws_row = 24, .ws_col = 80};

	if (size != NULL && sscanf(size, "size=%hux%hu", &winsize.ws_row, &winsize.ws_col) != 2)
		fail("not a size", size);
	console->pid = forkpty(&console->master, NULL, NULL, &winsize);
	if (console->pid < 0)
		fail_errno("forkpty");
	if (console->pid == 0) {
		execvp(*command, command);
		fail_errno(*command);
	}
	fcntl(console->master, F_SETFD, FD_CLOEXEC);
}

/* The steps end where the command begins. */
static char **find_command(char **steps_)
{
	while (*steps_ != NULL && strcmp(*steps_, "--") != 0)
		steps_++;
	if (*steps_ == NULL || steps_[1] == NULL)
		fail("run", "no command");
	*steps_ = NULL;
	return steps_ + 1;
}

static int end(struct console *console)
{
	time_t deadline = time(NULL) + PATIENCE_SECONDS;
	int status;

	while (read_some(console, deadline, "the end"))
		;
	if (console->pid == 0)
		return 0;
	if (waitpid(console->pid, &status, 0) < 0)
		fail_errno("wait");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	static struct console console;
	char **step = argv + 2;

	if (argc > 2 && strcmp(argv[1], "listen") == 0) {
		console.master = receive_master(*step++);
	} else if (argc > 2 && strcmp(argv[1], "run") == 0) {
		char **command = find_command(step);
		bool sized = *step != NULL && strncmp(*step, "size=", 5) == 0;

		run_command(&console, sized ? *step++ : NULL, command);
	} else {
		fail("usage", "listen SOCKET STEP… | run STEP… -- COMMAND [ARG…]");
	}
	for (; *step != NULL; step++)
		do_step(&console, *step);
	return end(&console);
}
