/* SPDX-License-Identifier: GPL-2.0-only */
/* QMP: greeting, capabilities, then commands in order. */
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

enum {
	OUT_MAX = 4 << 20,
	READ_SIZE = 16 << 10,
};

struct command {
	char *line;
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
	/* The first one has been sent. */
	GQueue commands;
	gboolean outstanding;
	struct logfile *log;
	qmp_failed_func report;
	void *data;
};

static void command_free(struct command *command)
{
	timer_clear(&command->timer);
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
	qmp->report(error, qmp->data);
}

static void flush(struct qmp *qmp)
{
	while (!qmp->failed && qmp->out.size > 0) {
		if (buffer_write(&qmp->out, qmp->fd, qmp->out.size) >= 0)
			continue;
		if (errno == EAGAIN)
			break;
		fail(qmp, g_strerror(errno));
	}
	watch_set(&qmp->watch, G_IO_IN | (qmp->out.size > 0 ? G_IO_OUT : 0));
}

static void send_next(struct qmp *qmp)
{
	struct command *command = g_queue_peek_head(&qmp->commands);

	if (command == NULL || qmp->outstanding || qmp->failed || !qmp->greeted)
		return;
	qmp->outstanding = TRUE;
	if (!buffer_append(&qmp->out, command->line, strlen(command->line)))
		fail(qmp, "command too long");
	flush(qmp);
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
	command->done = done;
	command->data = data;
	command->timer = g_timeout_add(TIMEOUT_PROXY_REQUEST_MS, on_deadline, command);
	return command;
}

gboolean qmp_execute(struct qmp *qmp, const char *name, JsonObject *arguments, qmp_reply_func done,
	void *data, GError **error)
{
	if (qmp->failed || g_queue_get_length(&qmp->commands) >= QMP_COMMANDS_MAX) {
		g_clear_pointer(&arguments, json_object_unref);
		g_set_error(error, CC_ERROR, CC_ERROR_FAILED, "QMP: cannot take \"%s\"", name);
		return FALSE;
	}
	g_queue_push_tail(&qmp->commands, command_new(name, arguments, done, data));
	send_next(qmp);
	return TRUE;
}

static void on_capabilities(JsonNode *value, const GError *error, void *data)
{
	struct qmp *qmp = data;

	(void)value;
	if (error != NULL)
		fail(qmp, error->message);
}

static void handle_greeting(struct qmp *qmp, JsonObject *message)
{
	if (!json_object_has_member(message, "QMP")) {
		fail(qmp, "no greeting");
		return;
	}
	qmp->greeted = TRUE;
	/* In front of what was queued before the greeting. */
	g_queue_push_head(
		&qmp->commands, command_new("qmp_capabilities", NULL, on_capabilities, qmp));
	send_next(qmp);
}

static void handle_reply(struct qmp *qmp, JsonNode *value, const char *failure)
{
	g_autoptr(GError) error = NULL;

	if (!qmp->outstanding) {
		fail(qmp, "a reply to nothing");
		return;
	}

	struct command *command = g_queue_pop_head(&qmp->commands);

	qmp->outstanding = FALSE;
	if (failure != NULL)
		g_set_error(&error, CC_ERROR, CC_ERROR_FAILED, "QMP: %s", failure);
	command_answer(command, value, error);
	command_free(command);
	send_next(qmp);
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
	const char *name;

	if (!json_require_string(message, "", "event", &name, &error))
		fail(qmp, error->message);
	else
		logfile_note(qmp->log, LOG_INFO, "QMP event %s", name);
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
		flush(qmp);
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

struct qmp *qmp_new(int fd, struct logfile *log, qmp_failed_func failed, void *data)
{
	struct qmp *qmp = g_new0(struct qmp, 1);

	qmp->fd = fd;
	qmp->log = log;
	qmp->report = failed;
	qmp->data = data;
	g_queue_init(&qmp->commands);
	buffer_init(&qmp->in, QMP_LINE_MAX);
	buffer_init(&qmp->out, OUT_MAX);
	/* A socket takes any flags. */
	(void)g_unix_set_fd_nonblocking(fd, TRUE, NULL);
	watch_init(&qmp->watch, fd, G_IO_IN, on_ready, qmp);
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
