/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one message from the runtime to a shim that it has started: your process is there, and this
 * is the descriptor that carries its streams.
 *
 * The shim waits for it on descriptor HANDOVER_FD, a unix stream socket. An end of file in its
 * place means that the runtime has given up: the shim ends. The shim's argv is the container
 * process's own, so nothing is passed there.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The shim's descriptor of the socket. */
#define HANDOVER_FD 3
/* The container's root directory on the host, where the shim is the container's process. */
#define HANDOVER_ROOT_FD 4

enum {
	HANDOVER_SIZE = 32,
};

struct handover {
	/* The stream of stdin and stdout. */
	uint64_t stdio_seq;
	/* The stream of stderr; 0 with a terminal. */
	uint64_t stderr_seq;
	/* Bytes of stdin that may be unacknowledged. */
	uint32_t window;
	/* The largest frame that the guest takes, header included. */
	uint32_t frame_max;
	/* The process has a terminal: the shim's stdin is put into raw mode. */
	bool terminal;
};

void handover_encode(const struct handover *handover, uint8_t out[HANDOVER_SIZE]);
/* False when the bytes are no handover of this version. */
bool handover_decode(const uint8_t *data, size_t size, struct handover *out_handover);
