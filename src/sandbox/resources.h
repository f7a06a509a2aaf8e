/* SPDX-License-Identifier: GPL-2.0-only */
/* What a VM and its containers use, may use, and whether they run. */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

#include "sandbox/sandbox.h"

/* The whole machine stands still, or goes on. Of one that does already, an error. */
gboolean sandbox_pause(struct sandbox *sandbox, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean sandbox_resume(struct sandbox *sandbox, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean sandbox_is_paused(
	struct sandbox *sandbox, gboolean *out_paused, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The pid of the hypervisor. */
gboolean sandbox_hypervisor(
	struct sandbox *sandbox, pid_t *out_pid, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* One container of several in the VM. */
gboolean sandbox_freeze(struct sandbox *sandbox, const char *container, gboolean freeze,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The VM's CPU i on the i-th of these of the host (guint). */
gboolean sandbox_pin(
	struct sandbox *sandbox, const GArray *cpus, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/*
 * Makes a container known to the proxy, which shows in its memory cgroup on the host (NULL: none)
 * that memory ran out in the guest. Before the container is made.
 */
gboolean sandbox_add_container(struct sandbox *sandbox, const char *container,
	const char *memory_cgroup, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The object of docs/agent-protocol.md, "stats"; the caller's. */
JsonNode *sandbox_stats(
	struct sandbox *sandbox, const char *container, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* resources: as in linux.resources; taken over. */
gboolean sandbox_update(struct sandbox *sandbox, const char *container, JsonObject *resources,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * Waits until more than `seen` processes of the container have been killed for want of memory:
 * *out_kills is how many. CC_ERROR_TIMEOUT: not before the deadline (deadline_after); the same call
 * may then follow, and no other on this connection.
 */
gboolean sandbox_wait_oom(struct sandbox *sandbox, const char *container, guint64 seen,
	gint64 deadline, guint64 *out_kills, GError **error) G_GNUC_WARN_UNUSED_RESULT;
