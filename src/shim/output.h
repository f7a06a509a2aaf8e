/* SPDX-License-Identifier: GPL-2.0-only */
/* One output of the process: what the guest has sent and the engine has not taken yet. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "wire/buffer.h"

struct output {
	uint64_t seq;
	/* -1 when nobody reads it any more. */
	int fd;
	/* At most so many bytes a write, so that one on a descriptor that blocks never does. */
	size_t write_most;
	bool is_socket;
	struct buffer pending;
	/* Bytes that were written, or thrown away, and not acknowledged yet. */
	uint32_t consumed;
};

/* window: the most that is ever pending. The descriptor may be replaced by one that never blocks.
 */
void output_init(struct output *output, uint64_t seq, int fd, uint32_t window);
void output_clear(struct output *output);

/* Takes bytes from the guest; false when they exceed the window. */
bool output_put(struct output *output, const void *data, size_t size);
/* Writes some of what is pending; false once, when the reader turns out to be gone. */
bool output_write(struct output *output);
/* Bytes to acknowledge now, or 0: not before a good part of the window is written. */
uint32_t output_take_consumed(struct output *output);
