/* SPDX-License-Identifier: GPL-2.0-only */
/* Sizes as people write them. */
#pragma once

#include <glib.h>

/*
 * "512m", "1.5g", "4096", "64KiB": bytes, in steps of 1024, as runc reads them; -1 means no limit.
 * FALSE: not a size, or beyond 64 bits.
 */
gboolean size_parse(const char *text, gint64 *out_bytes) G_GNUC_WARN_UNUSED_RESULT;
