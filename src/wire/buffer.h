/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A queue of bytes between a file descriptor and a codec, with a limit.
 *
 * The limit is what keeps a peer from growing this process: it is the caller's statement of how
 * much may ever be queued, and exceeding it is ENOBUFS, never growth. No GLib: all four programs
 * use it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct buffer {
	uint8_t *data;
	size_t start;
	size_t size;
	size_t capacity;
	size_t limit;
};

void buffer_init(struct buffer *buffer, size_t limit);
void buffer_clear(struct buffer *buffer);

/* The queued bytes, buffer->size of them; valid until the buffer changes. NULL: never any. */
static inline const uint8_t *buffer_bytes(const struct buffer *buffer)
{
	/* Not even 0 may be added to a null pointer. */
	return buffer->data != NULL ? buffer->data + buffer->start : NULL;
}

static inline size_t buffer_space(const struct buffer *buffer)
{
	return buffer->limit - buffer->size;
}

/* False with errno ENOBUFS (over the limit) or ENOMEM; then nothing was appended. */
bool buffer_append(struct buffer *buffer, const void *data, size_t size);
/* Drops bytes from the front; size is at most buffer->size. */
void buffer_consume(struct buffer *buffer, size_t size);

/*
 * One read(2) of at most `most` bytes, or what there is space for. Returns what read(2) does: 0 at
 * end of file, -1 with errno (ENOBUFS when there is no space). EINTR is retried.
 */
ssize_t buffer_read(struct buffer *buffer, int fd, size_t most);
/* One write(2) of the queued bytes, at most `most`; what was written is consumed. -1 with errno. */
ssize_t buffer_write(struct buffer *buffer, int fd, size_t most);

/* Queues a whole frame, or nothing. */
bool buffer_append_control(
	struct buffer *buffer, uint32_t type, const void *payload, size_t payload_size);
bool buffer_append_tty(
	struct buffer *buffer, uint64_t seq, const void *payload, size_t payload_size);
