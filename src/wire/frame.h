/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames of the two agent channels (docs/agent-protocol.md, "Frames").
 *
 * Decoding never copies and never trusts: a frame is handed out only when all of it is there and
 * its length is within the limit. The length on the wire counts the header.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
	/* Control channel: u32 type, u32 length. */
	CONTROL_HEADER_SIZE = 8,
	CONTROL_FRAME_MAX = 4 << 20,
	/* What agents before ours accept in all. */
	CONTROL_FRAME_MAX_HYPERSTART = 10240,

	/* Tty channel, and the link between proxy and shim: u64 seq, u32 length. */
	TTY_HEADER_SIZE = 12,
	TTY_FRAME_MAX = 64 << 10,
	/* Towards a hyperstart agent (a longer frame kills it); from one, 10240. */
	TTY_FRAME_MAX_HYPERSTART = 4096,
};

enum frame_result {
	FRAME_OK,
	/* Not all there yet: call again with more bytes. */
	FRAME_SHORT,
	/* A length below the header or above the limit: the link is of no use any more. */
	FRAME_BAD,
};

/* Both payloads point into the decoded bytes and live as long as they do. */
struct control_frame {
	uint32_t type;
	const uint8_t *payload;
	uint32_t payload_size;
};

struct tty_frame {
	uint64_t seq;
	const uint8_t *payload;
	uint32_t payload_size;
};

/* On FRAME_OK, *out_frame is set and *out_used is the size of the frame, header included. */
enum frame_result control_frame_decode(
	const uint8_t *data, size_t size, struct control_frame *out_frame, size_t *out_used);
enum frame_result tty_frame_decode(
	const uint8_t *data, size_t size, struct tty_frame *out_frame, size_t *out_used);

/* The payload itself is sent behind the header; it must be within the limit. */
void control_header_encode(
	uint8_t header[CONTROL_HEADER_SIZE], uint32_t type, uint32_t payload_size);
void tty_header_encode(uint8_t header[TTY_HEADER_SIZE], uint64_t seq, uint32_t payload_size);
