/* SPDX-License-Identifier: GPL-2.0-only */
/* A trace file (base/trace.h) as a chart of text. */
#pragma once

#include <glib.h>

enum {
	TIMELINE_SIZE_MAX = 64 << 20,
	TIMELINE_WIDTH_MIN = 10,
	TIMELINE_WIDTH_MAX = 1000,
};

/*
 * One line a span, below the name of its process: when it began (ms from the first), how long it
 * took, and a bar, `width` columns for the whole time; spans that lie in another are indented. file
 * is for errors, which name the line. The caller frees.
 */
char *timeline_chart(const char *text, gsize size, const char *file, guint width,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;
