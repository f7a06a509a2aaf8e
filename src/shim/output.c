/* SPDX-License-Identifier: GPL-2.0-only */
/* Writes a process's output to the engine's descriptor without ever blocking on it. */
#include "shim/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/socket.h>

#include "shim/nonblock.h"

enum {
	WRITE_MOST = 64 << 10,
	/*
	 * Acknowledgements are sent for this much. For less there is no need, since the sender has
	 * the rest of its window; and each wakes up the guest.
	 */
	ACKNOWLEDGE = 64 << 10,
};

void output_init(struct output *output, uint64_t seq, int fd, uint32_t window)
{
	*output = (struct output){.seq = seq, .fd = -1, .write_most = WRITE_MOST};
	buffer_init(&output->pending, window);
	if (seq == 0)
		return;
	output->fd = fd;
	switch (nonblock_take(fd, O_WRONLY)) {
	case NONBLOCK_NOT:
	case NONBLOCK_REOPENED:
		break;
	case NONBLOCK_SOCKET:
		output->is_socket = true;
		break;
	case NONBLOCK_SHARED:
		/* What a writable pipe takes without blocking, pipe(7). */
		output->write_most = PIPE_BUF;
		break;
	case NONBLOCK_CLOSED:
		output->fd = -1;
		break;
	}
}

void output_clear(struct output *output)
{
	buffer_clear(&output->pending);
}

/* Nobody reads any more: what comes is acknowledged and forgotten. */
static void discard(struct output *output)
{
	output->consumed += (uint32_t)output->pending.size;
	buffer_consume(&output->pending, output->pending.size);
}

bool output_put(struct output *output, const void *data, size_t size)
{
	if (!buffer_append(&output->pending, data, size))
		return false;
	if (output->fd < 0)
		discard(output);
	return true;
}

static ssize_t write_some(struct output *output)
{
	if (!output->is_socket)
		return buffer_write(&output->pending, output->fd, output->write_most);

	ssize_t sent = send(output->fd, buffer_bytes(&output->pending), output->pending.size,
		MSG_DONTWAIT | MSG_NOSIGNAL);

	if (sent > 0)
		buffer_consume(&output->pending, (size_t)sent);
	return sent;
}

bool output_write(struct output *output)
{
	ssize_t written = write_some(output);

	if (written >= 0) {
		output->consumed += (uint32_t)written;
		return true;
	}
	if (errno == EAGAIN || errno == EINTR)
		return true;
	/* A full disk may have room later: what does not fit now is lost, what comes then is not.
	 */
	if (errno == ENOSPC || errno == EDQUOT) {
		discard(output);
		return true;
	}
	output->fd = -1;
	discard(output);
	return false;
}

uint32_t output_take_consumed(struct output *output)
{
	uint32_t consumed = output->consumed;

	if (consumed < ACKNOWLEDGE)
		return 0;
	output->consumed = 0;
	return consumed;
}
