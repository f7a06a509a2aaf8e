/* SPDX-License-Identifier: GPL-2.0-only */
/* The processes of a container: as the guest has them, and what stands for them on the host. */
#pragma once

#include <glib.h>

#include "sandbox/sandbox.h"

/* What the agent tells of a process. Pids are the container's own: they mean nothing on the host.
 */
struct guest_process {
	int pid;
	/* 0: outside of the container. */
	int ppid;
	int pgid;
	int sid;
	guint32 uid;
	guint32 gid;
	/* As ps(1) shows it: 'R', 'S', … */
	char state;
	/* As in /proc/PID/stat. */
	int tty;
	int nice;
	int threads;
	gint64 cpu_ms;
	/* Since 1970, by the guest's clock. */
	gint64 start_ms;
	/* Bytes. */
	gint64 virtual_size;
	gint64 resident_size;
	char *name;
	/* With its arguments; of one line. */
	char *command;
};

/* All in the container; elements are struct guest_process *. The caller unrefs. */
GPtrArray *sandbox_list_processes(
	struct sandbox *sandbox, const char *container, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The shims of the container's processes that run, struct process_ref. The caller unrefs. */
GArray *sandbox_list_shims(
	struct sandbox *sandbox, const char *container, GError **error) G_GNUC_WARN_UNUSED_RESULT;
