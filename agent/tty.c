/* SPDX-License-Identifier: GPL-2.0-only */
/* Decodes frames for streams, sends theirs. */
#include "agent/tty.h"

#include "wire/frame.h"
#include "wire/stream.h"

enum take_result {
	TAKE_DONE,
	/* Not now: there is no space for it, or for the answer. */
	TAKE_LATER,
	TAKE_BROKEN,
};

void tty_init(struct tty *tty, struct port *port)
{
	*tty = (struct tty){.port = port};
	buffer_init(&tty->in, TTY_FRAME_MAX);
	buffer_init(&tty->out.buffer, OUTLET_LIMIT);
}

void tty_clear(struct tty *tty)
{
	buffer_clear(&tty->in);
	buffer_clear(&tty->out.buffer);
}

void tty_attach(struct tty *tty, struct stdio *stdio)
{
	stdio->next = tty->streams;
	tty->streams = stdio;
}

void tty_detach(struct tty *tty, struct stdio *stdio)
{
	for (struct stdio **at = &tty->streams; *at != NULL; at = &(*at)->next) {
		if (*at != stdio)
			continue;
		*at = stdio->next;
		return;
	}
}

struct stdio *tty_find(struct tty *tty, uint64_t seq)
{
	struct stdio *stdio = tty->streams;

	while (stdio != NULL && stdio->seq != seq)
		stdio = stdio->next;
	return stdio;
}

static struct stdio_output *find_output(
	const struct tty *tty, uint64_t seq, struct stdio **out_stdio)
{
	for (struct stdio *stdio = tty->streams; stdio != NULL; stdio = stdio->next) {
		*out_stdio = stdio;
		if (stdio->output.seq == seq)
			return &stdio->output;
		if (stdio->errors.seq == seq)
			return &stdio->errors;
	}
	return NULL;
}

bool tty_is_used(const struct tty *tty, uint64_t seq)
{
	struct stdio *ignored;

	return find_output(tty, seq, &ignored) != NULL;
}

static enum take_result broken(struct tty *tty)
{
	tty->failed = true;
	return TAKE_BROKEN;
}

static enum take_result take_note(struct tty *tty, const struct tty_frame *frame)
{
	struct note note;
	struct stdio *stdio;
	struct stdio_output *output;

	if (!note_decode(frame->payload, frame->payload_size, &note) ||
		(note.kind != NOTE_WINDOW && note.kind != NOTE_CLOSED)) {
		agent_error_set(&tty->error, AGENT_CODE_FAILED, "a bad note");
		return broken(tty);
	}
	/* A note about a stream that has just ended is late, not wrong. */
	output = find_output(tty, note.seq, &stdio);
	if (output == NULL)
		return TAKE_DONE;
	if (note.kind == NOTE_CLOSED) {
		stdio_close_output(stdio, output);
	} else if (!stdio_acknowledge(stdio, output, note.value)) {
		agent_error_set(&tty->error, AGENT_CODE_FAILED,
			"stream %llu: more acknowledged than sent", (unsigned long long)note.seq);
		return broken(tty);
	}
	return TAKE_DONE;
}

static enum take_result take_frame(struct tty *tty, const struct tty_frame *frame)
{
	struct stdio *stdio;

	if (frame->seq == STREAM_SEQ_NOTE)
		return take_note(tty, frame);
	/* Every frame may have to be answered. */
	if (buffer_space(&tty->out.buffer) <
		TTY_HEADER_SIZE + 2 * (TTY_HEADER_SIZE + NOTE_SIZE_MAX))
		return TAKE_LATER;
	stdio = tty_find(tty, frame->seq);
	if (stdio == NULL) {
		/* stderr takes nothing; a number that is no stream's is answered. */
		if (!tty_is_used(tty, frame->seq))
			buffer_append_tty(&tty->out.buffer, frame->seq, NULL, 0);
		return TAKE_DONE;
	}
	/* With windows this cannot be: the window is as large as the space. */
	if (!tty->out.window && !stdio_has_space(stdio, frame->payload_size))
		return TAKE_LATER;
	if (!stdio_take(stdio, frame->payload, frame->payload_size, &tty->error))
		return broken(tty);
	return TAKE_DONE;
}

/* Sends what the port takes now; the rest waits for POLLOUT. */
static void flush(struct tty *tty)
{
	struct outlet *out = &tty->out;

	if (out->buffer.size == 0 || tty->port->away)
		return;

	ssize_t put = buffer_write(&out->buffer, tty->port->fd, out->buffer.size);

	if (put > 0)
		out->sent += (uint64_t)put;
}

static void decode(struct tty *tty)
{
	struct tty_frame frame;
	size_t used;

	tty->blocked = false;
	while (!tty->failed && !tty->blocked) {
		enum frame_result result =
			tty_frame_decode(buffer_bytes(&tty->in), tty->in.size, &frame, &used);

		if (result == FRAME_SHORT)
			return;
		if (result == FRAME_BAD) {
			agent_error_set(&tty->error, AGENT_CODE_FAILED, "a bad frame length");
			tty->failed = true;
			return;
		}
		tty->blocked = take_frame(tty, &frame) == TAKE_LATER;
		if (!tty->blocked)
			buffer_consume(&tty->in, used);
	}
}

static void handle_port(void *object, short events)
{
	struct tty *tty = object;

	if (!port_ready(tty->port, events) || !(events & POLLIN) || buffer_space(&tty->in) == 0)
		return;
	if (buffer_read(&tty->in, tty->port->fd, buffer_space(&tty->in)) == 0)
		tty->port->away = true;
}

void tty_poll(struct tty *tty, struct pollset *set)
{
	short events = 0;

	if (!tty->blocked)
		events |= POLLIN;
	if (tty->out.buffer.size > 0)
		events |= POLLOUT;
	port_poll(tty->port, set, events, handle_port, tty);
	for (struct stdio *stdio = tty->streams; stdio != NULL; stdio = stdio->next)
		stdio_poll(stdio, set);
}

/* The first stream becomes the last: each comes to be served first in its turn. */
static void rotate(struct tty *tty)
{
	struct stdio *first = tty->streams;
	struct stdio **at = &tty->streams;

	if (first == NULL || first->next == NULL)
		return;
	tty->streams = first->next;
	first->next = NULL;
	while (*at != NULL)
		at = &(*at)->next;
	*at = first;
}

bool tty_settle(struct tty *tty, struct agent_error *error)
{
	/* What is sent makes space for answers. */
	flush(tty);
	decode(tty);
	flush(tty);
	rotate(tty);
	if (tty->failed)
		*error = tty->error;
	return !tty->failed;
}
