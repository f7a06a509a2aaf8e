/* SPDX-License-Identifier: GPL-2.0-only */
/* QMP: capabilities, then commands in order. */
#include "proxy/qmp.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/timeouts.h"
#include "proxy/watch.h"
#include "wire/buffer.h"
#include "wire/fdpass.h"

enum {
	OUT_MAX = 4 << 20,
	READ_SIZE = 16 << 10,
};

struct command {
	char *line;
	/* To go with the line, until it has been sent; -1: none. */
	int fd;
	gboolean sent;
	guint timer;
	/* NULL once it has been answered (by its deadline). */
	qmp_reply_func done;
	void *data;
};

struct qmp {
	int fd;
	struct watch watch;
	struct buffer in;
	struct buffer out;
	gboolean greeted;
	gboolean failed;
	/* What has no reply yet: those that were sent, then those that were not. */
	GQueue commands;
	struct logfile *log;
	const struct qmp_events *events;
	void *data;
};

static void command_free(struct command *command)
{
	timer_clear(&command->timer);
	fd_clear(&command->fd);
	g_free(command->line);
	g_free(command);
}

static void command_answer(struct command *command, JsonNode *value, const GError *error)
{
	qmp_reply_func done = g_steal_pointer(&command->done);

	timer_clear(&command->timer);
	if (done != NULL)
		done(value, error, command->data);
}

static void fail(struct qmp *qmp, const char *text)
{
	g_autoptr(GError) error = NULL;

	if (qmp->failed)
		return;
	qmp->failed = TRUE;
	watch_clear(&qmp->watch);
	g_set_error(&error, CC_ERROR, CC_ERROR_FAILED, "QMP: %s", text);
	qmp->events->failed(error, qmp->data);
}

static struct command *first_unsent(struct qmp *qmp)
{
	for (GList *link = qmp->commands.head; link != NULL; link = link->next)
		if (!((struct command *)link->data)->sent)
			return link->data;
	return NULL;
}

/* Starts a line; a descriptor goes with its first bytes. FALSE: not now, or not any more. */
static gboolean start_line(struct qmp *qmp, struct command *command)
{
	gsize size = strlen(command->line);
	gssize put = 0;

	if (command->fd >= 0)
		put = fdpass_send(qmp->fd, command->line, size, &command->fd, 1);
	if (put < 0 && errno == EAGAIN)
		return FALSE;
	command->sent = TRUE;
	fd_clear(&command->fd);
	if (put < 0)
		fail(qmp, g_strerror(errno));
	else if (!buffer_append(&qmp->out, command->line + put, size - (gsize)put))
		fail(qmp, "command too long");
	return !qmp->failed;
}

/* Writes what the socket takes now; FALSE when it is full, or of no use any more. */
static gboolean flush(struct qmp *qmp)
{
	while (!qmp->failed && qmp->out.size > 0) {
		if (buffer_write(&qmp->out, qmp->fd, qmp->out.size) >= 0)
			continue;
		if (errno == EAGAIN)
			return FALSE;
		fail(qmp, g_strerror(errno));
	}
	return !qmp->failed;
}

static void send_commands(struct qmp *qmp)
{
	struct command *command = NULL;

	while (flush(qmp) && (command = first_unsent(qmp)) != NULL && start_line(qmp, command))
		;
	watch_set(&qmp->watch,
		G_IO_IN | (qmp->out.size > 0 || first_unsent(qmp) != NULL ? G_IO_OUT : 0));
}

static gboolean on_deadline(void *data)
{
	struct command *command = data;
	g_autoptr(GError) error = NULL;

	command->timer = 0;
	g_set_error(&error, CC_ERROR, CC_ERROR_TIMEOUT, "QMP: no reply");
	/* It stays in the queue: its reply may still come, and must not be taken for another's. */
	command_answer(command, NULL, error);
	return G_SOURCE_REMOVE;
}

/* The arguments are taken over. */
static struct command *command_new(
	const char *name, JsonObject *arguments, qmp_reply_func done, void *data)
{
	struct command *command = g_new0(struct command, 1);
	JsonObject *object = json_object_new();

	json_object_set_string_member(object, "execute", name);
	if (arguments != NULL)
		json_object_set_object_member(object, "arguments", arguments);

	g_autofree char *text = json_format_object(object, FALSE);

	command->line = g_strconcat(text, "\n", NULL);
	command->fd = -1;
	command->done = done;
	command->data = data;
	command->timer = g_timeout_add(TIMEOUT_PROXY_REQUEST_MS, on_deadline, command);
	return command;
}

gboolean qmp_execute_with(struct qmp *qmp, const char *name, JsonObject *arguments, int fd,
	qmp_reply_func done, void *data, GError **error)
{
	auto_fd int passed = fd;

	if (qmp->failed || g_queue_get_length(&qmp->commands) >= QMP_COMMANDS_MAX) {
		g_clear_pointer(&arguments, json_object_unref);
		g_set_error(error, CC_ERROR, CC_ERROR_FAILED, "QMP: cannot take \"%s\"", name);
		return FALSE;
	}

	struct command *command = command_new(name, arguments, done, data);

	command->fd = g_steal_fd(&passed);
	g_queue_push_tail(&qmp->commands, command);
	send_commands(qmp);
	return TRUE;
}

gboolean qmp_execute(struct qmp *qmp, const char *name, JsonObject *arguments, qmp_reply_func done,
	void *data, GError **error)
{
	return qmp_execute_with(qmp, name, arguments, -1, done, data, error);
}

/* Late is not wrong: QEMU's start has its own deadline, the agent's. */
static void on_capabilities(JsonNode *value, const GError *error, void *data)
{
	struct qmp *qmp = data;

	(void)value;
	if (error != NULL && !qmp->failed && !g_error_matches(error, CC_ERROR, CC_ERROR_TIMEOUT))
		fail(qmp, error->message);
}

static void handle_greeting(struct qmp *qmp, JsonObject *message)
{
	if (json_object_has_member(message, "QMP"))
		qmp->greeted = TRUE;
	else
		fail(qmp, "no greeting");
}

static void handle_reply(struct qmp *qmp, JsonNode *value, const char *failure)
{
	g_autoptr(GError) error = NULL;
	struct command *command = g_queue_peek_head(&qmp->commands);

	if (command == NULL || !command->sent) {
		fail(qmp, "a reply to nothing");
		return;
	}
	g_queue_pop_head(&qmp->commands);
	if (failure != NULL)
		g_set_error(&error, CC_ERROR, CC_ERROR_FAILED, "QMP: %s", failure);
	command_answer(command, value, error);
	command_free(command);
}

static void handle_error(struct qmp *qmp, JsonObject *message)
{
	g_autoptr(GError) error = NULL;
	JsonObject *details;
	const char *text = "unknown error";

	if (!json_require_object(message, "", "error", &details, &error) ||
		!json_get_string(details, "error", "desc", &text, &error))
		fail(qmp, error->message);
	else
		handle_reply(qmp, NULL, text);
}

static void handle_event(struct qmp *qmp, JsonObject *message)
{
	g_autoptr(GError) error = NULL;
	JsonObject *details = NULL;
	const char *name;

	if (!json_require_string(message, "", "event", &name, &error) ||
		!json_get_object(message, "", "data", &details, &error)) {
		fail(qmp, error->message);
		return;
	}
	logfile_note(qmp->log, LOG_INFO, "QMP event %s", name);
	qmp->events->event(name, details, qmp->data);
}

static void handle_line(struct qmp *qmp, const char *line, gsize size)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(JsonNode) node = json_parse_object(line, size, &error);

	if (node == NULL) {
		fail(qmp, error->message);
		return;
	}

	JsonObject *message = json_node_get_object(node);

	if (json_object_has_member(message, "event"))
		handle_event(qmp, message);
	else if (!qmp->greeted)
		handle_greeting(qmp, message);
	else if (json_object_has_member(message, "return"))
		handle_reply(qmp, json_object_get_member(message, "return"), NULL);
	else if (json_object_has_member(message, "error"))
		handle_error(qmp, message);
	else
		fail(qmp, "a message of no known kind");
}

static void on_ready(GIOCondition condition, void *data)
{
	struct qmp *qmp = data;

	if (condition & G_IO_OUT)
		send_commands(qmp);
	if (qmp->failed || !(condition & ~G_IO_OUT))
		return;

	gssize got = buffer_read(&qmp->in, qmp->fd, READ_SIZE);

	if (got < 0 && errno == EAGAIN)
		return;
	if (got <= 0) {
		fail(qmp, got == 0 ? "connection closed" : g_strerror(errno));
		return;
	}
	while (!qmp->failed && qmp->in.size > 0) {
		const char *start = (const char *)buffer_bytes(&qmp->in);
		const char *end = memchr(start, '\n', qmp->in.size);

		if (end == NULL)
			break;
		handle_line(qmp, start, (gsize)(end - start));
		buffer_consume(&qmp->in, (gsize)(end - start) + 1);
	}
	if (buffer_space(&qmp->in) == 0)
		fail(qmp, "a line too long");
}

struct qmp *qmp_new(int fd, struct logfile *log, const struct qmp_events *events, void *data)
{
	struct qmp *qmp = g_new0(struct qmp, 1);

	qmp->fd = fd;
	qmp->log = log;
	qmp->events = events;
	qmp->data = data;
	g_queue_init(&qmp->commands);
	buffer_init(&qmp->in, QMP_LINE_MAX);
	buffer_init(&qmp->out, OUT_MAX);
	/* A socket takes any flags. */
	(void)g_unix_set_fd_nonblocking(fd, TRUE, NULL);
	watch_init(&qmp->watch, fd, G_IO_IN, on_ready, qmp);
	g_queue_push_tail(
		&qmp->commands, command_new("qmp_capabilities", NULL, on_capabilities, qmp));
	send_commands(qmp);
	return qmp;
}

void qmp_free(struct qmp *qmp)
{
	g_autoptr(GError) error = NULL;
	struct command *command;

	if (qmp == NULL)
		return;
	qmp->failed = TRUE;
	watch_clear(&qmp->watch);
	g_set_error(&error, CC_ERROR, CC_ERROR_NOT_RUNNING, "QMP: the hypervisor has ended");
	while ((command = g_queue_pop_head(&qmp->commands)) != NULL) {
		command_answer(command, NULL, error);
		command_free(command);
	}
	buffer_clear(&qmp->in);
	buffer_clear(&qmp->out);
	fd_clear(&qmp->fd);
	g_free(qmp);
}
