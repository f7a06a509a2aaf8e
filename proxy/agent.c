/* SPDX-License-Identifier: GPL-2.0-only */
/* Handshake, requests and events on the control channel. */
#include "proxy/agent.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/timeouts.h"
#include "base/trace.h"
#include "proxy/agenterror.h"
#include "proxy/notify.h"
#include "proxy/watch.h"
#include "wire/buffer.h"
#include "wire/bytes.h"
#include "wire/frame.h"
#include "wire/message.h"

enum {
	READ_SIZE = 64 << 10,
	IN_MAX = CONTROL_FRAME_MAX + READ_SIZE,
	/* Requests that wait, and their bytes. */
	REQUESTS_MAX = 1024,
	QUEUED_BYTES_MAX = 4 * CONTROL_FRAME_MAX,
};

enum agent_state {
	AGENT_WAITS_READY,
	AGENT_WAITS_VERSION,
	AGENT_OPEN,
	AGENT_BROKEN,
};

struct request {
	struct agent *agent;
	guint32 type;
	char *payload;
	/* When it was sent, for the timeline. */
	gint64 begin;
	guint timer;
	/* Milliseconds. */
	guint timeout;
	agent_reply_func done;
	void *data;
};

struct agent {
	int fd;
	struct watch watch;
	enum agent_state state;
	struct agent_info info;
	struct buffer in;
	struct buffer out;
	/* The first has been sent when `outstanding`. */
	GQueue requests;
	gboolean outstanding;
	/* No deadline runs. */
	gboolean held;
	gsize queued_bytes;
	/* DESTROYPOD has been asked for. */
	gboolean ending;
	/* Bytes written that no NEXT has covered yet. */
	guint64 unacknowledged;
	struct logfile *log;
	const struct agent_events *events;
	void *data;
};

static void request_free(struct request *request)
{
	timer_clear(&request->timer);
	g_free(request->payload);
	g_free(request);
}

/* Tells the one who asked, once. */
static void request_answer(struct request *request, JsonNode *payload, const GError *error)
{
	agent_reply_func done = g_steal_pointer(&request->done);

	timer_clear(&request->timer);
	if (done != NULL)
		done(payload, error, request->data);
}

static gsize request_size(const struct request *request)
{
	return CONTROL_HEADER_SIZE + (request->payload != NULL ? strlen(request->payload) : 0);
}

static void unqueue(struct agent *agent, struct request *request)
{
	g_queue_remove(&agent->requests, request);
	agent->queued_bytes -= request_size(request);
}

static void stop(struct agent *agent)
{
	agent->state = AGENT_BROKEN;
	watch_clear(&agent->watch);
}

static void fail(struct agent *agent, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void fail(struct agent *agent, const char *format, ...)
{
	va_list arguments;

	if (agent->state == AGENT_BROKEN)
		return;
	va_start(arguments, format);
	g_autofree char *text = g_strdup_vprintf(format, arguments);
	va_end(arguments);

	g_autoptr(GError) error =
		g_error_new(CC_ERROR, CC_ERROR_FAILED, "the agent broke its protocol: %s", text);

	stop(agent);
	logfile_note(agent->log, LOG_ERROR, "%s", error->message);
	agent->events->failed(error, agent->data);
}

/* How many bytes the agent takes now. */
static gsize credit(const struct agent *agent)
{
	if (agent->info.extended)
		return agent->out.size;
	if (agent->unacknowledged >= AGENT_CREDIT_HYPERSTART)
		return 0;
	return MIN(agent->out.size, AGENT_CREDIT_HYPERSTART - agent->unacknowledged);
}

static void flush(struct agent *agent)
{
	gsize most;

	if (agent->state == AGENT_BROKEN)
		return;
	while ((most = credit(agent)) > 0) {
		gssize put = buffer_write(&agent->out, agent->fd, most);

		/* The reading side reports the end. */
		if (put < 0)
			break;
		agent->unacknowledged += (guint64)put;
	}
	watch_set(&agent->watch, G_IO_IN | (credit(agent) > 0 ? G_IO_OUT : 0));
}

static void send_next(struct agent *agent)
{
	struct request *request = g_queue_peek_head(&agent->requests);

	if (request == NULL || agent->outstanding || agent->state == AGENT_BROKEN)
		return;
	agent->outstanding = TRUE;
	request->begin = trace_begin();
	if (!buffer_append_control(&agent->out, request->type, request->payload,
		    request_size(request) - CONTROL_HEADER_SIZE))
		g_error("out of memory");
	flush(agent);
}

static gboolean on_request_timeout(void *data)
{
	struct request *request = data;
	struct agent *agent = request->agent;
	const struct message_info *message = message_by_type(request->type);
	g_autoptr(GError) error = NULL;

	request->timer = 0;
	g_set_error(&error, CC_ERROR, CC_ERROR_TIMEOUT, "the agent did not answer %s in time",
		message->name);
	logfile_note(agent->log, LOG_WARNING, "%s", error->message);
	/* One that was sent stays: its late reply must not be taken for another's. */
	if (agent->outstanding && request == g_queue_peek_head(&agent->requests)) {
		request_answer(request, NULL, error);
		return G_SOURCE_REMOVE;
	}
	unqueue(agent, request);
	request_answer(request, NULL, error);
	request_free(request);
	return G_SOURCE_REMOVE;
}

static void enqueue(struct agent *agent, guint32 type, const char *payload, guint timeout,
	agent_reply_func done, void *data)
{
	struct request *request = g_new0(struct request, 1);

	request->agent = agent;
	request->type = type;
	request->payload = g_strdup(payload);
	request->done = done;
	request->data = data;
	request->timeout = timeout;
	if (!agent->held)
		request->timer = g_timeout_add(timeout, on_request_timeout, request);
	agent->queued_bytes += request_size(request);
	g_queue_push_tail(&agent->requests, request);
	send_next(agent);
}

gboolean agent_request(struct agent *agent, guint32 type, const char *payload, guint timeout,
	agent_reply_func done, void *data, GError **error)
{
	gsize size = CONTROL_HEADER_SIZE + (payload != NULL ? strlen(payload) : 0);
	gsize most = agent->info.extended ? CONTROL_FRAME_MAX : CONTROL_FRAME_MAX_HYPERSTART;
	const char *refusal = NULL;

	if (agent->state == AGENT_BROKEN || agent->ending)
		refusal = "the VM is ending";
	else if (agent->state != AGENT_OPEN)
		refusal = "the agent is not ready";
	else if (size > most)
		refusal = "the request is larger than the agent takes";
	else if (g_queue_get_length(&agent->requests) >= REQUESTS_MAX ||
		 agent->queued_bytes + size > QUEUED_BYTES_MAX)
		refusal = "too many requests wait for the agent";
	if (refusal != NULL) {
		g_set_error_literal(error, CC_ERROR, CC_ERROR_FAILED, refusal);
		return FALSE;
	}
	enqueue(agent, type, payload, timeout, done, data);
	return TRUE;
}

/* Fails the requests from the end of the queue until `keep` are left. */
static void fail_requests(struct agent *agent, guint keep, const GError *error)
{
	while (g_queue_get_length(&agent->requests) > keep) {
		struct request *request = g_queue_peek_tail(&agent->requests);

		unqueue(agent, request);
		request_answer(request, NULL, error);
		request_free(request);
	}
}

void agent_destroy(struct agent *agent, agent_reply_func done, void *data)
{
	g_autoptr(GError) error = g_error_new(CC_ERROR, CC_ERROR_NOT_RUNNING, "the VM is ending");

	agent->ending = TRUE;
	fail_requests(agent, agent->outstanding ? 1 : 0, error);
	enqueue(agent, MESSAGE_DESTROYPOD, NULL, TIMEOUT_AGENT_DESTROY_MS, done, data);
}

static void hold_request(void *data, void *unused)
{
	struct request *request = data;

	(void)unused;
	timer_clear(&request->timer);
	/* One whose deadline has passed waits for its late reply without one. */
	if (!request->agent->held && request->done != NULL)
		request->timer = g_timeout_add(request->timeout, on_request_timeout, request);
}

void agent_hold(struct agent *agent, gboolean hold)
{
	agent->held = hold;
	g_queue_foreach(&agent->requests, hold_request, NULL);
}

void agent_close(struct agent *agent, const GError *error)
{
	agent->ending = TRUE;
	agent->outstanding = FALSE;
	stop(agent);
	fail_requests(agent, 0, error);
}

static void handle_ready(struct agent *agent, const struct control_frame *frame)
{
	if (agent->state != AGENT_WAITS_READY || frame->payload_size != 0) {
		fail(agent, "unexpected READY");
		return;
	}
	agent->state = AGENT_WAITS_VERSION;
	enqueue(agent, MESSAGE_GETVERSION, NULL, TIMEOUT_AGENT_REQUEST_MS, NULL, NULL);
}

void agent_clone(struct agent *agent, const char *payload)
{
	if (agent->state != AGENT_WAITS_READY && agent->state != AGENT_OPEN)
		return;
	agent->state = AGENT_WAITS_VERSION;
	/* Only an agent of ours is ever in a template: it needs no credit. */
	agent->info.extended = TRUE;
	enqueue(agent, MESSAGE_CLONE, payload, TIMEOUT_AGENT_REQUEST_MS, NULL, NULL);
}

/* Whether the answer says who the agent is. */
static gboolean is_handshake(const struct request *request)
{
	return request->type == MESSAGE_GETVERSION || request->type == MESSAGE_CLONE;
}

static void handle_version(struct agent *agent, const struct control_frame *frame)
{
	g_autoptr(GError) error = NULL;

	agent_info_clear(&agent->info);
	if (!agent_info_parse(frame->payload, frame->payload_size, &agent->info, &error)) {
		fail(agent, "%s", error->message);
		return;
	}
	agent->state = AGENT_OPEN;
	logfile_note(agent->log, LOG_INFO, "agent ready, version %u", agent->info.version);
	agent->events->ready(agent->data);
}

/* Takes the outstanding request out of the queue, for its reply; NULL: there is none. */
static struct request *take_outstanding(struct agent *agent)
{
	struct request *request = g_queue_peek_head(&agent->requests);

	if (!agent->outstanding)
		return NULL;
	unqueue(agent, request);
	agent->outstanding = FALSE;
	return request;
}

static void finish_request(
	struct agent *agent, struct request *request, JsonNode *payload, const GError *error)
{
	trace_end(message_by_type(request->type)->name, request->begin);
	request_answer(request, payload, error);
	request_free(request);
	send_next(agent);
}

static void handle_ack(struct agent *agent, const struct control_frame *frame)
{
	struct request *request = take_outstanding(agent);
	g_autoptr(JsonNode) payload = NULL;
	g_autoptr(GError) error = NULL;

	if (request == NULL) {
		fail(agent, "unsolicited ACK");
		return;
	}
	if (is_handshake(request)) {
		handle_version(agent, frame);
	} else if (frame->payload_size > 0) {
		payload = json_parse_object(
			(const char *)frame->payload, frame->payload_size, &error);
		if (payload == NULL)
			fail(agent, "ACK: %s", error->message);
	}
	finish_request(agent, request, payload, error);
}

static void handle_error(struct agent *agent, const struct control_frame *frame)
{
	struct request *request = take_outstanding(agent);
	g_autoptr(GError) error = NULL;
	g_autoptr(GError) reason = NULL;

	if (request == NULL) {
		fail(agent, "unsolicited ERROR");
		return;
	}
	if (!agent_error_parse(
		    frame->payload, frame->payload_size, agent->info.oci, &reason, &error)) {
		fail(agent, "ERROR: %s", error->message);
		reason = g_steal_pointer(&error);
	} else if (is_handshake(request)) {
		fail(agent, "%s refused: %s", message_by_type(request->type)->name,
			reason->message);
	}
	finish_request(agent, request, NULL, reason);
}

static void handle_next(struct agent *agent, const struct control_frame *frame)
{
	if (frame->payload_size != sizeof(guint32)) {
		fail(agent, "NEXT of a wrong size");
		return;
	}

	guint32 consumed = bytes_get_u32(frame->payload);

	if (consumed > agent->unacknowledged) {
		fail(agent, "NEXT for more than was sent");
		return;
	}
	agent->unacknowledged -= consumed;
	flush(agent);
}

static void handle_event(struct agent *agent, const struct control_frame *frame)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(JsonNode) node =
		json_parse_object((const char *)frame->payload, frame->payload_size, &error);
	JsonObject *object = node != NULL ? json_node_get_object(node) : NULL;
	const char *container;
	const char *process;
	const char *event;
	gint64 status = -1;

	if (object == NULL || !json_require_string(object, "", "event", &event, &error) ||
		!json_require_string(object, "", "container", &container, &error) ||
		!json_require_string(object, "", "process", &process, &error) ||
		!json_get_integer(object, "", "status", 0, 255, &status, &error)) {
		fail(agent, "PROCESSASYNCEVENT: %s", error->message);
		return;
	}
	if (strcmp(event, "finished") != 0)
		return;
	if (status < 0)
		fail(agent, "PROCESSASYNCEVENT: status: missing");
	else
		agent->events->exited(container, process, (int)status, agent->data);
}

static void handle_span(struct agent *agent, const struct control_frame *frame)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(JsonNode) node =
		json_parse_object((const char *)frame->payload, frame->payload_size, &error);
	JsonObject *object = node != NULL ? json_node_get_object(node) : NULL;
	const char *name;
	gint64 begin;
	gint64 end;

	if (!trace_is_on())
		fail(agent, "unexpected TRACEEVENT");
	else if (object == NULL || !json_require_string(object, "", "name", &name, &error) ||
		 !json_require_integer(object, "", "begin", 0, G_MAXINT64, &begin, &error) ||
		 !json_require_integer(object, "", "end", 0, G_MAXINT64, &end, &error))
		fail(agent, "TRACEEVENT: %s", error->message);
	else
		agent->events->spanned(name, begin, end, agent->data);
}

static void handle_notify(struct agent *agent, const struct control_frame *frame)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(JsonNode) node =
		json_parse_object((const char *)frame->payload, frame->payload_size, &error);
	JsonObject *object = node != NULL ? json_node_get_object(node) : NULL;
	const char *container;
	const char *text;

	if (object == NULL || !json_require_string(object, "", "container", &container, &error) ||
		!json_require_string(object, "", "text", &text, &error))
		fail(agent, "NOTIFY: %s", error->message);
	else if (strlen(text) > NOTIFY_TEXT_MAX)
		fail(agent, "NOTIFY: text: too long");
	else
		agent->events->notified(container, text, agent->data);
}

static void handle_oom(struct agent *agent, const struct control_frame *frame)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(JsonNode) node =
		json_parse_object((const char *)frame->payload, frame->payload_size, &error);
	JsonObject *object = node != NULL ? json_node_get_object(node) : NULL;
	const char *container;
	gint64 kills;

	if (object == NULL || !json_require_string(object, "", "container", &container, &error) ||
		!json_require_integer(object, "", "oomKills", 1, G_MAXINT64, &kills, &error))
		fail(agent, "OOM: %s", error->message);
	else
		agent->events->oom(container, (guint64)kills, agent->data);
}

static void handle_query(struct agent *agent, const struct control_frame *frame)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(JsonNode) node =
		json_parse_object((const char *)frame->payload, frame->payload_size, &error);
	JsonObject *object = node != NULL ? json_node_get_object(node) : NULL;
	gboolean stream = FALSE;
	const char *hex;
	gint64 id;

	if (object == NULL ||
		!json_require_integer(object, "", "id", 1, G_MAXUINT32, &id, &error) ||
		!json_get_boolean(object, "", "stream", &stream, &error) ||
		!json_require_string(object, "", "data", &hex, &error))
		fail(agent, "DNSQUERY: %s", error->message);
	else
		agent->events->queried((guint32)id, stream, hex, agent->data);
}

static const struct {
	guint32 type;
	void (*handle)(struct agent *agent, const struct control_frame *frame);
} handlers[] = {
	{MESSAGE_READY, handle_ready},
	{MESSAGE_ACK, handle_ack},
	{MESSAGE_ERROR, handle_error},
	{MESSAGE_NEXT, handle_next},
	{MESSAGE_PROCESSASYNCEVENT, handle_event},
	{MESSAGE_OOM, handle_oom},
	{MESSAGE_TRACEEVENT, handle_span},
	{MESSAGE_NOTIFY, handle_notify},
	{MESSAGE_DNSQUERY, handle_query},
};

static void handle_frame(struct agent *agent, const struct control_frame *frame)
{
	if (agent->state == AGENT_WAITS_READY && frame->type != MESSAGE_READY) {
		fail(agent, "message %u before READY", frame->type);
		return;
	}
	for (gsize i = 0; i < G_N_ELEMENTS(handlers); i++) {
		if (handlers[i].type == frame->type) {
			handlers[i].handle(agent, frame);
			return;
		}
	}
	fail(agent, "message %u", frame->type);
}

static void on_frames(struct agent *agent)
{
	struct control_frame frame;
	enum frame_result result = FRAME_OK;
	size_t used;

	while (agent->state != AGENT_BROKEN && result == FRAME_OK) {
		result = control_frame_decode(
			buffer_bytes(&agent->in), agent->in.size, &frame, &used);
		if (result == FRAME_OK) {
			handle_frame(agent, &frame);
			buffer_consume(&agent->in, used);
		}
	}
	if (result == FRAME_BAD)
		fail(agent, "a frame of an impossible length");
}

static void on_ready(GIOCondition condition, void *data)
{
	struct agent *agent = data;

	if (condition & G_IO_OUT)
		flush(agent);
	if (!(condition & ~G_IO_OUT))
		return;

	gssize got = buffer_read(&agent->in, agent->fd, READ_SIZE);

	if (got < 0 && errno == EAGAIN)
		return;
	if (got > 0) {
		on_frames(agent);
		return;
	}
	stop(agent);
	agent->events->closed(agent->data);
}

struct agent *agent_new(int fd, struct logfile *log, const struct agent_events *events, void *data)
{
	struct agent *agent = g_new0(struct agent, 1);

	agent->fd = fd;
	agent->log = log;
	agent->events = events;
	agent->data = data;
	g_queue_init(&agent->requests);
	buffer_init(&agent->in, IN_MAX);
	buffer_init(&agent->out, CONTROL_FRAME_MAX);
	/* A socket takes any flags. */
	(void)g_unix_set_fd_nonblocking(fd, TRUE, NULL);
	watch_init(&agent->watch, fd, G_IO_IN, on_ready, agent);
	return agent;
}

void agent_free(struct agent *agent)
{
	g_autoptr(GError) error = NULL;

	if (agent == NULL)
		return;
	g_set_error(&error, CC_ERROR, CC_ERROR_NOT_RUNNING, "the VM has ended");
	agent_close(agent, error);
	agent_info_clear(&agent->info);
	buffer_clear(&agent->in);
	buffer_clear(&agent->out);
	fd_clear(&agent->fd);
	g_free(agent);
}

const struct agent_info *agent_get_info(const struct agent *agent)
{
	return &agent->info;
}
