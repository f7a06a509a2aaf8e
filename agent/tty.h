/* SPDX-License-Identifier: GPL-2.0-only */
/* The tty channel: frames of all streams, in both directions, and the notes about them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "agent/error.h"
#include "agent/pollset.h"
#include "agent/port.h"
#include "agent/stdio.h"
#include "wire/buffer.h"

struct tty {
	struct port *port;
	struct buffer in;
	struct outlet out;
	/* Not owned: each belongs to its process, which detaches it. */
	struct stdio *streams;
	/* The first frame in `in` waits for space: nothing more is read. */
	bool blocked;
	/* The host has broken the protocol; `error` says how. */
	bool failed;
	struct agent_error error;
};

/* The port remains the caller's. */
void tty_init(struct tty *tty, struct port *port);
void tty_clear(struct tty *tty);

void tty_attach(struct tty *tty, struct stdio *stdio);
/* Bears one that is not attached. */
void tty_detach(struct tty *tty, struct stdio *stdio);
/* The streams of which this is the stdio, or NULL. */
struct stdio *tty_find(struct tty *tty, uint64_t seq);
/* Whether the number is a stream's already: stdio or stderr. */
bool tty_is_used(const struct tty *tty, uint64_t seq);

/* Adds the port and the streams to the turn's set. */
void tty_poll(struct tty *tty, struct pollset *set);
/* After the handlers: decodes what has come. False: the protocol is broken. */
bool tty_settle(struct tty *tty, struct agent_error *error);
