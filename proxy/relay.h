/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One process's streams between the guest and its shim: who may send what, and how it ends.
 *
 * Neither side is believed. A guest that exceeds a window, or sends on a stream that it has ended,
 * has broken the protocol: the VM ends. A shim that sends what is not its own loses its link, and
 * its process is killed, as when the shim dies.
 */
#pragma once

#include <glib.h>

#include "base/process.h"
#include "proxy/agent.h"
#include "proxy/tty.h"
#include "wire/frame.h"
#include "wire/stream.h"

enum {
	/*
	 * What may wait for one shim, headers included. An agent with the usual window can never
	 * exceed it: two streams of STREAM_WINDOW bytes, at worst a 12-byte header to each byte,
	 * are 6.5 MiB. One that announces a larger window must not send such frames.
	 */
	RELAY_QUEUE_MAX = 8 << 20,
	/* With an agent that has no windows, nothing is read from the guest above this. */
	RELAY_FULL = 256 << 10,
};

struct relay;

struct relay_events {
	/* No more of the process's streams is routed: it has exited, or its shim is gone. */
	void (*ended)(struct relay *relay, void *data);
	/* Less waits for the shim. */
	void (*written)(void *data);
	/* The link is closed; the receiver frees the relay. */
	void (*gone)(struct relay *relay, void *data);
};

struct relay_config {
	const char *container;
	const char *process;
	gboolean terminal;
	/* The sandbox ends with this process. */
	gboolean init;
	/* Stands for it on the host; pid 0: not told. */
	struct process_ref shim;
	guint64 stdio_seq;
	/* 0 with a terminal. */
	guint64 stderr_seq;
	struct agent *agent;
	struct tty *tty;
	struct logfile *log;
	const struct relay_events *events;
	void *data;
};

/* Takes over the proxy's end of the link. */
struct relay *relay_new(const struct relay_config *config, int fd);
void relay_free(struct relay *relay);

gboolean relay_is(const struct relay *relay, const char *container, const char *process);
const struct relay_config *relay_get_config(const struct relay *relay);
/* Whether it has so much to write that a guest without windows must wait. */
gboolean relay_is_full(const struct relay *relay);
/* Takes nothing from the shim. */
void relay_pause(struct relay *relay, gboolean paused);

/* A frame, or a note, for one of its streams. FALSE: the guest has broken the protocol. Both may
 * end and free the relay. */
gboolean relay_from_guest(struct relay *relay, const struct tty_frame *frame,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean relay_note_from_guest(
	struct relay *relay, const struct note *note, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The process has ended with this status; the shim hears of it behind the last output. */
void relay_set_status(struct relay *relay, int status);
/* The VM is gone: what waits is still written. */
void relay_end(struct relay *relay);
