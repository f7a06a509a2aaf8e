/* SPDX-License-Identifier: GPL-2.0-only */
/* Routes between the tty channel and the relays. */
#include "proxy/streams.h"

#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"
#include "proxy/relay.h"
#include "proxy/tty.h"
#include "wire/stream.h"

struct streams {
	struct tty *tty;
	struct agent *agent;
	struct logfile *log;
	/* All that are not gone; the routes hold those whose process has not ended, by seq. */
	GList *relays;
	GHashTable *routes;
	guint64 last_seq;
	/* The agent is ready: the guest is read, unless a link is too full. */
	gboolean started;
	gboolean ended;
	const struct streams_events *events;
	void *data;
};

/* A guest without windows must wait for the slowest shim; one with them never does. */
static void update_pause(struct streams *streams)
{
	gboolean full = FALSE;

	if (!streams->started || streams->ended)
		return;
	for (GList *i = streams->relays; i != NULL && !full; i = i->next)
		full = relay_is_full(i->data);
	tty_pause(streams->tty, full && !agent_get_info(streams->agent)->window);
}

static struct relay *find_route(struct streams *streams, guint64 seq)
{
	return g_hash_table_lookup(streams->routes, &seq);
}

/* FALSE: the guest has broken the protocol. */
static gboolean route_note(struct streams *streams, const struct tty_frame *frame, GError **error)
{
	struct note note;

	if (!agent_get_info(streams->agent)->window ||
		!note_decode(frame->payload, frame->payload_size, &note) ||
		(note.kind != NOTE_WINDOW && note.kind != NOTE_CLOSED)) {
		g_set_error(error, CC_ERROR, CC_ERROR_FAILED,
			"the agent broke its protocol: what is no note of a guest");
		return FALSE;
	}

	struct relay *relay = find_route(streams, note.seq);

	/* About a process that has just ended. */
	return relay == NULL || relay_note_from_guest(relay, &note, error);
}

static gboolean on_guest_frame(const struct tty_frame *frame, void *data)
{
	struct streams *streams = data;
	g_autoptr(GError) error = NULL;
	gboolean good = TRUE;

	if (frame->seq == STREAM_SEQ_NOTE) {
		good = route_note(streams, frame, &error);
	} else {
		struct relay *relay = find_route(streams, frame->seq);

		/* Without a route: of a process that has just ended. */
		if (relay != NULL)
			good = relay_from_guest(relay, frame, &error);
	}
	if (good) {
		update_pause(streams);
		return TRUE;
	}
	logfile_note(streams->log, LOG_ERROR, "%s", error->message);
	streams->events->failed(error, streams->data);
	return FALSE;
}

static void on_tty_full(gboolean full, void *data)
{
	struct streams *streams = data;
	GList *next;

	for (GList *i = streams->relays; i != NULL; i = next) {
		next = i->next;
		/* Those before may have filled it again. */
		if (tty_is_full(streams->tty) != full)
			break;
		relay_pause(i->data, full);
	}
}

static void on_tty_failed(const char *reason, void *data)
{
	struct streams *streams = data;
	g_autoptr(GError) error =
		g_error_new(CC_ERROR, CC_ERROR_FAILED, "the agent broke its protocol: %s", reason);

	logfile_note(streams->log, LOG_ERROR, "%s", error->message);
	streams->events->failed(error, streams->data);
}

static const struct tty_events tty_events = {
	.frame = on_guest_frame,
	.full = on_tty_full,
	.failed = on_tty_failed,
};

static void on_relay_ended(struct relay *relay, void *data)
{
	struct streams *streams = data;
	const struct relay_config *config = relay_get_config(relay);

	g_hash_table_remove(streams->routes, &config->stdio_seq);
	g_hash_table_remove(streams->routes, &config->stderr_seq);
	if (config->init && !streams->ended)
		streams->events->init_ended(streams->data);
}

static void on_relay_written(void *data)
{
	update_pause(data);
}

static void on_relay_gone(struct relay *relay, void *data)
{
	struct streams *streams = data;

	streams->relays = g_list_remove(streams->relays, relay);
	relay_free(relay);
	update_pause(streams);
	if (streams->relays == NULL)
		streams->events->drained(streams->data);
}

static const struct relay_events relay_events = {
	.ended = on_relay_ended,
	.written = on_relay_written,
	.gone = on_relay_gone,
};

struct streams *streams_new(int tty_fd, struct agent *agent, struct logfile *log,
	const struct streams_events *events, void *data)
{
	struct streams *streams = g_new0(struct streams, 1);

	streams->agent = agent;
	streams->log = log;
	streams->events = events;
	streams->data = data;
	streams->routes = g_hash_table_new(g_int64_hash, g_int64_equal);
	streams->tty = tty_new(tty_fd, &tty_events, streams);
	return streams;
}

void streams_free(struct streams *streams)
{
	if (streams == NULL)
		return;
	g_list_free_full(streams->relays, (GDestroyNotify)relay_free);
	g_hash_table_destroy(streams->routes);
	tty_free(streams->tty);
	g_free(streams);
}

void streams_start(struct streams *streams)
{
	streams->started = TRUE;
	update_pause(streams);
}

static struct relay *find_relay(struct streams *streams, const char *container, const char *process)
{
	GHashTableIter iterator;
	gpointer relay;

	g_hash_table_iter_init(&iterator, streams->routes);
	while (g_hash_table_iter_next(&iterator, NULL, &relay))
		if (relay_is(relay, container, process))
			return relay;
	return NULL;
}

static gboolean check_open(
	struct streams *streams, const struct streams_process *process, GError **error)
{
	const char *refusal = NULL;

	if (streams->ended)
		refusal = "the VM has ended";
	else if (g_list_length(streams->relays) >= STREAMS_PROCESSES_MAX)
		refusal = "too many processes";
	else if (find_relay(streams, process->container, process->process) != NULL)
		refusal = "this process has streams already";
	if (refusal != NULL)
		g_set_error_literal(error, CC_ERROR, CC_ERROR_FAILED, refusal);
	return refusal == NULL;
}

gboolean streams_open(struct streams *streams, const struct streams_process *process,
	struct streams_numbers *out_numbers, int *out_fd, GError **error)
{
	int ours;

	if (!check_open(streams, process, error) || !fd_socket_pair(&ours, out_fd, error))
		return FALSE;
	out_numbers->stdio = ++streams->last_seq;
	out_numbers->stderr_seq = process->terminal ? 0 : ++streams->last_seq;

	struct relay_config config = {
		.container = process->container,
		.process = process->process,
		.terminal = process->terminal,
		.init = process->init,
		.shim = process->shim,
		.stdio_seq = out_numbers->stdio,
		.stderr_seq = out_numbers->stderr_seq,
		.agent = streams->agent,
		.tty = streams->tty,
		.log = streams->log,
		.events = &relay_events,
		.data = streams,
	};
	struct relay *relay = relay_new(&config, ours);
	const struct relay_config *kept = relay_get_config(relay);

	streams->relays = g_list_append(streams->relays, relay);
	g_hash_table_insert(streams->routes, (gpointer)&kept->stdio_seq, relay);
	if (kept->stderr_seq != 0)
		g_hash_table_insert(streams->routes, (gpointer)&kept->stderr_seq, relay);
	relay_pause(relay, tty_is_full(streams->tty));
	return TRUE;
}

void streams_exited(struct streams *streams, const char *container, const char *process, int status)
{
	struct relay *relay = find_relay(streams, container, process);

	if (relay != NULL)
		relay_set_status(relay, status);
}

void streams_catch_up(struct streams *streams)
{
	tty_catch_up(streams->tty);
}

void streams_end(struct streams *streams)
{
	GList *next;

	tty_drain(streams->tty);
	streams->ended = TRUE;
	for (GList *i = streams->relays; i != NULL; i = next) {
		next = i->next;
		relay_end(i->data);
	}
}

guint streams_count(const struct streams *streams)
{
	return g_list_length(streams->relays);
}

void streams_list(const struct streams *streams, JsonArray *list)
{
	for (GList *i = streams->relays; i != NULL; i = i->next) {
		const struct relay_config *config = relay_get_config(i->data);
		JsonObject *entry;

		if (!g_hash_table_contains(streams->routes, &config->stdio_seq))
			continue;
		entry = json_object_new();
		json_object_set_string_member(entry, "container", config->container);
		json_object_set_string_member(entry, "process", config->process);
		json_object_set_object_member(entry, "shim", process_ref_to_json(&config->shim));
		json_array_add_object_element(list, entry);
	}
}
