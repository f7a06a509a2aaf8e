/* SPDX-License-Identifier: GPL-2.0-only */
/* The guest's side of a sandbox: pod, containers and processes, as requests to the agent. */
#include <string.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/timeouts.h"
#include "oci/sections.h"
#include "sandbox/private.h"
#include "wire/frame.h"
#include "wire/message.h"
#include "wire/stream.h"

/* timeout: what the agent may take. */
static JsonNode *ask_agent(struct sandbox *sandbox, const char *message, JsonObject *payload,
	gint64 timeout, GError **error)
{
	JsonObject *request = sandbox_request(PROXY_AGENT);

	json_object_set_string_member(request, "message", message);
	json_object_set_object_member(request, "payload", payload);
	json_object_set_int_member(request, "timeout", timeout);
	return sandbox_call(sandbox, request, timeout + TIMEOUT_PROXY_MARGIN_MS, NULL, error);
}

JsonNode *sandbox_ask_agent(
	struct sandbox *sandbox, const char *message, JsonObject *payload, GError **error)
{
	return ask_agent(sandbox, message, payload, TIMEOUT_AGENT_REQUEST_MS, error);
}

gboolean sandbox_call_agent(
	struct sandbox *sandbox, const char *message, JsonObject *payload, GError **error)
{
	g_autoptr(JsonNode) reply = sandbox_ask_agent(sandbox, message, payload, error);

	return reply != NULL;
}

static gboolean require_features(const struct sandbox *sandbox, GError **error)
{
	if (sandbox->has_oci && sandbox->has_window && sandbox->has_wait_start)
		return TRUE;
	g_set_error(error, CC_ERROR, CC_ERROR_FAILED,
		"the agent in the guest (version %" G_GINT64_FORMAT
		") lacks the features oci, window and wait-start that create and start need",
		sandbox->agent_version);
	return FALSE;
}

gboolean sandbox_start_pod(
	struct sandbox *sandbox, const char *hostname, const char *share_tag, GError **error)
{
	static const char *const empty[] = {"containers", "interfaces", "routes", "dns"};
	JsonObject *pod;

	if (!require_features(sandbox, error))
		return FALSE;
	pod = json_object_new();
	if (hostname != NULL)
		json_object_set_string_member(pod, "hostname", hostname);
	for (gsize i = 0; i < G_N_ELEMENTS(empty); i++)
		json_object_set_array_member(pod, empty[i], json_array_new());
	json_object_set_string_member(pod, "shareDir", share_tag);
	json_object_set_boolean_member(pod, "window", TRUE);
	if (sandbox->has_events)
		json_object_set_boolean_member(pod, "events", TRUE);
	return sandbox_call_agent(sandbox, "STARTPOD", pod, error);
}

static gboolean read_process(JsonObject *reply, struct sandbox_process *process, GError **error)
{
	gint64 stdio_seq = 0;
	gint64 stderr_seq = 0;
	gint64 window = 0;
	gint64 frame_max = 0;

	if (!json_require_integer(reply, "process", "stdio", 1, G_MAXINT64, &stdio_seq, error) ||
		!json_get_integer(reply, "process", "stderr", 0, G_MAXINT64, &stderr_seq, error) ||
		!json_require_integer(
			reply, "process", "window", 1, STREAM_WINDOW_MAX, &window, error) ||
		!json_require_integer(reply, "process", "frameMax", TTY_HEADER_SIZE + 1,
			TTY_FRAME_MAX, &frame_max, error))
		return FALSE;
	process->handover.stdio_seq = (guint64)stdio_seq;
	process->handover.stderr_seq = (guint64)stderr_seq;
	process->handover.window = (guint32)window;
	process->handover.frame_max = (guint32)frame_max;
	return TRUE;
}

gboolean sandbox_reserve_process(struct sandbox *sandbox, const struct sandbox_reservation *wanted,
	struct sandbox_process *out_process, GError **error)
{
	JsonObject *request = sandbox_request(PROXY_PROCESS);
	auto_fd int streams = -1;

	json_object_set_string_member(request, "container", wanted->container);
	json_object_set_string_member(request, "process", wanted->process);
	json_object_set_boolean_member(request, "terminal", wanted->terminal);
	json_object_set_boolean_member(request, "init", wanted->is_sandbox_init);
	json_object_set_object_member(request, "shim", process_ref_to_json(&wanted->shim));

	g_autoptr(JsonNode) reply =
		sandbox_call(sandbox, request, TIMEOUT_PROXY_REQUEST_MS, &streams, error);
	struct sandbox_process process = {
		.container = wanted->container,
		.id = wanted->process,
		.handover.terminal = wanted->terminal,
	};

	if (reply == NULL || !read_process(json_node_get_object(reply), &process, error))
		return FALSE;
	if (streams < 0) {
		g_set_error(error, CC_ERROR, CC_ERROR_FAILED, "the proxy sent no streams");
		return FALSE;
	}
	process.streams = g_steal_fd(&streams);
	*out_process = process;
	return TRUE;
}

/* The process object of the hyperstart protocol: what OCI has no word for. */
JsonObject *sandbox_plain_process(const struct sandbox_process *process)
{
	JsonObject *plain = json_object_new();

	json_object_set_string_member(plain, "id", process->id);
	json_object_set_boolean_member(plain, "terminal", process->handover.terminal);
	json_object_set_int_member(plain, "stdio", (gint64)process->handover.stdio_seq);
	json_object_set_int_member(plain, "stderr", (gint64)process->handover.stderr_seq);
	return plain;
}

/* As runc has it: the socket's directory is mounted, so that the path is the same for all. */
#define NOTIFY_VARIABLE "NOTIFY_SOCKET=/run/notify/notify.sock"

static JsonObject *guest_sections(const struct sandbox_container *container)
{
	JsonObject *sections = oci_spec_guest_sections(
		container->spec, (const char *const *)container->mount_sources);

	oci_sections_place_namespaces(sections, container->namespace_owners);
	if (container->notify)
		oci_sections_set_variable(sections, NOTIFY_VARIABLE);
	return sections;
}

/* A request that is answered behind hooks, with the time that they may take. */
static gint64 hook_time(const struct oci_spec *spec, enum oci_hook_kind kind)
{
	return TIMEOUT_AGENT_REQUEST_MS + oci_hooks_time(spec->hooks, kind, TIMEOUT_GUEST_HOOK_MS);
}

gboolean sandbox_new_container(struct sandbox *sandbox, const struct sandbox_container *container,
	const struct sandbox_process *process, GError **error)
{
	JsonObject *object = json_object_new();
	g_autoptr(JsonNode) reply = NULL;

	json_object_set_string_member(object, "id", process->container);
	json_object_set_string_member(object, "image", process->container);
	json_object_set_string_member(object, "rootfs", "rootfs");
	if (container->notify)
		json_object_set_boolean_member(object, "notify", TRUE);
	json_object_set_object_member(object, "process", sandbox_plain_process(process));
	json_object_set_object_member(object, "oci", guest_sections(container));
	reply = ask_agent(sandbox, "NEWCONTAINER", object,
		hook_time(container->spec, OCI_HOOK_CREATE_CONTAINER), error);
	return reply != NULL;
}

gboolean sandbox_notify(
	struct sandbox *sandbox, const char *container, const char *path, pid_t pid, GError **error)
{
	JsonObject *request = sandbox_request(PROXY_NOTIFY);

	if (!sandbox->has_notify) {
		json_object_unref(request);
		g_set_error(error, CC_ERROR, CC_ERROR_FAILED,
			"NOTIFY_SOCKET: the agent in the guest cannot pass on messages");
		return FALSE;
	}
	json_object_set_string_member(request, "container", container);
	json_object_set_string_member(request, "socket", path);
	json_object_set_int_member(request, "pid", pid);

	g_autoptr(JsonNode) reply =
		sandbox_call(sandbox, request, TIMEOUT_PROXY_REQUEST_MS, NULL, error);

	return reply != NULL;
}

JsonObject *sandbox_container_reference(const char *container)
{
	JsonObject *reference = json_object_new();

	json_object_set_string_member(reference, "container", container);
	return reference;
}

gboolean sandbox_start_container(
	struct sandbox *sandbox, const char *container, const struct oci_spec *spec, GError **error)
{
	g_autoptr(JsonNode) reply =
		ask_agent(sandbox, "START", sandbox_container_reference(container),
			hook_time(spec, OCI_HOOK_START_CONTAINER), error);

	return reply != NULL;
}

gboolean sandbox_remove_container(struct sandbox *sandbox, const char *container, GError **error)
{
	JsonObject *request = sandbox_container_reference(container);

	json_object_set_boolean_member(request, "force", TRUE);
	return sandbox_call_agent(sandbox, "REMOVECONTAINER", request, error);
}

gboolean sandbox_signal(struct sandbox *sandbox, const char *container, int signal, gboolean all,
	gint64 timeout, GError **error)
{
	g_autoptr(JsonNode) reply = NULL;
	JsonObject *request = sandbox_container_reference(container);

	json_object_set_int_member(request, "signal", signal);
	if (all)
		json_object_set_boolean_member(request, "allProcesses", TRUE);
	reply = ask_agent(sandbox, "KILLCONTAINER", request, timeout, error);
	return reply != NULL;
}
