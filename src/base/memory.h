/* SPDX-License-Identifier: GPL-2.0-only */
/* What a process's memory really costs the host. */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* In bytes. */
struct memory_cost {
	/* Its pages, each divided by the number of processes that share it. */
	guint64 pss;
	/* The pages that it alone has: what its end would free. */
	guint64 private;
};

/*
 * From /proc/PID/smaps_rollup (proc(5)): the kernel walks the whole address space for it, some
 * milliseconds for a VM. CC_ERROR_NOT_FOUND when the process is gone.
 */
gboolean memory_of_process(
	pid_t pid, struct memory_cost *out_cost, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same from the file's text; a figure that is missing is an error. */
gboolean memory_parse(
	const char *text, struct memory_cost *out_cost, GError **error) G_GNUC_WARN_UNUSED_RESULT;
