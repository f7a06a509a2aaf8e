/* SPDX-License-Identifier: GPL-2.0-only */
/* The framed, bounded, merging socket of a shim. */
#include "proxy/link.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "proxy/watch.h"
#include "wire/buffer.h"

enum {
	IN_MAX = 2 * TTY_FRAME_MAX,
};

struct link {
	int fd;
	struct watch watch;
	struct buffer in;
	struct buffer out;
	gsize limit;
	/* The last frame in `out`: its stream and size, header included; 0: none to merge into. */
	guint64 last_seq;
	gsize last_size;
	gboolean paused;
	/* Nothing more is taken; when all is written, our direction is shut down. */
	gboolean finishing;
	gboolean shut;
	/* Freed as soon as no call of ours is under way any more. */
	gboolean dead;
	guint busy;
	const struct link_events *events;
	void *data;
};

static void release(struct link *link)
{
	if (link->busy > 0 || !link->dead)
		return;
	buffer_clear(&link->in);
	buffer_clear(&link->out);
	g_free(link);
}

void link_free(struct link *link)
{
	if (link == NULL)
		return;
	watch_clear(&link->watch);
	fd_clear(&link->fd);
	link->dead = TRUE;
	release(link);
}

static void update_watch(struct link *link)
{
	/* GLib reports the hang-up in any case; alone it keeps the descriptor polled. */
	GIOCondition condition = G_IO_HUP;

	if (link->dead)
		return;
	if (!link->paused || link->finishing)
		condition |= G_IO_IN;
	if (link->out.size > 0)
		condition |= G_IO_OUT;
	watch_set(&link->watch, condition);
}

static void end(struct link *link)
{
	if (link->dead)
		return;
	watch_clear(&link->watch);
	link->events->closed(link->data);
}

/* Hands out what has come, until it is paused or freed. */
static void take_frames(struct link *link)
{
	struct tty_frame frame;
	enum frame_result result = FRAME_OK;
	size_t used;

	while (result == FRAME_OK && !link->paused && !link->finishing && !link->dead) {
		result = tty_frame_decode(buffer_bytes(&link->in), link->in.size, &frame, &used);
		if (result != FRAME_OK)
			break;
		link->events->frame(&frame, link->data);
		buffer_consume(&link->in, used);
	}
	if (result == FRAME_BAD)
		end(link);
}

static void read_some(struct link *link)
{
	gssize got;

	/* What a shim still sends is of no interest then, but it must find a reader. */
	if (link->finishing)
		buffer_clear(&link->in);
	got = buffer_read(&link->in, link->fd, TTY_FRAME_MAX);
	if (got > 0)
		take_frames(link);
	else if (got == 0 || errno != EAGAIN)
		end(link);
}

/* FALSE when the shim is gone. */
static gboolean write_some(struct link *link)
{
	while (link->out.size > 0) {
		if (buffer_write(&link->out, link->fd, link->out.size) >= 0)
			continue;
		return errno == EAGAIN;
	}
	return TRUE;
}

void link_flush(struct link *link)
{
	link->busy++;
	if (!link->dead && !write_some(link))
		end(link);
	if (!link->dead && link->finishing && !link->shut && link->out.size == 0) {
		/* Closing would fail the shim's next write, before it has read all of this. */
		link->shut = TRUE;
		(void)shutdown(link->fd, SHUT_WR);
	}
	update_watch(link);
	link->busy--;
	release(link);
}

static void on_ready(GIOCondition condition, void *data)
{
	struct link *link = data;

	link->busy++;
	if (condition & G_IO_OUT) {
		link_flush(link);
		if (!link->dead)
			link->events->written(link->data);
	}
	if ((condition & G_IO_IN) && !link->dead && (!link->paused || link->finishing))
		read_some(link);
	else if ((condition & (G_IO_HUP | G_IO_ERR)) && !link->dead)
		end(link);
	update_watch(link);
	link->busy--;
	release(link);
}

struct link *link_new(int fd, gsize limit, const struct link_events *events, void *data)
{
	struct link *link = g_new0(struct link, 1);

	link->fd = fd;
	link->limit = limit;
	link->events = events;
	link->data = data;
	buffer_init(&link->in, IN_MAX);
	buffer_init(&link->out, limit + LINK_RESERVE);
	/* A socket takes any flags. */
	(void)g_unix_set_fd_nonblocking(fd, TRUE, NULL);
	watch_init(&link->watch, fd, G_IO_IN, on_ready, link);
	return link;
}

/* Lengthens the last frame, if nothing of it has been sent and it is of the same stream. */
static gboolean merge(struct link *link, guint64 seq, const void *payload, gsize size)
{
	gsize merged = link->last_size + size;

	if (link->last_size <= TTY_HEADER_SIZE || link->last_seq != seq ||
		link->last_size > link->out.size || merged > TTY_FRAME_MAX)
		return FALSE;
	if (!buffer_append(&link->out, payload, size))
		return FALSE;

	guint8 *header = link->out.data + link->out.start + link->out.size - merged;

	tty_header_encode(header, seq, (guint32)(merged - TTY_HEADER_SIZE));
	link->last_size = merged;
	return TRUE;
}

gboolean link_put_frame(struct link *link, guint64 seq, const void *payload, gsize size)
{
	if (!buffer_append_tty(&link->out, seq, payload, size))
		return FALSE;
	link->last_seq = seq;
	link->last_size = TTY_HEADER_SIZE + size;
	return TRUE;
}

gboolean link_put_data(struct link *link, guint64 seq, const void *payload, gsize size)
{
	if (link->out.size + TTY_HEADER_SIZE + size > link->limit)
		return FALSE;
	return merge(link, seq, payload, size) || link_put_frame(link, seq, payload, size);
}

gsize link_queued(const struct link *link)
{
	return link->out.size;
}

void link_pause(struct link *link, gboolean paused)
{
	if (link->paused == paused || link->dead)
		return;
	link->busy++;
	link->paused = paused;
	/* Inside of take_frames its own loop goes on. */
	if (!paused && link->busy == 1)
		take_frames(link);
	update_watch(link);
	link->busy--;
	release(link);
}

void link_finish(struct link *link)
{
	link->finishing = TRUE;
	link_flush(link);
}
