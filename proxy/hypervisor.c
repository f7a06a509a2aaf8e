/* SPDX-License-Identifier: GPL-2.0-only */
/* Starts, logs and reaps QEMU. */
#include "proxy/hypervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/spawn.h"
#include "base/timeouts.h"
#include "base/trace.h"
#include "proxy/watch.h"
#include "wire/channel.h"

enum {
	LAST_WORDS_MAX = 2048,
	READ_SIZE = 16 << 10,
};

struct hypervisor {
	pid_t pid;
	/* Readable once it has ended. */
	int pidfd;
	struct watch pid_watch;
	/* Its stdout and stderr. */
	int output;
	struct watch output_watch;
	GString *words;
	struct logfile *log;
	guint kill_timer;
	/* For the timeline. */
	gint64 killed;
	hypervisor_ended_func ended;
	void *data;
};

const char *const hypervisor_socket_names[HYPERVISOR_SOCKETS] = {
	[HYPERVISOR_QMP] = "qmp",
	[HYPERVISOR_CONTROL] = "control",
	[HYPERVISOR_TTY] = "tty",
	[HYPERVISOR_CONSOLE] = "console",
};

static const char *const environment[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	"HOME=/",
	NULL,
};

/* Takes up to one buffer of its output; FALSE when there is none (now, or any more). */
static gboolean read_output(struct hypervisor *hypervisor)
{
	char data[READ_SIZE];
	gssize got = read(hypervisor->output, data, sizeof data);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return FALSE;
	if (got <= 0) {
		watch_clear(&hypervisor->output_watch);
		return FALSE;
	}
	logfile_append(hypervisor->log, data, (gsize)got);
	g_string_append_len(hypervisor->words, data, got);
	if (hypervisor->words->len > LAST_WORDS_MAX)
		g_string_erase(
			hypervisor->words, 0, (gssize)(hypervisor->words->len - LAST_WORDS_MAX));
	return TRUE;
}

static void on_output(GIOCondition condition, void *data)
{
	(void)condition;
	(void)read_output(data);
}

char *hypervisor_last_words(const struct hypervisor *hypervisor)
{
	g_autofree char *raw = g_strndup(hypervisor->words->str, hypervisor->words->len);
	char *words = g_utf8_make_valid(g_strstrip(raw), -1);

	for (char *c = words; *c != '\0'; c++)
		if (g_ascii_iscntrl(*c))
			*c = *c == '\n' ? ';' : ' ';
	return words;
}

static char *describe_end(const struct hypervisor *hypervisor, int status)
{
	g_autofree char *words = hypervisor_last_words(hypervisor);
	const char *colon = *words != '\0' ? ": " : "";

	if (WIFSIGNALED(status))
		return g_strdup_printf("killed by signal %d%s%s", WTERMSIG(status), colon, words);
	return g_strdup_printf("exit status %d%s%s", WEXITSTATUS(status), colon, words);
}

static void report_end(struct hypervisor *hypervisor, const char *words)
{
	hypervisor->pid = 0;
	trace_end("kill hypervisor", hypervisor->killed);
	watch_clear(&hypervisor->pid_watch);
	timer_clear(&hypervisor->kill_timer);
	logfile_note(hypervisor->log, LOG_INFO, "hypervisor ended: %s", words);
	hypervisor->ended(words, hypervisor->data);
}

static void on_end(GIOCondition condition, void *data)
{
	struct hypervisor *hypervisor = data;
	int status;

	(void)condition;
	if (waitpid(hypervisor->pid, &status, WNOHANG) != hypervisor->pid)
		return;
	/* The pipe's buffer bounds this; a grandchild cannot keep us here. */
	for (int i = 0; i < 16 && read_output(hypervisor); i++)
		;

	g_autofree char *words = describe_end(hypervisor, status);

	report_end(hypervisor, words);
}

static gboolean on_kill_timeout(void *data)
{
	struct hypervisor *hypervisor = data;

	hypervisor->kill_timer = 0;
	report_end(hypervisor, "killed, but it does not end");
	return G_SOURCE_REMOVE;
}

void hypervisor_kill(struct hypervisor *hypervisor)
{
	if (hypervisor->pid == 0 || hypervisor->kill_timer != 0)
		return;
	/* Our child, not reaped yet: the pid cannot be another's. */
	(void)kill(hypervisor->pid, SIGKILL);
	hypervisor->killed = trace_begin();
	hypervisor->kill_timer =
		g_timeout_add(TIMEOUT_PROCESS_EXIT_MS, on_kill_timeout, hypervisor);
}

pid_t hypervisor_pid(const struct hypervisor *hypervisor)
{
	return hypervisor->pid;
}

static pid_t execute(const struct hypervisor_config *config, int output, GError **error)
{
	int fds[HYPERVISOR_FD_LAST_PASSED + 1] = {-1, output, output};
	g_autofree char *path = g_find_program_in_path(config->argv[0]);

	for (int i = 0; i < HYPERVISOR_SOCKETS; i++)
		fds[HYPERVISOR_FD_QMP + i] = config->sockets[i];
	for (int i = HYPERVISOR_FD_FIRST_PASSED; i <= HYPERVISOR_FD_LAST_PASSED; i++)
		fds[i] = -1;
	for (gsize i = 0; i < config->n_descriptors; i++)
		fds[config->descriptors[i].number] = config->descriptors[i].fd;
	if (path == NULL) {
		g_set_error(error, CC_ERROR, CC_ERROR_NOT_FOUND, "hypervisor %s: no such program",
			config->argv[0]);
		return -1;
	}

	struct spawn spawn = SPAWN_INIT;

	spawn.path = path;
	spawn.argv = config->argv;
	spawn.environment = environment;
	spawn.fds = fds;
	spawn.n_fds = G_N_ELEMENTS(fds);
	spawn.die_with_parent = TRUE;
	return spawn_process(&spawn, error);
}

struct hypervisor *hypervisor_start(const struct hypervisor_config *config, GError **error)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0) {
		error_set_errno(error, errno, "pipe");
		return NULL;
	}

	auto_fd int read_end = ends[0];
	auto_fd int write_end = ends[1];

	if (!fd_set_nonblocking(read_end, error))
		return NULL;

	pid_t pid = execute(config, write_end, error);

	if (pid < 0)
		return NULL;

	auto_fd int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (pidfd < 0) {
		error_set_errno(error, errno, "pidfd_open");
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
		return NULL;
	}

	struct hypervisor *hypervisor = g_new0(struct hypervisor, 1);

	hypervisor->pid = pid;
	hypervisor->pidfd = g_steal_fd(&pidfd);
	hypervisor->output = g_steal_fd(&read_end);
	hypervisor->words = g_string_new(NULL);
	hypervisor->log = config->log;
	hypervisor->ended = config->ended;
	hypervisor->data = config->data;
	watch_init(&hypervisor->pid_watch, hypervisor->pidfd, G_IO_IN, on_end, hypervisor);
	watch_init(&hypervisor->output_watch, hypervisor->output, G_IO_IN, on_output, hypervisor);
	return hypervisor;
}

void hypervisor_free(struct hypervisor *hypervisor)
{
	if (hypervisor == NULL)
		return;
	if (hypervisor->pid != 0) {
		(void)kill(hypervisor->pid, SIGKILL);
		(void)waitpid(hypervisor->pid, NULL, 0);
	}
	watch_clear(&hypervisor->pid_watch);
	watch_clear(&hypervisor->output_watch);
	timer_clear(&hypervisor->kill_timer);
	fd_clear(&hypervisor->pidfd);
	fd_clear(&hypervisor->output);
	g_string_free(hypervisor->words, TRUE);
	g_free(hypervisor);
}
