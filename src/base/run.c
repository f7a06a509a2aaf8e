/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs a program to its end. */
#include "base/run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/interrupt.h"
#include "base/spawn.h"
#include "base/timeouts.h"

enum {
	/* Of what it says on stderr, so much is kept: the end, where the reason is. */
	WORDS_MAX = 2048,
};

struct running {
	pid_t pid;
	/* Readable when it has ended. */
	int end;
	/* Its stderr; -1: closed. */
	int stderr_fd;
	GString *words;
};

/* A file, so that nothing is ever waited for: the program reads as much of it as it likes. */
static int open_input(const char *text, GError **error)
{
	auto_fd int fd = memfd_create("stdin", MFD_CLOEXEC);

	if (fd < 0) {
		error_set_errno(error, errno, "memfd_create");
		return -1;
	}
	if (!fd_write_all(fd, text, strlen(text), error))
		return -1;
	if (lseek(fd, 0, SEEK_SET) < 0) {
		error_set_errno(error, errno, "lseek");
		return -1;
	}
	return g_steal_fd(&fd);
}

static gboolean start(const struct run *run, struct running *running, GError **error)
{
	auto_fd int input = open_input(run->input, error);
	int words[2];

	if (input < 0)
		return FALSE;
	if (pipe2(words, O_CLOEXEC) < 0) {
		error_set_errno(error, errno, "pipe");
		return FALSE;
	}

	auto_fd int words_write = words[1];
	const int fds[] = {input, -1, words_write};
	struct spawn spawn = {
		.path = run->path,
		.argv = run->argv,
		.environment = run->environment,
		.fds = fds,
		.n_fds = G_N_ELEMENTS(fds),
		.network_namespace = -1,
		.new_session = TRUE,
	};

	running->stderr_fd = words[0];
	if (!fd_set_nonblocking(running->stderr_fd, error))
		return FALSE;
	running->pid = spawn_process(&spawn, error);
	if (running->pid < 0)
		return FALSE;
	running->end = (int)syscall(SYS_pidfd_open, running->pid, 0);
	if (running->end >= 0)
		return TRUE;
	error_set_errno(error, errno, "pidfd_open");
	return FALSE;
}

/* Takes what is there now. */
static void read_words(struct running *running)
{
	char chunk[4096];
	gssize got;

	do {
		got = read(running->stderr_fd, chunk, sizeof chunk);
		if (got > 0)
			g_string_append_len(running->words, chunk, got);
		if (running->words->len > WORDS_MAX)
			g_string_erase(running->words, 0, (gssize)running->words->len - WORDS_MAX);
	} while (got > 0 || (got < 0 && errno == EINTR));
	if (got == 0)
		fd_clear(&running->stderr_fd);
}

static gboolean wait_for_end(struct running *running, gint64 timeout, GError **error)
{
	gint64 deadline = deadline_after(timeout);

	for (;;) {
		struct pollfd entries[] = {
			{.fd = running->end, .events = POLLIN},
			{.fd = running->stderr_fd, .events = POLLIN},
		};
		int ready = interrupt_poll(entries, G_N_ELEMENTS(entries), deadline_left(deadline));

		if (ready == 0) {
			g_set_error(error, CC_ERROR, CC_ERROR_TIMEOUT,
				"not done within %" G_GINT64_FORMAT " ms, killed", timeout);
			return FALSE;
		}
		if (ready < 0 && errno != EINTR) {
			error_set_errno(error, errno, "poll");
			return FALSE;
		}
		if (ready < 0 && interrupt_signal() != 0) {
			g_set_error(error, CC_ERROR, CC_ERROR_FAILED, "interrupted by signal %d",
				interrupt_signal());
			return FALSE;
		}
		if (ready > 0 && entries[1].revents)
			read_words(running);
		if (ready > 0 && entries[0].revents)
			return TRUE;
	}
}

/* Behind wait_for_end: it is a zombie, or about to be one. */
static int reap(const struct running *running)
{
	int status = 0;

	while (waitpid(running->pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

/* Says the words behind an error, if there were any. */
static void add_words(const struct running *running, GError **error)
{
	g_autofree char *words = g_utf8_make_valid(running->words->str, -1);

	g_strstrip(words);
	if (*words == '\0' || error == NULL || *error == NULL)
		return;

	g_autofree char *message = g_strdup_printf("%s: %s", (*error)->message, words);

	g_free((*error)->message);
	(*error)->message = g_steal_pointer(&message);
}

static gboolean check_status(int status, GError **error)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return TRUE;
	if (WIFEXITED(status))
		g_set_error(
			error, CC_ERROR, CC_ERROR_FAILED, "exit status %d", WEXITSTATUS(status));
	else
		g_set_error(
			error, CC_ERROR, CC_ERROR_FAILED, "killed by signal %d", WTERMSIG(status));
	return FALSE;
}

/* One that cannot even be killed, stuck in the kernel, is left to itself. */
static void kill_group(const struct running *running)
{
	(void)kill(-running->pid, SIGKILL);
	if (running->end < 0 ||
		fd_wait(running->end, POLLIN, deadline_after(TIMEOUT_PROCESS_EXIT_MS), NULL))
		(void)reap(running);
}

gboolean run_program(const struct run *run, GError **error)
{
	struct running running = {.pid = -1, .end = -1, .stderr_fd = -1};
	gboolean done = FALSE;

	running.words = g_string_new(NULL);
	if (start(run, &running, error) && wait_for_end(&running, run->timeout, error))
		done = check_status(reap(&running), error);
	else if (running.pid > 0)
		kill_group(&running);
	if (running.stderr_fd >= 0)
		read_words(&running);
	if (!done)
		add_words(&running, error);
	g_string_free(running.words, TRUE);
	fd_clear(&running.end);
	fd_clear(&running.stderr_fd);
	return done;
}
