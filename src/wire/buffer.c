/* SPDX-License-Identifier: GPL-2.0-only */
/* The bounded queue of bytes. */
#include "wire/buffer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wire/frame.h"

/* An empty buffer larger than this gives its memory back. */
#define KEEP_WHEN_EMPTY (64 << 10)

void buffer_init(struct buffer *buffer, size_t limit)
{
	*buffer = (struct buffer){.limit = limit};
}

void buffer_clear(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct buffer){.limit = buffer->limit};
}

/* Makes room for size more bytes behind the queued ones. */
static bool reserve(struct buffer *buffer, size_t size)
{
	if (size > buffer_space(buffer)) {
		errno = ENOBUFS;
		return false;
	}
	if (buffer->start + buffer->size + size <= buffer->capacity)
		return true;
	if (buffer->start > 0 && buffer->size > 0)
		memmove(buffer->data, buffer->data + buffer->start, buffer->size);
	buffer->start = 0;
	if (buffer->size + size <= buffer->capacity)
		return true;

	size_t capacity = buffer->capacity > 0 ? buffer->capacity : 4096;

	while (capacity < buffer->size + size)
		capacity *= 2;
	if (capacity > buffer->limit)
		capacity = buffer->limit;

	uint8_t *data = realloc(buffer->data, capacity);

	if (data == NULL)
		return false;
	buffer->data = data;
	buffer->capacity = capacity;
	return true;
}

bool buffer_append(struct buffer *buffer, const void *data, size_t size)
{
	if (size == 0)
		return true;
	if (!reserve(buffer, size))
		return false;
	memcpy(buffer->data + buffer->start + buffer->size, data, size);
	buffer->size += size;
	return true;
}

void buffer_consume(struct buffer *buffer, size_t size)
{
	buffer->start += size;
	buffer->size -= size;
	if (buffer->size > 0)
		return;
	buffer->start = 0;
	if (buffer->capacity > KEEP_WHEN_EMPTY) {
		free(buffer->data);
		buffer->data = NULL;
		buffer->capacity = 0;
	}
}

ssize_t buffer_read(struct buffer *buffer, int fd, size_t most)
{
	size_t space = buffer_space(buffer);

	if (space == 0) {
		errno = ENOBUFS;
		return -1;
	}
	if (most > space)
		most = space;
	if (!reserve(buffer, most))
		return -1;

	ssize_t got;

	do
		got = read(fd, buffer->data + buffer->start + buffer->size, most);
	while (got < 0 && errno == EINTR);
	if (got > 0)
		buffer->size += (size_t)got;
	return got;
}

ssize_t buffer_write(struct buffer *buffer, int fd, size_t most)
{
	ssize_t put;

	if (most > buffer->size)
		most = buffer->size;
	do
		put = write(fd, buffer_bytes(buffer), most);
	while (put < 0 && errno == EINTR);
	if (put > 0)
		buffer_consume(buffer, (size_t)put);
	return put;
}

/* Queues header and payload together, or nothing of them. */
static bool append_frame(struct buffer *buffer, const uint8_t *header, size_t header_size,
	const void *payload, size_t payload_size)
{
	if (!reserve(buffer, header_size + payload_size))
		return false;
	return buffer_append(buffer, header, header_size) &&
	       buffer_append(buffer, payload, payload_size);
}

bool buffer_append_control(
	struct buffer *buffer, uint32_t type, const void *payload, size_t payload_size)
{
	uint8_t header[CONTROL_HEADER_SIZE];

	if (payload_size > CONTROL_FRAME_MAX - CONTROL_HEADER_SIZE) {
		errno = EMSGSIZE;
		return false;
	}
	control_header_encode(header, type, (uint32_t)payload_size);
	return append_frame(buffer, header, sizeof header, payload, payload_size);
}

bool buffer_append_tty(
	struct buffer *buffer, uint64_t seq, const void *payload, size_t payload_size)
{
	uint8_t header[TTY_HEADER_SIZE];

	if (payload_size > TTY_FRAME_MAX - TTY_HEADER_SIZE) {
		errno = EMSGSIZE;
		return false;
	}
	tty_header_encode(header, seq, (uint32_t)payload_size);
	return append_frame(buffer, header, sizeof header, payload, payload_size);
}
