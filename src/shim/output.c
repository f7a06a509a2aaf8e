/* SPDX-License-Identifier: GPL-2.0-only */
/* Writes a process's output to the engine's descriptor without ever blocking on it. */
#include "shim/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	WRITE_MOST = 64 << 10,
	/*
	 * Acknowledgements are sent for this much. For less there is no need, since the sender has
	 * the rest of its window; and each wakes up the guest.
	 */
	ACKNOWLEDGE = 64 << 10,
};

/*
 * A descriptor shared with others (a shell's terminal, a pipe with several writers) must not be
 * made non-blocking under their hands. Opening it anew gives us a file description of our own.
 */
static int reopen_nonblocking(int fd)
{
	char path[32];

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

void output_init(struct output *output, uint64_t seq, int fd, uint32_t window)
{
	struct stat status;

	*output = (struct output){.seq = seq, .fd = fd, .write_most = WRITE_MOST};
	buffer_init(&output->pending, window);
	if (seq == 0 || fstat(fd, &status) < 0) {
		output->fd = -1;
		return;
	}
	output->is_socket = S_ISSOCK(status.st_mode);
	if (!S_ISFIFO(status.st_mode) && !S_ISCHR(status.st_mode))
		return;

	int own = reopen_nonblocking(fd);

	if (own >= 0) {
		dup2(own, fd);
		close(own);
	} else {
		/* What a writable pipe takes without blocking, pipe(7). */
		output->write_most = PIPE_BUF;
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
