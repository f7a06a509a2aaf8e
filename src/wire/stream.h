/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Notes: what travels about streams, beside their bytes.
 *
 * A tty frame with seq 0 is no stream's: its payload is one note. Between host and agent only
 * NOTE_WINDOW and NOTE_CLOSED occur (with the feature "window"); the link between proxy and shim
 * uses all of them. docs/agent-protocol.md, "Window", and docs/proxy-protocol.md, "Streams".
 *
 * Credit runs from end to end: who reads a stream's bytes for good (the shim for output, the agent
 * for stdin) says so by NOTE_WINDOW, and who sends keeps at most the window unacknowledged.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The seq of frames that carry a note. */
#define STREAM_SEQ_NOTE 0

enum {
	/* What may be unacknowledged in each direction of a stream, in bytes. */
	STREAM_WINDOW = 256 << 10,
	/* The largest window that a host agrees to. */
	STREAM_WINDOW_MAX = 1 << 20,
	NOTE_SIZE_MAX = 13,
};

enum note_kind {
	/* seq, value: so many more bytes of the stream were consumed. */
	NOTE_WINDOW = 1,
	/* seq: nobody will read the stream any more; its writer may be told (EPIPE). */
	NOTE_CLOSED = 2,
	/* rows, columns: the terminal has this size. Shim to proxy. */
	NOTE_WINSIZE = 3,
	/* value: send this signal to the process. Shim to proxy. */
	NOTE_SIGNAL = 4,
	/* value: the process ended with this status, 0 to 255. Proxy to shim, last of all. */
	NOTE_EXIT = 5,
};

struct note {
	enum note_kind kind;
	uint64_t seq;
	uint32_t value;
	uint16_t rows;
	uint16_t columns;
};

/* Writes the note's payload (without frame header) and returns its size. */
size_t note_encode(const struct note *note, uint8_t out[NOTE_SIZE_MAX]);
/* False when the bytes are no note: unknown kind or wrong size. */
bool note_decode(const uint8_t *payload, size_t size, struct note *out_note);
