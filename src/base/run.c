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
	/* And of stdout, where it is wanted: the beginning. */
	OUTPUT_MAX = 64 << 10,
};

struct running {
	pid_t pid;
	/* Readable when it has ended. */
	int end;
	/* Our ends of its stdout and stderr; -1: closed. */
	int output_fd;
	int words_fd;
	/* NULL: not wanted. */
	GString *output;
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

/* Our end does not block. */
static gboolean make_pipe(int *out_ours, int *out_theirs, GError **error)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0) {
		error_set_errno(error, errno, "pipe");
		return FALSE;
	}
	*out_ours = ends[0];
	*out_theirs = ends[1];
	return fd_set_nonblocking(*out_ours, error);
}

static gboolean start(const struct run *run, struct running *running, GError **error)
{
	auto_fd int input = open_input(run->input, error);
	auto_fd int output = -1;
	auto_fd int words = -1;

	if (input < 0 || !make_pipe(&running->words_fd, &words, error) ||
		(run->output != NULL && !make_pipe(&running->output_fd, &output, error)))
		return FALSE;

	const int fds[] = {input, output, words};
	struct spawn spawn = {
		.path = run->path,
		.argv = run->argv,
		.environment = run->environment,
		.fds = fds,
		.n_fds = G_N_ELEMENTS(fds),
		.network_namespace = -1,
		.new_session = TRUE,
	};

	running->pid = spawn_process(&spawn, error);
	if (running->pid < 0)
		return FALSE;
	running->end = (int)syscall(SYS_pidfd_open, running->pid, 0);
	if (running->end >= 0)
		return TRUE;
	error_set_errno(error, errno, "pidfd_open");
	return FALSE;
}

/* Takes what is there now; closes the descriptor at its end of file. */
static void take(int *fd, GString *text, gsize most, gboolean keep_end)
{
	char chunk[4096];
	gssize got = -1;

	if (*fd < 0)
		return;
	do {
		got = read(*fd, chunk, sizeof chunk);
		if (got > 0)
			g_string_append_len(text, chunk, got);
		if (text->len > most && keep_end)
			g_string_erase(text, 0, (gssize)(text->len - most));
		else if (text->len > most)
			g_string_truncate(text, most);
	} while (got > 0 || (got < 0 && errno == EINTR));
	if (got == 0)
		fd_clear(fd);
}

static void take_all(struct running *running)
{
	take(&running->output_fd, running->output, OUTPUT_MAX, FALSE);
	take(&running->words_fd, running->words, WORDS_MAX, TRUE);
}

static gboolean wait_for_end(struct running *running, gint64 timeout, GError **error)
{
	gint64 deadline = deadline_after(timeout);

	for (;;) {
		struct pollfd entries[] = {
			{.fd = running->end, .events = POLLIN},
			{.fd = running->output_fd, .events = POLLIN},
			{.fd = running->words_fd, .events = POLLIN},
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
		take_all(running);
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
	struct running running = {.pid = -1, .end = -1, .output_fd = -1, .words_fd = -1};
	gboolean done = FALSE;

	running.output = run->output;
	running.words = g_string_new(NULL);
	if (start(run, &running, error) && wait_for_end(&running, run->timeout, error))
		done = check_status(reap(&running), error);
	else if (running.pid > 0)
		kill_group(&running);
	take_all(&running);
	if (!done)
		add_words(&running, error);
	g_string_free(running.words, TRUE);
	fd_clear(&running.end);
	fd_clear(&running.output_fd);
	fd_clear(&running.words_fd);
	return done;
}
