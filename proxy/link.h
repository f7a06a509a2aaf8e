/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One end of a process's streams: tty frames over a socket to its shim, out of a bounded queue.
 *
 * It knows frames, not streams: who may send what is the relay's business (proxy/relay.h). Payloads
 * that go out one after another on the same stream are merged into one frame while they wait, so
 * that small writes do not cost a header each.
 */
#pragma once

#include <glib.h>

#include "wire/frame.h"

enum {
	/* What notes and empty frames may take of the queue beyond the limit for data. */
	LINK_RESERVE = 4096,
};

struct link;

/* Each may free the link. */
struct link_events {
	/* A frame of the shim's; the payload is valid during the call. */
	void (*frame)(const struct tty_frame *frame, void *data);
	/* Some of a queue that could not be written at once has been written. */
	void (*written)(void *data);
	/* The shim is gone, or sent what is no frame. The end. */
	void (*closed)(void *data);
};

/* Takes over the descriptor. limit: bytes of data, headers included, that may wait. */
struct link *link_new(int fd, gsize limit, const struct link_events *events, void *data);
/* Closes it; what waits is lost. */
void link_free(struct link *link);

/* Queues data; FALSE when it would exceed the limit. */
gboolean link_put_data(
	struct link *link, guint64 seq, const void *payload, gsize size) G_GNUC_WARN_UNUSED_RESULT;
/* Queues a frame that is not subject to the limit; FALSE when the reserve is used up as well. */
gboolean link_put_frame(
	struct link *link, guint64 seq, const void *payload, gsize size) G_GNUC_WARN_UNUSED_RESULT;
gsize link_queued(const struct link *link);

/* Writes what the socket takes now. */
void link_flush(struct link *link);
/* Takes no frames from the shim; its end is still noticed. */
void link_pause(struct link *link, gboolean paused);
/*
 * Takes nothing more from the shim; when all is written, the shim sees the end of the stream, and
 * `closed` comes when it has seen it and closes its end.
 */
void link_finish(struct link *link);
