/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processes that are not our children, named so that a reused pid is never mistaken for them: by
 * pid and start time (field 22 of /proc/PID/stat, proc(5)).
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <sys/types.h>

struct process_ref {
	/* 0: none. */
	pid_t pid;
	/* Clock ticks since boot. */
	guint64 start_time;
};

/* The reference of a live process; CC_ERROR_NOT_FOUND when it is gone (a zombie is gone). */
gboolean process_ref_get(
	pid_t pid, struct process_ref *out_ref, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* {"pid":N,"startTime":N} and back; the latter must be there as object's member, at its path. */
JsonObject *process_ref_to_json(const struct process_ref *ref);
gboolean process_ref_parse(JsonObject *object, const char *path, const char *member,
	struct process_ref *out_ref, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether it still runs. A zombie does not. */
gboolean process_is_alive(const struct process_ref *ref);

/* Sends a signal; FALSE when the process is gone. Safe against reuse of the pid (pidfd). */
gboolean process_signal(const struct process_ref *ref, int signal);

/* Waits until it is gone or a zombie; CC_ERROR_TIMEOUT at the deadline. */
gboolean process_wait_gone(
	const struct process_ref *ref, gint64 deadline, GError **error) G_GNUC_WARN_UNUSED_RESULT;
