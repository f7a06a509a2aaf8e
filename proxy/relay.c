/* SPDX-License-Identifier: GPL-2.0-only */
/* Windows, ends and exit of one process. */
#include "proxy/relay.h"

#include <signal.h>
#include <string.h>

#include "base/error.h"
#include "proxy/link.h"
#include "proxy/orders.h"
#include "wire/message.h"

enum {
	/* Credit for the shim is added up while more than this waits for it. */
	CREDIT_BEHIND = 64 << 10,
	SIGNAL_MAX = 64,
};

struct stream {
	guint64 seq;
	/* Bytes that the shim has not acknowledged, and that the guest has not. */
	guint64 to_shim;
	guint64 to_guest;
	/* The guest has sent its last. */
	gboolean ended;
	/* The shim has said that nobody reads it. */
	gboolean closed;
};

struct relay {
	struct relay_config config;
	struct link *link;
	struct orders *orders;
	struct stream stdio;
	struct stream stderr_stream;
	/* The shim has sent the end of stdin. */
	gboolean stdin_ended;
	/* The guest has said that nobody reads stdin. */
	gboolean stdin_closed;
	/* Consumed bytes of stdin that the shim has not been told of. */
	guint32 credit;
	/* -1: not known. */
	int status;
	/* Nothing is routed any more; what waits is written, then it is gone. */
	gboolean finishing;
};

static const struct agent_info *get_info(const struct relay *relay)
{
	return agent_get_info(relay->config.agent);
}

static gboolean broken(GError **error, const char *text)
{
	g_set_error(error, CC_ERROR, CC_ERROR_FAILED, "the agent broke its protocol: %s", text);
	return FALSE;
}

static struct stream *find_stream(struct relay *relay, guint64 seq)
{
	if (seq == relay->stdio.seq)
		return &relay->stdio;
	if (seq != 0 && seq == relay->stderr_stream.seq)
		return &relay->stderr_stream;
	return NULL;
}

/* The reserve of a link has room for every note of a relay; were it not so, the note is lost. */
static void note_to_shim(struct relay *relay, const struct note *note)
{
	guint8 payload[NOTE_SIZE_MAX];
	gsize size = note_encode(note, payload);

	if (!link_put_frame(relay->link, STREAM_SEQ_NOTE, payload, size))
		logfile_note(relay->config.log, LOG_WARNING, "a note to a shim was lost");
}

static void note_to_guest(struct relay *relay, const struct note *note)
{
	guint8 payload[NOTE_SIZE_MAX];

	if (get_info(relay)->window)
		tty_put(relay->config.tty, STREAM_SEQ_NOTE, payload, note_encode(note, payload));
}

static void put_credit(struct relay *relay)
{
	if (relay->credit == 0 || link_queued(relay->link) > CREDIT_BEHIND)
		return;

	struct note note = {.kind = NOTE_WINDOW, .seq = relay->stdio.seq, .value = relay->credit};

	relay->credit = 0;
	note_to_shim(relay, &note);
}

static void put_end(struct relay *relay, guint64 seq)
{
	if (!link_put_frame(relay->link, seq, NULL, 0))
		logfile_note(relay->config.log, LOG_WARNING, "an end of file was lost");
}

/* Ends of file and the exit note, behind all output. May free the relay, if its shim is gone. */
static void finish(struct relay *relay)
{
	struct note note = {.kind = NOTE_EXIT, .value = (guint32)relay->status};

	relay->finishing = TRUE;
	put_end(relay, relay->stdio.seq);
	if (relay->stderr_stream.seq != 0 && !relay->stderr_stream.ended)
		put_end(relay, relay->stderr_stream.seq);
	note_to_shim(relay, &note);
	relay->config.events->ended(relay, relay->config.data);
	link_finish(relay->link);
}

void relay_set_status(struct relay *relay, int status)
{
	if (relay->status >= 0 || relay->finishing)
		return;
	relay->status = status;
	if (relay->stdio.ended)
		finish(relay);
}

void relay_end(struct relay *relay)
{
	if (relay->finishing)
		return;
	if (relay->status >= 0) {
		finish(relay);
		return;
	}
	relay->finishing = TRUE;
	relay->config.events->ended(relay, relay->config.data);
	link_finish(relay->link);
}

/* Its shim is gone, or of no use: the process goes with it. */
static void on_closed(void *data)
{
	struct relay *relay = data;

	if (!relay->finishing) {
		struct stream *streams[] = {&relay->stdio, &relay->stderr_stream};

		relay->finishing = TRUE;
		logfile_note(relay->config.log, LOG_INFO, "shim of \"%s\" of \"%s\" is gone",
			relay->config.process, relay->config.container);
		for (gsize i = 0; i < G_N_ELEMENTS(streams); i++) {
			struct note note = {.kind = NOTE_CLOSED, .seq = streams[i]->seq};

			if (note.seq != 0 && !streams[i]->closed)
				note_to_guest(relay, &note);
		}
		orders_signal(relay->orders, SIGKILL);
		relay->config.events->ended(relay, relay->config.data);
	}
	relay->config.events->gone(relay, relay->config.data);
}

static void on_written(void *data)
{
	struct relay *relay = data;

	if (!relay->finishing)
		put_credit(relay);
	relay->config.events->written(relay->config.data);
}

/* Stdin; FALSE when it is not what a shim may send. */
static gboolean shim_data(struct relay *relay, const struct tty_frame *frame)
{
	const struct agent_info *info = get_info(relay);
	guint32 size = frame->payload_size;

	if (frame->seq != relay->stdio.seq || size + TTY_HEADER_SIZE > info->frame_max)
		return FALSE;
	if (size == 0) {
		/* A terminal has no end of stdin: it is hung up, where the agent can do that. */
		if (!relay->stdin_ended && (!relay->config.terminal || info->hangup))
			tty_put(relay->config.tty, frame->seq, NULL, 0);
		relay->stdin_ended = TRUE;
		return TRUE;
	}
	if (relay->stdin_ended || relay->stdio.to_guest + size > info->stream_window)
		return FALSE;
	tty_put(relay->config.tty, frame->seq, frame->payload, size);
	if (info->window) {
		relay->stdio.to_guest += size;
	} else {
		/* Taken over: reading from shims stops while the channel to the guest is full. */
		relay->credit += size;
		put_credit(relay);
		link_flush(relay->link);
	}
	return TRUE;
}

static gboolean shim_window(struct relay *relay, const struct note *note)
{
	struct stream *stream = find_stream(relay, note->seq);

	if (stream == NULL || note->value == 0 || note->value > stream->to_shim)
		return FALSE;
	stream->to_shim -= note->value;
	note_to_guest(relay, note);
	return TRUE;
}

static gboolean shim_closed(struct relay *relay, const struct note *note)
{
	struct stream *stream = find_stream(relay, note->seq);

	if (stream == NULL)
		return FALSE;
	if (!stream->closed)
		note_to_guest(relay, note);
	stream->closed = TRUE;
	return TRUE;
}

static gboolean shim_winsize(struct relay *relay, const struct note *note)
{
	if (relay->config.terminal)
		orders_winsize(relay->orders, note->rows, note->columns);
	return TRUE;
}

static gboolean shim_signal(struct relay *relay, const struct note *note)
{
	if (note->value < 1 || note->value > SIGNAL_MAX)
		return FALSE;
	orders_signal(relay->orders, note->value);
	return TRUE;
}

static gboolean (*const shim_notes[])(struct relay *relay, const struct note *note) = {
	[NOTE_WINDOW] = shim_window,
	[NOTE_CLOSED] = shim_closed,
	[NOTE_WINSIZE] = shim_winsize,
	[NOTE_SIGNAL] = shim_signal,
	[NOTE_EXIT] = NULL,
};

static gboolean shim_note(struct relay *relay, const struct tty_frame *frame)
{
	struct note note;

	return note_decode(frame->payload, frame->payload_size, &note) &&
	       shim_notes[note.kind] != NULL && shim_notes[note.kind](relay, &note);
}

static void on_frame(const struct tty_frame *frame, void *data)
{
	struct relay *relay = data;
	gboolean good =
		frame->seq == STREAM_SEQ_NOTE ? shim_note(relay, frame) : shim_data(relay, frame);

	if (good)
		return;
	logfile_note(relay->config.log, LOG_WARNING, "shim of \"%s\" of \"%s\" broke its protocol",
		relay->config.process, relay->config.container);
	on_closed(relay);
}

static const struct link_events link_events = {
	.frame = on_frame,
	.written = on_written,
	.closed = on_closed,
};

/* Up to 4242 the status is one byte behind the end of stdio. */
static gboolean is_status_frame(const struct relay *relay, const struct tty_frame *frame)
{
	return get_info(relay)->version < AGENT_VERSION_PROCESS_IDS &&
	       frame->seq == relay->stdio.seq && frame->payload_size == 1 && relay->status < 0;
}

static void guest_end(struct relay *relay, struct stream *stream)
{
	/* Also the answer to input for a process that is gone: may come again. */
	if (stream->ended)
		return;
	stream->ended = TRUE;
	if (stream == &relay->stderr_stream) {
		put_end(relay, stream->seq);
		link_flush(relay->link);
	} else if (relay->status >= 0) {
		finish(relay);
	}
}

static gboolean guest_data(
	struct relay *relay, struct stream *stream, const struct tty_frame *frame, GError **error)
{
	gboolean window = get_info(relay)->window;

	if (!window && stream->closed)
		return TRUE;
	if (window && stream->to_shim + frame->payload_size > get_info(relay)->stream_window)
		return broken(error, "a stream's window exceeded");
	if (!link_put_data(relay->link, frame->seq, frame->payload, frame->payload_size))
		return broken(error, "a flood of small frames");
	stream->to_shim += frame->payload_size;
	link_flush(relay->link);
	return TRUE;
}

gboolean relay_from_guest(struct relay *relay, const struct tty_frame *frame, GError **error)
{
	struct stream *stream = find_stream(relay, frame->seq);

	if (frame->payload_size == 0) {
		guest_end(relay, stream);
		return TRUE;
	}
	if (!stream->ended)
		return guest_data(relay, stream, frame, error);
	if (!is_status_frame(relay, frame))
		return broken(error, "data on a stream that it has ended");
	relay_set_status(relay, frame->payload[0]);
	return TRUE;
}

gboolean relay_note_from_guest(struct relay *relay, const struct note *note, GError **error)
{
	if (note->seq != relay->stdio.seq)
		return broken(error, "a note about a stream that it does not read");
	if (note->kind == NOTE_WINDOW) {
		if (note->value == 0 || note->value > relay->stdio.to_guest)
			return broken(error, "credit for what was not sent");
		relay->stdio.to_guest -= note->value;
		relay->credit += note->value;
		put_credit(relay);
	} else if (note->kind == NOTE_CLOSED) {
		if (!relay->stdin_closed)
			note_to_shim(relay, note);
		relay->stdin_closed = TRUE;
	} else {
		return broken(error, "a note of a kind that is not the guest's");
	}
	link_flush(relay->link);
	return TRUE;
}

struct relay *relay_new(const struct relay_config *config, int fd)
{
	struct relay *relay = g_new0(struct relay, 1);
	struct orders_config orders = {
		.agent = config->agent,
		.log = config->log,
		.container = config->container,
		.process = config->process,
		.init = config->init,
		.stdio_seq = config->stdio_seq,
	};

	relay->config = *config;
	relay->config.container = g_strdup(config->container);
	relay->config.process = g_strdup(config->process);
	relay->stdio.seq = config->stdio_seq;
	relay->stderr_stream.seq = config->stderr_seq;
	relay->status = -1;
	relay->orders = orders_new(&orders);
	relay->link = link_new(fd, RELAY_QUEUE_MAX, &link_events, relay);
	return relay;
}

void relay_free(struct relay *relay)
{
	if (relay == NULL)
		return;
	link_free(relay->link);
	orders_close(relay->orders);
	g_free((char *)relay->config.container);
	g_free((char *)relay->config.process);
	g_free(relay);
}

gboolean relay_is(const struct relay *relay, const char *container, const char *process)
{
	return strcmp(relay->config.container, container) == 0 &&
	       strcmp(relay->config.process, process) == 0;
}

const struct relay_config *relay_get_config(const struct relay *relay)
{
	return &relay->config;
}

gboolean relay_is_full(const struct relay *relay)
{
	return !relay->finishing && link_queued(relay->link) > RELAY_FULL;
}

void relay_pause(struct relay *relay, gboolean paused)
{
	link_pause(relay->link, paused);
}
