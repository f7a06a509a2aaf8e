/* SPDX-License-Identifier: GPL-2.0-only */
/* Signals as people and engines write them. */
#pragma once

#include <glib.h>

/* A number (0 to 64; 0 only asks whether there is a process), a name with or without SIG in any
 * case, RTMIN+N or RTMAX-N (signal(7)). */
gboolean signal_parse(const char *text, int *out_signal, GError **error) G_GNUC_WARN_UNUSED_RESULT;
