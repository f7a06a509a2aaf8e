/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads and writes the tty channel. */
#include "proxy/tty.h"

#include <errno.h>
#include <glib-unix.h>

#include "base/fd.h"
#include "proxy/watch.h"
#include "wire/buffer.h"

enum {
	IN_MAX = 2 * TTY_FRAME_MAX,
	/* Reads that empty a socket nobody writes to; more is a guest that still does. */
	DRAIN_MAX = 256,
};

struct tty {
	int fd;
	struct watch watch;
	struct buffer in;
	struct buffer out;
	gboolean paused;
	gboolean broken;
	gboolean full;
	/* Frames are being handed out: the loop goes on by itself when the pause ends. */
	gboolean handing_out;
	const struct tty_events *events;
	void *data;
};

static void update_watch(struct tty *tty)
{
	GIOCondition condition = 0;

	if (!tty->paused)
		condition |= G_IO_IN;
	if (tty->out.size > 0)
		condition |= G_IO_OUT;
	watch_set(&tty->watch, condition);
}

static void stop(struct tty *tty)
{
	tty->broken = TRUE;
	watch_clear(&tty->watch);
}

static void fail(struct tty *tty, const char *reason)
{
	if (tty->broken)
		return;
	stop(tty);
	tty->events->failed(reason, tty->data);
}

static void take_frames(struct tty *tty)
{
	struct tty_frame frame;
	enum frame_result result = FRAME_OK;
	size_t used;

	if (tty->handing_out)
		return;
	tty->handing_out = TRUE;
	while (!tty->broken && !tty->paused) {
		result = tty_frame_decode(buffer_bytes(&tty->in), tty->in.size, &frame, &used);
		if (result != FRAME_OK)
			break;
		if (!tty->events->frame(&frame, tty->data))
			stop(tty);
		buffer_consume(&tty->in, used);
	}
	tty->handing_out = FALSE;
	if (result == FRAME_BAD)
		fail(tty, "a tty frame of an impossible length");
}

/* FALSE when there is nothing to read, now or any more. */
static gboolean read_some(struct tty *tty)
{
	gssize got = buffer_read(&tty->in, tty->fd, TTY_FRAME_MAX);

	if (got > 0) {
		take_frames(tty);
		return !tty->broken;
	}
	/* The end is no news: the hypervisor's own end is what counts. */
	if (got == 0 || errno != EAGAIN)
		stop(tty);
	return FALSE;
}

static void flush(struct tty *tty)
{
	while (tty->out.size > 0)
		if (buffer_write(&tty->out, tty->fd, tty->out.size) < 0)
			break;
	/* The reading side learns of the end. */
	update_watch(tty);
}

static void on_ready(GIOCondition condition, void *data)
{
	struct tty *tty = data;

	if (condition & (G_IO_HUP | G_IO_ERR))
		buffer_clear(&tty->out);
	if (condition & G_IO_OUT)
		flush(tty);
	if ((condition & ~G_IO_OUT) && !tty->paused)
		(void)read_some(tty);
	if (tty->full && tty->out.size < TTY_FULL) {
		tty->full = FALSE;
		tty->events->full(FALSE, tty->data);
	}
	update_watch(tty);
}

struct tty *tty_new(int fd, const struct tty_events *events, void *data)
{
	struct tty *tty = g_new0(struct tty, 1);

	tty->fd = fd;
	tty->paused = TRUE;
	tty->events = events;
	tty->data = data;
	buffer_init(&tty->in, IN_MAX);
	buffer_init(&tty->out, TTY_QUEUE_MAX);
	/* A socket takes any flags. */
	(void)g_unix_set_fd_nonblocking(fd, TRUE, NULL);
	watch_init(&tty->watch, fd, 0, on_ready, tty);
	return tty;
}

void tty_free(struct tty *tty)
{
	if (tty == NULL)
		return;
	watch_clear(&tty->watch);
	fd_clear(&tty->fd);
	buffer_clear(&tty->in);
	buffer_clear(&tty->out);
	g_free(tty);
}

void tty_put(struct tty *tty, guint64 seq, const void *payload, gsize size)
{
	if (tty->broken)
		return;
	if (!buffer_append_tty(&tty->out, seq, payload, size)) {
		fail(tty, "it does not read its tty channel");
		return;
	}
	flush(tty);
	/* The end of it is told from the main loop only, or feeders would call each other. */
	if (tty->full || tty->out.size < TTY_FULL)
		return;
	tty->full = TRUE;
	tty->events->full(TRUE, tty->data);
}

gboolean tty_is_full(const struct tty *tty)
{
	return tty->full;
}

void tty_pause(struct tty *tty, gboolean paused)
{
	if (tty->paused == paused || tty->broken)
		return;
	tty->paused = paused;
	if (!paused)
		take_frames(tty);
	update_watch(tty);
}

void tty_catch_up(struct tty *tty)
{
	/* A frame that is being handed out lies in the buffer that this would fill. */
	if (tty->handing_out)
		return;
	for (int i = 0; i < DRAIN_MAX && !tty->broken && !tty->paused && read_some(tty); i++)
		;
}

void tty_drain(struct tty *tty)
{
	tty->paused = FALSE;
	take_frames(tty);
	tty_catch_up(tty);
	stop(tty);
}
