/* SPDX-License-Identifier: GPL-2.0-only */
/* Durations as Go programs write them. */
#pragma once

#include <glib.h>

/* "5s", "500ms", "1m30s", "0.5h": milliseconds, at least 1 unless it is 0. FALSE: none. */
gboolean duration_parse(const char *text, gint64 *out_milliseconds) G_GNUC_WARN_UNUSED_RESULT;
