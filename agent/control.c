/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads requests and queues answers. */
#include "agent/control.h"

#include <stdlib.h>
#include <string.h>

#include "agent/cleanup.h"
#include "wire/bytes.h"
#include "wire/message.h"

enum {
	READ_CHUNK = 16 << 10,
	/* Beside an answer of the largest size, room for events. */
	EVENTS_SPACE = 64 << 10,
};

void control_init(struct control *control, struct port *port)
{
	*control = (struct control){.port = port};
	buffer_init(&control->in, CONTROL_FRAME_MAX);
	buffer_init(&control->out, CONTROL_FRAME_MAX + EVENTS_SPACE);
}

void control_clear(struct control *control)
{
	buffer_clear(&control->in);
	buffer_clear(&control->out);
}

bool control_send(struct control *control, uint32_t type, const void *payload, size_t size)
{
	return buffer_append_control(&control->out, type, payload, size);
}

static void handle_port(void *object, short events)
{
	struct control *control = object;
	uint8_t consumed[4];
	ssize_t got;

	if (!port_ready(control->port, events) || !(events & POLLIN))
		return;
	got = buffer_read(&control->in, control->port->fd, READ_CHUNK);
	if (got == 0)
		control->port->away = true;
	if (got <= 0)
		return;
	/* There is space: control_poll() does not read while answers pile up. */
	bytes_put_u32(consumed, (uint32_t)got);
	control_send(control, MESSAGE_NEXT, consumed, sizeof consumed);
}

void control_poll(struct control *control, struct pollset *set)
{
	short events = 0;

	if (buffer_space(&control->in) > 0 && control->out.size < EVENTS_SPACE / 2)
		events |= POLLIN;
	if (control->out.size > 0)
		events |= POLLOUT;
	port_poll(control->port, set, events, handle_port, control);
}

void control_flush(struct control *control)
{
	if (control->out.size > 0 && !control->port->away)
		buffer_write(&control->out, control->port->fd, control->out.size);
}

enum frame_result control_peek(
	struct control *control, struct control_frame *out_frame, size_t *out_used)
{
	return control_frame_decode(
		buffer_bytes(&control->in), control->in.size, out_frame, out_used);
}

void control_drop(struct control *control, size_t used)
{
	buffer_consume(&control->in, used);
}

/* A JSON string of any bytes: what is no UTF-8 is replaced. */
static json_t *json_text(const char *text)
{
	json_t *json = json_string(text);
	AUTO_FREE char *copy = NULL;

	if (json != NULL)
		return json;
	copy = strdup(text);
	for (char *c = copy; c != NULL && *c != '\0'; c++)
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	return copy != NULL ? json_string(copy) : NULL;
}

static bool send_json(struct control *control, uint32_t type, json_t *json)
{
	AUTO_FREE char *text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;

	json_decref(json);
	return text != NULL && control_send(control, type, text, strlen(text));
}

bool control_send_error(struct control *control, const struct agent_error *error)
{
	json_t *object = json_pack("{s:o,s:s}", "message", json_text(error->text), "code",
		agent_code_name(error->code));

	return send_json(control, MESSAGE_ERROR, object);
}

bool control_send_exit(
	struct control *control, const char *container, const char *process, int status)
{
	json_t *object = json_pack("{s:s,s:s,s:s,s:i}", "container", container, "process", process,
		"event", "finished", "status", status);

	return send_json(control, MESSAGE_PROCESSASYNCEVENT, object);
}

bool control_send_oom(struct control *control, const char *container, uint64_t kills)
{
	json_t *object =
		json_pack("{s:s,s:I}", "container", container, "oomKills", (json_int_t)kills);

	return send_json(control, MESSAGE_OOM, object);
}

bool control_send_span(struct control *control, const struct span *span)
{
	json_t *object = json_pack("{s:s,s:I,s:I}", "name", span->name, "begin",
		(json_int_t)span->begin, "end", (json_int_t)span->end);

	return send_json(control, MESSAGE_TRACEEVENT, object);
}
