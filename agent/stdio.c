/* SPDX-License-Identifier: GPL-2.0-only */
/* Moves bytes between the pipes or terminal of a process and the tty channel. */
#include "agent/stdio.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "agent/cleanup.h"
#include "wire/frame.h"
#include "wire/stream.h"

enum {
	/*
	 * Consumed bytes of stdin are acknowledged in steps of this: for less there is no need,
	 * since the host has the rest of its window.
	 */
	ACKNOWLEDGE_STEP = 64 << 10,
	/* A terminal cannot say how much is in it; no more than this fits (tty_buffer.c). */
	TERMINAL_LEFT_MAX = 128 << 10,
	/* As the shim: who was killed has what the host takes without a pause of this. */
	KILLED_PATIENCE_MS = 2000,
};

static void output_init(struct stdio_output *output, uint64_t seq)
{
	*output = (struct stdio_output){.seq = seq, .fd = -1, .ended = seq == 0};
}

void stdio_init(struct stdio *stdio, struct outlet *outlet, uint64_t seq, uint64_t errors_seq)
{
	*stdio = (struct stdio){
		.outlet = outlet,
		.seq = seq,
		.slave = -1,
		.deadline = INT64_MAX,
		.input = {.fd = -1},
	};
	buffer_init(&stdio->input.buffer, STREAM_WINDOW);
	output_init(&stdio->output, seq);
	output_init(&stdio->errors, errors_seq);
}

void stdio_clear(struct stdio *stdio)
{
	close_fd(&stdio->slave);
	close_fd(&stdio->input.fd);
	close_fd(&stdio->output.fd);
	close_fd(&stdio->errors.fd);
	buffer_clear(&stdio->input.buffer);
}

/* ours: which end (0 or 1) is the agent's. */
static bool make_pipe(int ours, int *out_ours, int *out_child, struct agent_error *error)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return agent_error_errno(error, errno, "make a pipe");
	fcntl(ends[ours], F_SETFL, O_NONBLOCK);
	*out_ours = ends[ours];
	*out_child = ends[!ours];
	return true;
}

bool stdio_make_pipes(struct stdio *stdio, int out_child[3], struct agent_error *error)
{
	int child[3] = {-1, -1, -1};
	bool made = make_pipe(1, &stdio->input.fd, &child[0], error) &&
		    make_pipe(0, &stdio->output.fd, &child[1], error);

	if (made && stdio->errors.seq != 0)
		made = make_pipe(0, &stdio->errors.fd, &child[2], error);
	else if (made && (child[2] = fcntl(child[1], F_DUPFD_CLOEXEC, 0)) < 0)
		made = agent_error_errno(error, errno, "copy a pipe");
	for (int i = 0; !made && i < 3; i++)
		close_fd(&child[i]);
	memcpy(out_child, child, sizeof child);
	return made;
}

bool stdio_use_terminal(struct stdio *stdio, int master, int slave, struct agent_error *error)
{
	stdio->terminal = true;
	stdio->output.fd = master;
	stdio->slave = slave;
	fcntl(master, F_SETFL, O_NONBLOCK);
	stdio->input.fd = fcntl(master, F_DUPFD_CLOEXEC, 0);
	if (stdio->input.fd < 0)
		return agent_error_errno(error, errno, "copy the terminal");
	return true;
}

/* How much of the output may be sent now. */
static size_t output_allowance(const struct stdio_output *output, const struct outlet *outlet)
{
	size_t most = OUTPUT_CHUNK;

	if (output->fd < 0 ||
		buffer_space(&outlet->buffer) < OUTPUT_CHUNK + TTY_HEADER_SIZE + OUTLET_RESERVE)
		return 0;
	if (outlet->window && STREAM_WINDOW - output->unacknowledged < most)
		most = STREAM_WINDOW - output->unacknowledged;
	return most;
}

/* Notes exist only where the host gives credit; else there is nothing to tell. */
static bool send_note(struct stdio *stdio, enum note_kind kind, uint32_t value)
{
	struct note note = {.kind = kind, .seq = stdio->seq, .value = value};
	uint8_t payload[NOTE_SIZE_MAX];

	return !stdio->outlet->window || buffer_append_tty(&stdio->outlet->buffer, STREAM_SEQ_NOTE,
						 payload, note_encode(&note, payload));
}

/* Acknowledges what is worth a note, and tells of a closed stdin. */
static void input_report(struct stdio *stdio)
{
	struct stdio_input *input = &stdio->input;

	if (input->consumed >= ACKNOWLEDGE_STEP && send_note(stdio, NOTE_WINDOW, input->consumed)) {
		input->unacknowledged -= input->consumed;
		input->consumed = 0;
	}
	if (input->refused && send_note(stdio, NOTE_CLOSED, 0))
		input->refused = false;
}

/* The process does not read any more: what is queued counts as consumed. */
static void input_refuse(struct stdio *stdio)
{
	struct stdio_input *input = &stdio->input;

	close_fd(&input->fd);
	input->consumed += (uint32_t)input->buffer.size;
	buffer_clear(&input->buffer);
}

static void input_pump(struct stdio *stdio)
{
	struct stdio_input *input = &stdio->input;

	if (input->fd >= 0 && input->buffer.size > 0) {
		ssize_t put = buffer_write(&input->buffer, input->fd, input->buffer.size);

		if (put >= 0) {
			input->consumed += (uint32_t)put;
		} else if (errno != EAGAIN) {
			input->refused = true;
			input_refuse(stdio);
		}
	}
	if (input->ending && input->buffer.size == 0)
		close_fd(&input->fd);
	input_report(stdio);
}

/* One read. False: nothing more for now, or ever. */
static bool output_pump(struct stdio *stdio, struct stdio_output *output)
{
	struct outlet *outlet = stdio->outlet;
	uint8_t chunk[OUTPUT_CHUNK];
	size_t most = output_allowance(output, outlet);
	ssize_t got;

	if (stdio->exited && most > output->left)
		most = output->left;
	if (most == 0)
		return false;
	do
		got = read(output->fd, chunk, most);
	while (got < 0 && errno == EINTR);
	if (got < 0 && errno == EAGAIN) {
		/* After the exit that is all there was. */
		output->left = 0;
		return false;
	}
	/* The end of a terminal is EIO. */
	if (got <= 0) {
		close_fd(&output->fd);
		return false;
	}
	/* There is space: output_allowance() has seen to it. */
	if (!buffer_append_tty(&outlet->buffer, output->seq, chunk, (size_t)got)) {
		close_fd(&output->fd);
		return false;
	}
	if (outlet->window)
		output->unacknowledged += (uint32_t)got;
	if (stdio->exited)
		output->left -= (size_t)got;
	return true;
}

static void handle_input(void *object, short events)
{
	(void)events;
	input_pump(object);
}

static void handle_output(void *object, short events)
{
	struct stdio *stdio = object;

	(void)events;
	output_pump(stdio, &stdio->output);
}

static void handle_errors(void *object, short events)
{
	struct stdio *stdio = object;

	(void)events;
	output_pump(stdio, &stdio->errors);
}

void stdio_poll(struct stdio *stdio, struct pollset *set)
{
	if (stdio->exited) {
		pollset_until(set, stdio->deadline);
		return;
	}
	if (output_allowance(&stdio->output, stdio->outlet) > 0)
		pollset_add(set, stdio->output.fd, POLLIN, handle_output, stdio);
	if (output_allowance(&stdio->errors, stdio->outlet) > 0)
		pollset_add(set, stdio->errors.fd, POLLIN, handle_errors, stdio);
	if (stdio->input.fd >= 0 && stdio->input.buffer.size > 0)
		pollset_add(set, stdio->input.fd, POLLOUT, handle_input, stdio);
}

bool stdio_has_space(const struct stdio *stdio, size_t size)
{
	return stdio->input.fd < 0 || size <= buffer_space(&stdio->input.buffer);
}

/* Writes what the process takes at once, and queues the rest. */
static bool input_write(struct stdio_input *input, const uint8_t *data, size_t size)
{
	if (input->buffer.size == 0) {
		ssize_t put = write(input->fd, data, size);

		if (put > 0) {
			input->consumed += (uint32_t)put;
			data += put;
			size -= (size_t)put;
		}
	}
	/* An error shows again when the queue is written. */
	return buffer_append(&input->buffer, data, size);
}

/*
 * Without a master, the kernel does what it does to every terminal: its session and its foreground
 * get SIGHUP, reads end, writes fail.
 */
static void hang_up(struct stdio *stdio)
{
	input_refuse(stdio);
	close_fd(&stdio->output.fd);
	close_fd(&stdio->slave);
}

bool stdio_take(struct stdio *stdio, const uint8_t *data, size_t size, struct agent_error *error)
{
	struct stdio_input *input = &stdio->input;

	if (stdio->outlet->window && size > STREAM_WINDOW - input->unacknowledged)
		return agent_error_set(error, AGENT_CODE_FAILED,
			"stream %llu: more than its window", (unsigned long long)stdio->seq);
	input->unacknowledged += (uint32_t)size;
	if (size == 0 && stdio->terminal)
		hang_up(stdio);
	else if (size == 0)
		input->ending = true;
	if (input->fd < 0)
		input->consumed += (uint32_t)size;
	else if (size > 0 && !input_write(input, data, size))
		return agent_error_errno(
			error, errno, "stream %llu", (unsigned long long)stdio->seq);
	input_pump(stdio);
	return true;
}

bool stdio_acknowledge(struct stdio *stdio, struct stdio_output *output, uint32_t bytes)
{
	if (!stdio->outlet->window)
		return true;
	if (bytes > output->unacknowledged)
		return false;
	output->unacknowledged -= bytes;
	if (stdio->deadline != INT64_MAX)
		stdio->deadline = pollset_now() + KILLED_PATIENCE_MS;
	return true;
}

void stdio_close_output(struct stdio *stdio, struct stdio_output *output)
{
	/* A terminal's reader may be gone; whoever sits at it is not. It goes on unread. */
	if (stdio->terminal)
		return;
	close_fd(&output->fd);
}

/* What is in the pipe now was written by the process, or while it lived. */
static void output_exit(const struct stdio *stdio, struct stdio_output *output)
{
	int waiting = 0;

	output->left = 0;
	if (output->fd < 0)
		return;
	if (stdio->terminal)
		output->left = TERMINAL_LEFT_MAX;
	else if (ioctl(output->fd, FIONREAD, &waiting) == 0 && waiting > 0)
		output->left = (size_t)waiting;
}

void stdio_exit(struct stdio *stdio, bool killed)
{
	stdio->exited = true;
	if (killed)
		stdio->deadline = pollset_now() + KILLED_PATIENCE_MS;
	input_refuse(stdio);
	output_exit(stdio, &stdio->output);
	output_exit(stdio, &stdio->errors);
}

/* The reader has stopped: what is left is dropped. */
static void give_up(struct stdio *stdio)
{
	stdio->deadline = INT64_MAX;
	close_fd(&stdio->output.fd);
	close_fd(&stdio->errors.fd);
}

/* Sends what is left, then the empty frame. */
static bool output_finish(struct stdio *stdio, struct stdio_output *output)
{
	if (output->ended)
		return true;
	while (output_pump(stdio, output))
		;
	if (output->fd >= 0 && output->left > 0)
		return false;
	close_fd(&output->fd);
	output->ended = buffer_append_tty(&stdio->outlet->buffer, output->seq, NULL, 0);
	return output->ended;
}

bool stdio_finish(struct stdio *stdio)
{
	struct outlet *outlet = stdio->outlet;

	input_report(stdio);
	if (pollset_now() >= stdio->deadline)
		give_up(stdio);
	if (!stdio->finished && output_finish(stdio, &stdio->errors) &&
		output_finish(stdio, &stdio->output)) {
		stdio->finished = true;
		stdio->end = outlet->sent + outlet->buffer.size;
	}
	return stdio->finished && outlet->sent >= stdio->end;
}
