/* SPDX-License-Identifier: GPL-2.0-only */
/* Follows a process from its launch to its exit. */
#include "agent/process.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "agent/cleanup.h"

static bool check_stream(const struct tty *tty, uint64_t seq, struct agent_error *error)
{
	if (!tty_is_used(tty, seq))
		return true;
	return agent_error_set(
		error, AGENT_CODE_FAILED, "stream %llu is in use", (unsigned long long)seq);
}

struct process *process_new(const char *id, struct tty *tty, uint64_t seq, uint64_t errors_seq,
	struct agent_error *error)
{
	struct process *process;

	if (seq == 0 || seq == errors_seq) {
		agent_error_set(error, AGENT_CODE_FAILED, "stdio: not a stream's number");
		return NULL;
	}
	if (!check_stream(tty, seq, error))
		return NULL;
	if (errors_seq != 0 && !check_stream(tty, errors_seq, error))
		return NULL;
	process = calloc(1, sizeof *process);
	if (process == NULL || (process->id = strdup(id)) == NULL) {
		free(process);
		agent_error_set(error, AGENT_CODE_FAILED, "out of memory");
		return NULL;
	}
	process->socket = -1;
	process->tty = tty;
	stdio_init(&process->stdio, &tty->out, seq, errors_seq);
	tty_attach(tty, &process->stdio);
	return process;
}

void process_free(struct process *process)
{
	if (process == NULL)
		return;
	process_kill(process);
	tty_detach(process->tty, &process->stdio);
	stdio_clear(&process->stdio);
	free(process->id);
	free(process);
}

bool process_launch(struct process *process, struct launch *launch, struct agent_error *error)
{
	bool launched;

	for (int i = 0; i < 3; i++)
		launch->stdio[i] = -1;
	if (!launch->process->terminal && !stdio_make_pipes(&process->stdio, launch->stdio, error))
		return false;
	process->wait = launch->wait;
	launched = launch_start(launch, &process->pid, &process->socket, error);
	for (int i = 0; i < 3; i++)
		close_fd(&launch->stdio[i]);
	return launched;
}

bool process_start(struct process *process, bool with_hooks, struct agent_error *error)
{
	if (!launch_release(process->socket, error))
		return false;
	process->state = with_hooks ? PROCESS_STARTING : PROCESS_RUNNING;
	return true;
}

void process_kill(struct process *process)
{
	close_fd(&process->socket);
	if (process->pid > 0)
		kill(process->pid, SIGKILL);
}

bool process_signal(const struct process *process, int signal, struct agent_error *error)
{
	if (process->pid == 0 || kill(process->pid, signal) < 0)
		return agent_error_errno(error, process->pid == 0 ? ESRCH : errno,
			"send signal %d to the process %s", signal, process->id);
	return true;
}

static void fail(struct process *process, const struct agent_error *error)
{
	process->error = *error;
	process->state = PROCESS_FAILED;
	process_kill(process);
}

static void fail_start(struct process *process, const struct agent_error *error)
{
	process->error = *error;
	process->start_failed = true;
	process->state = PROCESS_RUNNING;
}

/* Of a child that runs its startContainer hooks. */
static void take_start_report(struct process *process, const struct report *report)
{
	if (report->kind == REPORT_FAILED)
		fail_start(process, &report->error);
	else
		process->state = PROCESS_RUNNING;
}

static void take_report(struct process *process, const struct report *report, int terminal[2])
{
	struct agent_error error;

	if (process->state == PROCESS_STARTING) {
		take_start_report(process, report);
		return;
	}
	if (report->kind != REPORT_PREPARED) {
		fail(process, &report->error);
		return;
	}
	process->reported = true;
	if (terminal[0] >= 0 &&
		!stdio_use_terminal(&process->stdio, terminal[0], terminal[1], &error)) {
		fail(process, &error);
		return;
	}
	if (process->wait)
		process->state = PROCESS_PREPARED;
}

/* The socket's end: the program has been executed, or the child has died. */
static void take_end(struct process *process)
{
	struct agent_error error;

	close_fd(&process->socket);
	if (process->state == PROCESS_STARTING) {
		agent_error_set(
			&error, AGENT_CODE_FAILED, "the process ended before it was started");
		fail_start(process, &error);
	}
	if (process->state != PROCESS_PREPARING)
		return;
	if (process->reported) {
		process->state = PROCESS_RUNNING;
		return;
	}
	agent_error_set(&error, AGENT_CODE_FAILED, "the process ended before it was prepared");
	fail(process, &error);
}

void process_receive(struct process *process)
{
	while (process->socket >= 0) {
		struct report report;
		int terminal[2];

		switch (launch_receive(process->socket, &report, terminal)) {
		case RECEIVE_REPORT:
			take_report(process, &report, terminal);
			break;
		case RECEIVE_NOTHING:
			return;
		case RECEIVE_END:
			take_end(process);
			break;
		}
	}
}

static void handle_socket(void *object, short events)
{
	(void)events;
	process_receive(object);
}

void process_poll(struct process *process, struct pollset *set)
{
	if (process->socket >= 0)
		pollset_add(set, process->socket, POLLIN, handle_socket, process);
}

void process_reaped(struct process *process, int wait_status)
{
	process->pid = 0;
	if (process->state == PROCESS_FAILED)
		return;
	close_fd(&process->socket);
	process->status = process_exit_status(wait_status);
	process->state = PROCESS_EXITED;
	stdio_exit(&process->stdio, WIFSIGNALED(wait_status));
}

int process_exit_status(int wait_status)
{
	return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}
