/* SPDX-License-Identifier: GPL-2.0-only */
/* What a VM as a whole uses, as its host cgroups have counted it. */
#pragma once

#include <glib.h>

/* -1: not counted here; of a limit: none. Bytes, nanoseconds. */
struct cgroup_figures {
	gint64 memory_usage;
	gint64 memory_limit;
	gint64 memory_peak;
	gint64 cpu_total;
	gint64 pids;
};

/* Of the directories (char *) of a container's cgroups, v1 or v2. */
void cgroup_figures_read(const GPtrArray *directories, struct cgroup_figures *out_figures);
