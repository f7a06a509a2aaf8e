/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest's side of the wire, played by a test: what an agent sends and receives, and what none
 * should.
 *
 * Every wait runs the main loop meanwhile, so that what is tested may live in the same process, and
 * has a deadline, after which the test fails. Nothing here checks what it is told to send.
 */
#pragma once

#include <glib.h>

#include "wire/buffer.h"
#include "wire/frame.h"
#include "wire/stream.h"

/* What the agent of this project would say of itself. */
#define FAKE_AGENT_OBJECT                                                                          \
	"{\"features\":[\"oci\",\"window\",\"wait-start\"],"                                       \
	"\"frameMax\":65536,\"streamWindow\":8192}"

enum {
	FAKE_AGENT_VERSION = 1000000,
	FAKE_AGENT_WINDOW = 8192,
};

struct fake_agent {
	int control;
	int tty;
	struct buffer control_in;
	struct buffer tty_in;
};

/* Takes over both descriptors. */
void fake_agent_init(struct fake_agent *agent, int control, int tty);
void fake_agent_clear(struct fake_agent *agent);

/* Runs the main loop until the condition holds; fails the test at the deadline. */
#define fake_agent_wait(condition)                                                                 \
	G_STMT_START                                                                               \
	{                                                                                          \
		gint64 fake_deadline = fake_agent_deadline();                                      \
		while (!(condition))                                                               \
			fake_agent_step(fake_deadline, #condition);                                \
	}                                                                                          \
	G_STMT_END
gint64 fake_agent_deadline(void);
void fake_agent_step(gint64 deadline, const char *what);
/* Runs the main loop until it has nothing to do, for what must not happen. */
void fake_agent_settle(void);

/* ---- control channel */
void fake_agent_send(struct fake_agent *agent, guint32 type, const void *payload, gsize size);
void fake_agent_send_text(struct fake_agent *agent, guint32 type, const char *payload);
/* Bytes that need not be a frame. */
void fake_agent_send_raw(int fd, const void *data, gsize size);
/* The next message must have this type; its payload as text, which the caller frees. */
char *fake_agent_expect(struct fake_agent *agent, guint32 type);
/* Whether a whole message is waiting. */
gboolean fake_agent_has_message(struct fake_agent *agent);
/* READY, and the answer to GETVERSION: the version, and an object or NULL. */
void fake_agent_handshake(struct fake_agent *agent, guint32 version, const char *object);

/* ---- tty channel, and the other end of a shim's link */
void fake_tty_send(int fd, guint64 seq, const void *payload, gsize size);
void fake_tty_send_note(int fd, const struct note *note);
/* The next frame, whole; its payload lies in the buffer until the next call. */
struct tty_frame fake_tty_receive(int fd, struct buffer *in);
/* The next frame must be this. */
void fake_tty_expect(int fd, struct buffer *in, guint64 seq, const char *payload);
void fake_tty_expect_note(int fd, struct buffer *in, const struct note *note);
/* The stream must end, with no frame before. */
void fake_tty_expect_end(int fd, struct buffer *in);
