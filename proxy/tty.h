/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tty channel of the agent, host side: frames in both directions, and back pressure.
 *
 * It knows frames, not streams. Towards the guest it takes what it is given and says when it is
 * full; whoever feeds it stops then. It always reads from the guest, unless paused.
 */
#pragma once

#include <glib.h>

#include "wire/frame.h"

enum {
	/* From here on it is full. */
	TTY_FULL = 256 << 10,
	/* What is put nevertheless: the frame that made it full, and notes that links are gone. */
	TTY_QUEUE_MAX = 1 << 20,
};

struct tty;

struct tty_events {
	/* A frame of the guest's. FALSE when it breaks the protocol: nothing is read after it. */
	gboolean (*frame)(const struct tty_frame *frame, void *data);
	/* It has become full: nobody may feed it; or no longer is. */
	void (*full)(gboolean full, void *data);
	/* A length is impossible, or the queue is. */
	void (*failed)(const char *reason, void *data);
};

/* Takes over the connected descriptor; reads nothing before tty_pause(FALSE). The caller frees. */
struct tty *tty_new(int fd, const struct tty_events *events, void *data);
void tty_free(struct tty *tty);

/* Queues a frame and writes what the socket takes. */
void tty_put(struct tty *tty, guint64 seq, const void *payload, gsize size);
gboolean tty_is_full(const struct tty *tty);
void tty_pause(struct tty *tty, gboolean paused);
/* Hands out what is there now. */
void tty_catch_up(struct tty *tty);
/* Hands out all that is still in the socket, paused or not, and reads nothing ever after. */
void tty_drain(struct tty *tty);
