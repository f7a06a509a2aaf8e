/* SPDX-License-Identifier: GPL-2.0-only */
/* Descriptors in the main loop. */
#include "proxy/watch.h"

#include <glib-unix.h>

struct watch_source {
	GSource base;
	gpointer tag;
	watch_func function;
	void *data;
};

static gboolean dispatch(GSource *base, GSourceFunc callback, gpointer callback_data)
{
	struct watch_source *source = (struct watch_source *)base;

	(void)callback;
	(void)callback_data;
	if (source->tag != NULL) {
		GIOCondition condition = g_source_query_unix_fd(base, source->tag);

		if (condition != 0)
			source->function(condition, source->data);
	}
	return G_SOURCE_CONTINUE;
}

static GSourceFuncs functions = {.dispatch = dispatch};

void watch_init(
	struct watch *watch, int fd, GIOCondition condition, watch_func function, void *data)
{
	GSource *base = g_source_new(&functions, sizeof(struct watch_source));
	struct watch_source *source = (struct watch_source *)base;

	source->function = function;
	source->data = data;
	*watch = (struct watch){.source = base, .fd = fd};
	watch_set(watch, condition);
	g_source_attach(base, NULL);
}

void watch_set(struct watch *watch, GIOCondition condition)
{
	if (watch->source == NULL || watch->condition == condition)
		return;
	watch->condition = condition;

	struct watch_source *source = (struct watch_source *)watch->source;

	if (condition == 0)
		g_source_remove_unix_fd(watch->source, g_steal_pointer(&source->tag));
	else if (source->tag == NULL)
		source->tag = g_source_add_unix_fd(watch->source, watch->fd, condition);
	else
		g_source_modify_unix_fd(watch->source, source->tag, condition);
}

void watch_clear(struct watch *watch)
{
	if (watch->source == NULL)
		return;
	g_source_destroy(watch->source);
	g_source_unref(watch->source);
	*watch = (struct watch){.fd = -1};
}

void timer_clear(guint *timer)
{
	if (*timer != 0)
		g_source_remove(*timer);
	*timer = 0;
}
