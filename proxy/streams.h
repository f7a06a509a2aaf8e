/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All processes' streams of one VM: the tty channel on one side, a link to each shim on the other.
 *
 * Stream numbers start at 1 and are never used again, so that a late frame of an old process can
 * never reach another's shim.
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

#include "base/process.h"
#include "proxy/agent.h"
#include "proxy/logfile.h"

enum {
	/* Processes at a time: each costs the proxy a descriptor. */
	STREAMS_PROCESSES_MAX = 512,
};

struct streams;

struct streams_events {
	/* The guest broke the protocol. */
	void (*failed)(const GError *error, void *data);
	/* The process that the sandbox ends with has ended, or its shim has. */
	void (*init_ended)(void *data);
	/* The last link is closed. */
	void (*drained)(void *data);
};

struct streams_process {
	const char *container;
	const char *process;
	gboolean terminal;
	gboolean init;
	/* Stands for it on the host; pid 0: not told. */
	struct process_ref shim;
};

struct streams_numbers {
	guint64 stdio;
	/* 0 with a terminal. */
	guint64 stderr_seq;
};

/* Takes over the descriptor of the tty channel. The agent must outlive it. The caller frees. */
struct streams *streams_new(int tty_fd, struct agent *agent, struct logfile *log,
	const struct streams_events *events, void *data);
void streams_free(struct streams *streams);
/* The agent is ready: from now on the guest is listened to. */
void streams_start(struct streams *streams);

/* Numbers for a process, and the shim's end of its link, the caller's. */
gboolean streams_open(struct streams *streams, const struct streams_process *process,
	struct streams_numbers *out_numbers, int *out_fd, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A process has ended. */
void streams_exited(
	struct streams *streams, const char *container, const char *process, int status);

/* QEMU is gone: routes what it has left in the socket, then lets the links drain. */
void streams_end(struct streams *streams);
/* Routes what is there, before QEMU is killed. */
void streams_catch_up(struct streams *streams);
/* Links that are not closed. */
guint streams_count(const struct streams *streams);
/* Appends {"container","process","shim":{"pid","startTime"}} for each process that runs. */
void streams_list(const struct streams *streams, JsonArray *list);
