/* SPDX-License-Identifier: GPL-2.0-only */
/* Encodes and decodes the handover of a process to its shim. */
#include "wire/handover.h"

#include "wire/bytes.h"
#include "wire/frame.h"

/* "CCH1": a shim and a runtime of different builds notice each other. */
#define HANDOVER_MAGIC 0x43434831u

void handover_encode(const struct handover *handover, uint8_t out[HANDOVER_SIZE])
{
	bytes_put_u32(out, HANDOVER_MAGIC);
	bytes_put_u32(out + 4, handover->terminal);
	bytes_put_u64(out + 8, handover->stdio_seq);
	bytes_put_u64(out + 16, handover->stderr_seq);
	bytes_put_u32(out + 24, handover->window);
	bytes_put_u32(out + 28, handover->frame_max);
}

bool handover_decode(const uint8_t *data, size_t size, struct handover *out_handover)
{
	if (size != HANDOVER_SIZE || bytes_get_u32(data) != HANDOVER_MAGIC)
		return false;

	struct handover handover = {
		.terminal = bytes_get_u32(data + 4) != 0,
		.stdio_seq = bytes_get_u64(data + 8),
		.stderr_seq = bytes_get_u64(data + 16),
		.window = bytes_get_u32(data + 24),
		.frame_max = bytes_get_u32(data + 28),
	};

	if (handover.stdio_seq == 0 || handover.window == 0)
		return false;
	if (handover.frame_max <= TTY_HEADER_SIZE || handover.frame_max > TTY_FRAME_MAX)
		return false;
	*out_handover = handover;
	return true;
}
