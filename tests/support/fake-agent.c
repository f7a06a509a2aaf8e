/* SPDX-License-Identifier: GPL-2.0-only */
/* Plays the guest for a test. */
#include "tests/support/fake-agent.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "wire/bytes.h"
#include "wire/message.h"

enum {
	DEADLINE_MS = 20 * 1000,
	/* One step of a wait. */
	STEP_US = 200,
	SETTLE_STEPS = 50,
	/* Small, so that what the tested side writes meets a full socket as it would in life. */
	IN_MAX = 2 * CONTROL_FRAME_MAX,
};

void fake_agent_init(struct fake_agent *agent, int control, int tty)
{
	*agent = (struct fake_agent){.control = control, .tty = tty};
	buffer_init(&agent->control_in, IN_MAX);
	buffer_init(&agent->tty_in, IN_MAX);
}

void fake_agent_clear(struct fake_agent *agent)
{
	fd_clear(&agent->control);
	fd_clear(&agent->tty);
	buffer_clear(&agent->control_in);
	buffer_clear(&agent->tty_in);
}

gint64 fake_agent_deadline(void)
{
	return deadline_after(DEADLINE_MS);
}

void fake_agent_step(gint64 deadline, const char *what)
{
	if (g_main_context_iteration(NULL, FALSE))
		return;
	if (deadline_left(deadline) == 0)
		g_error("waited in vain for: %s", what);
	g_usleep(STEP_US);
}

void fake_agent_settle(void)
{
	for (int i = 0; i < SETTLE_STEPS; i++) {
		while (g_main_context_iteration(NULL, FALSE))
			;
		g_usleep(STEP_US);
	}
}

void fake_agent_send_raw(int fd, const void *data, gsize size)
{
	const guint8 *from = data;
	gint64 deadline = fake_agent_deadline();

	while (size > 0) {
		struct pollfd entry = {.fd = fd, .events = POLLOUT};
		gssize put = poll(&entry, 1, 0) > 0 ? write(fd, from, MIN(size, 4096)) : 0;

		if (put < 0)
			g_error("write: %s", g_strerror(errno));
		if (put == 0)
			fake_agent_step(deadline, "room to write");
		from += put;
		size -= (gsize)put;
	}
}

void fake_agent_send(struct fake_agent *agent, guint32 type, const void *payload, gsize size)
{
	guint8 header[CONTROL_HEADER_SIZE];

	control_header_encode(header, type, (guint32)size);
	fake_agent_send_raw(agent->control, header, sizeof header);
	fake_agent_send_raw(agent->control, payload, size);
}

void fake_agent_send_text(struct fake_agent *agent, guint32 type, const char *payload)
{
	fake_agent_send(agent, type, payload, payload != NULL ? strlen(payload) : 0);
}

/* Takes what is there; FALSE at the end. */
static gboolean fill(int fd, struct buffer *in)
{
	struct pollfd entry = {.fd = fd, .events = POLLIN};

	return poll(&entry, 1, 0) <= 0 || buffer_read(in, fd, TTY_FRAME_MAX) > 0;
}

gboolean fake_agent_has_message(struct fake_agent *agent)
{
	struct control_frame frame;
	size_t used;

	if (!fill(agent->control, &agent->control_in))
		return FALSE;
	return control_frame_decode(buffer_bytes(&agent->control_in), agent->control_in.size,
		       &frame, &used) == FRAME_OK;
}

char *fake_agent_expect(struct fake_agent *agent, guint32 type)
{
	struct control_frame frame;
	size_t used;

	fake_agent_wait(fake_agent_has_message(agent));
	(void)control_frame_decode(
		buffer_bytes(&agent->control_in), agent->control_in.size, &frame, &used);
	if (frame.type != type)
		g_error("message %u where %u was expected", frame.type, type);

	char *payload = g_strndup((const char *)frame.payload, frame.payload_size);

	buffer_consume(&agent->control_in, used);
	return payload;
}

void fake_agent_handshake(struct fake_agent *agent, guint32 version, const char *object)
{
	g_autoptr(GByteArray) answer = g_byte_array_new();
	guint8 number[4];

	bytes_put_u32(number, version);
	g_byte_array_append(answer, number, sizeof number);
	if (object != NULL)
		g_byte_array_append(answer, (const guint8 *)object, (guint)strlen(object));
	fake_agent_send(agent, MESSAGE_READY, NULL, 0);
	g_free(fake_agent_expect(agent, MESSAGE_GETVERSION));
	/* The bytes of GETVERSION, as an agent must say before its ACK. */
	bytes_put_u32(number, CONTROL_HEADER_SIZE);
	fake_agent_send(agent, MESSAGE_NEXT, number, sizeof number);
	fake_agent_send(agent, MESSAGE_ACK, answer->data, answer->len);
}

void fake_tty_send(int fd, guint64 seq, const void *payload, gsize size)
{
	guint8 header[TTY_HEADER_SIZE];

	tty_header_encode(header, seq, (guint32)size);
	fake_agent_send_raw(fd, header, sizeof header);
	fake_agent_send_raw(fd, payload, size);
}

void fake_tty_send_note(int fd, const struct note *note)
{
	guint8 payload[NOTE_SIZE_MAX];

	fake_tty_send(fd, STREAM_SEQ_NOTE, payload, note_encode(note, payload));
}

struct tty_frame fake_tty_receive(int fd, struct buffer *in)
{
	static guint8 payload[TTY_FRAME_MAX];
	struct tty_frame frame;
	size_t used;

	fake_agent_wait(!fill(fd, in) ||
			tty_frame_decode(buffer_bytes(in), in->size, &frame, &used) == FRAME_OK);
	if (tty_frame_decode(buffer_bytes(in), in->size, &frame, &used) != FRAME_OK)
		g_error("the end, where a frame was expected");
	memcpy(payload, frame.payload, frame.payload_size);
	frame.payload = payload;
	buffer_consume(in, used);
	return frame;
}

void fake_tty_expect(int fd, struct buffer *in, guint64 seq, const char *payload)
{
	struct tty_frame frame = fake_tty_receive(fd, in);

	if (frame.seq != seq || frame.payload_size != strlen(payload) ||
		memcmp(frame.payload, payload, frame.payload_size) != 0)
		g_error("frame of stream %" G_GUINT64_FORMAT ", %u bytes, where %" G_GUINT64_FORMAT
			" \"%s\" was expected",
			frame.seq, frame.payload_size, seq, payload);
}

void fake_tty_expect_note(int fd, struct buffer *in, const struct note *note)
{
	struct tty_frame frame = fake_tty_receive(fd, in);
	struct note found = {0};

	if (frame.seq != STREAM_SEQ_NOTE ||
		!note_decode(frame.payload, frame.payload_size, &found) ||
		found.kind != note->kind || found.seq != note->seq || found.value != note->value)
		g_error("frame of stream %" G_GUINT64_FORMAT " with note %d (%" G_GUINT64_FORMAT
			", %u), where note %d (%" G_GUINT64_FORMAT ", %u) was expected",
			frame.seq, found.kind, found.seq, found.value, note->kind, note->seq,
			note->value);
}

void fake_tty_expect_end(int fd, struct buffer *in)
{
	fake_agent_wait(!fill(fd, in));
	if (in->size > 0)
		g_error("%zu bytes before the end", in->size);
}
