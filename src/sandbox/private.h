/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of this room share. */
#pragma once

#include "sandbox/sandbox.h"
#include "wire/channel.h"

struct sandbox {
	struct channel channel;
	/* The VM was started over this connection. */
	gboolean is_creator;
	/* What the agent has announced. */
	gboolean has_oci;
	gboolean has_window;
	gboolean has_wait_start;
	gboolean has_notify;
	gboolean has_ps;
	gboolean has_stats;
	gboolean has_pause;
	gboolean has_update;
	gboolean has_events;
	/* The request "oom" is under way. */
	gboolean waits_oom;
	gboolean has_vm_exec;
	gint64 agent_version;
};

/* Sends a request (taken over) to the proxy itself. */
JsonNode *sandbox_call(struct sandbox *sandbox, JsonObject *request, gint64 timeout, int *out_fd,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;
/*
 * Sends a message of the agent protocol, with its payload (taken over), through the proxy. The
 * answer is in the member `payload` of what comes back, the caller's.
 */
JsonNode *sandbox_ask_agent(struct sandbox *sandbox, const char *message, JsonObject *payload,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same, where the answer says nothing but that it was done. */
gboolean sandbox_call_agent(struct sandbox *sandbox, const char *message, JsonObject *payload,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The process object of the hyperstart protocol: what OCI has no word for. */
JsonObject *sandbox_plain_process(const struct sandbox_process *process);
/* {"container": id}. */
JsonObject *sandbox_container_reference(const char *container);
/* {"request": name}. */
JsonObject *sandbox_request(const char *name);
