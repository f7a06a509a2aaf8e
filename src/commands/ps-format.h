/* SPDX-License-Identifier: GPL-2.0-only */
/* What `ps` shows of a container's processes: the options of ps(1) that choose columns. */
#pragma once

#include <glib.h>

struct ps_format;

/*
 * options: NULL-terminated, as behind `ps ID`; none of them is -ef. Known are -e, -A, -a, -x and -w
 * (no effect: the processes are always all of the container, on lines of any length), -f, -u and
 * aux in BSD's manner, and -o LIST. The caller frees.
 */
struct ps_format *ps_format_parse(char **options, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void ps_format_free(struct ps_format *format);
typedef struct ps_format ps_format;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ps_format, ps_format_free)

/*
 * The table of struct guest_process *, with its line of titles unless all are empty. now: what the
 * time is, in milliseconds since 1970. The caller frees.
 */
char *ps_format_table(const struct ps_format *format, const GPtrArray *processes, gint64 now);
