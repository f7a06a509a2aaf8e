/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The streams of one process: what goes into its stdin, and what comes out of it, with their
 * windows (docs/agent-protocol.md, "Streams" and "window").
 *
 * Nothing here blocks, and nothing is read from a process that cannot be sent on: an output
 * without credit, or a full outlet, leaves the bytes in the pipe, and the process waits.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/error.h"
#include "agent/pollset.h"
#include "wire/buffer.h"

/* What is on its way to the host on the tty channel, all streams together. */
struct outlet {
	struct buffer buffer;
	/* Bytes that the port has taken, ever. */
	uint64_t sent;
	/* The host gives credit (its pod asked for it); else only the buffer limits. */
	bool window;
};

enum {
	/* One read from a process, seven pages: two of them fit into the outlet. */
	OUTPUT_CHUNK = 28 << 10,
	/* Of the outlet's space, this is kept for notes and empty frames. */
	OUTLET_RESERVE = 4 << 10,
	OUTLET_LIMIT = 64 << 10,
};

/* Towards the process. */
struct stdio_input {
	/* Non-blocking; -1: closed, what still comes is dropped. */
	int fd;
	struct buffer buffer;
	/* Bytes from the host that were not acknowledged yet. */
	uint32_t unacknowledged;
	/* Of these, the ones that are consumed: the next note's value. */
	uint32_t consumed;
	/* The host has sent the end: close when all is written. */
	bool ending;
	/* The process has closed its end, and the host has not been told yet. */
	bool refused;
};

/* From the process. */
struct stdio_output {
	/* 0: there is none. */
	uint64_t seq;
	/* Non-blocking; -1: at its end, or nobody reads it. */
	int fd;
	/* Bytes sent to the host that it has not acknowledged. */
	uint32_t unacknowledged;
	/* What will still be read after the process has exited. */
	size_t left;
	/* The empty frame has been sent. */
	bool ended;
};

struct stdio {
	struct stdio *next;
	/* The channel's, which outlives the streams. */
	struct outlet *outlet;
	/* stdin and stdout; stderr's is in `errors`. */
	uint64_t seq;
	bool terminal;
	/* With a terminal: keeps it alive while the process has closed it and opens it again. */
	int slave;
	bool exited;
	/* Of a killed process, the end of its patience (CLOCK_MONOTONIC, ms); else INT64_MAX. */
	int64_t deadline;
	/* All is queued, up to this byte of the outlet. */
	bool finished;
	uint64_t end;
	struct stdio_input input;
	struct stdio_output output;
	struct stdio_output errors;
};

/* Embedded in a process. errors_seq 0: stderr goes where stdout goes. */
void stdio_init(struct stdio *stdio, struct outlet *outlet, uint64_t seq, uint64_t errors_seq);
void stdio_clear(struct stdio *stdio);
/* Makes pipes; the child's ends are the caller's. */
bool stdio_make_pipes(struct stdio *stdio, int out_child[3], struct agent_error *error);
/* Takes master and slave over. */
bool stdio_use_terminal(struct stdio *stdio, int master, int slave, struct agent_error *error);

/* Adds what can be read or written now. */
void stdio_poll(struct stdio *stdio, struct pollset *set);

/* Whether there is room for a frame's payload on its way to the process. */
bool stdio_has_space(const struct stdio *stdio, size_t size);
/* Bytes for the process; none: the end, or the hang-up of its terminal. False: the host has sent
 * more than its window. */
bool stdio_take(struct stdio *stdio, const uint8_t *data, size_t size, struct agent_error *error);
/* The host has consumed so many bytes of the output. False: more than were sent. */
bool stdio_acknowledge(struct stdio *stdio, struct stdio_output *output, uint32_t bytes);
/* Nobody will read the output: its writer gets EPIPE. */
void stdio_close_output(struct stdio *stdio, struct stdio_output *output);

/*
 * The process is gone: what it has written is still sent, then the ends are. When it was killed, a
 * reader that takes nothing for a while forfeits the rest: else a kill would wait for the reader.
 */
void stdio_exit(struct stdio *stdio, bool killed);
/* True once everything has left, the empty frames too; called each turn after the exit. */
bool stdio_finish(struct stdio *stdio);
