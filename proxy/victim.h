/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A process whose only purpose is to be killed by the kernel for want of memory.
 *
 * It is this program once more, with --out-of-memory, started in the memory cgroup in question: it
 * makes itself the one to be killed first (oom_score_adj 1000), lowers the cgroup's limit to what
 * is in use, and takes memory until the kernel has had enough. The cgroup's container is at its end
 * by then, so that nothing else in it wants memory; whoever started it puts the limit back.
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* The limit of a memory cgroup, as its file says it. The caller frees. */
char *victim_save(const char *directory, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean victim_restore(
	const char *directory, const char *limit, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Starts it in the cgroup; a child of ours. -1 on error. */
pid_t victim_start(const char *directory, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What it does. Returns only when it was not killed. */
void victim_run(const char *directory);
