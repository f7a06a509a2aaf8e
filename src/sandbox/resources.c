/* SPDX-License-Identifier: GPL-2.0-only */
/* Asks agent and proxy for figures, limits and a pause. */
#include "sandbox/resources.h"

#include <poll.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/timeouts.h"
#include "sandbox/private.h"

/* A request to the proxy whose reply says nothing but that it was done. */
static gboolean call(struct sandbox *sandbox, JsonObject *request, GError **error)
{
	g_autoptr(JsonNode) reply =
		sandbox_call(sandbox, request, TIMEOUT_PROXY_REQUEST_MS, NULL, error);

	return reply != NULL;
}

static gboolean require(
	const struct sandbox *sandbox, gboolean has, const char *feature, GError **error)
{
	if (has)
		return TRUE;
	g_set_error(error, CC_ERROR, CC_ERROR_FAILED,
		"the agent in the guest (version %" G_GINT64_FORMAT ") lacks the feature %s",
		sandbox->agent_version, feature);
	return FALSE;
}

gboolean sandbox_pause(struct sandbox *sandbox, GError **error)
{
	return call(sandbox, sandbox_request(PROXY_PAUSE), error);
}

gboolean sandbox_resume(struct sandbox *sandbox, GError **error)
{
	return call(sandbox, sandbox_request(PROXY_RESUME), error);
}

gboolean sandbox_is_paused(struct sandbox *sandbox, gboolean *out_paused, GError **error)
{
	g_autoptr(JsonNode) reply = sandbox_call(
		sandbox, sandbox_request(PROXY_STATUS), TIMEOUT_PROXY_REQUEST_MS, NULL, error);

	*out_paused = FALSE;
	return reply != NULL &&
	       json_get_boolean(json_node_get_object(reply), "status", "paused", out_paused, error);
}

gboolean sandbox_hypervisor(struct sandbox *sandbox, pid_t *out_pid, GError **error)
{
	g_autoptr(JsonNode) reply = sandbox_call(
		sandbox, sandbox_request(PROXY_STATUS), TIMEOUT_PROXY_REQUEST_MS, NULL, error);
	gint64 pid = 0;

	if (reply == NULL || !json_require_integer(json_node_get_object(reply), "status",
				     "hypervisorPid", 1, G_MAXINT32, &pid, error))
		return FALSE;
	*out_pid = (pid_t)pid;
	return TRUE;
}

gboolean sandbox_freeze(
	struct sandbox *sandbox, const char *container, gboolean freeze, GError **error)
{
	return require(sandbox, sandbox->has_pause, "pause", error) &&
	       sandbox_call_agent(sandbox, freeze ? "PAUSE" : "RESUME",
		       sandbox_container_reference(container), error);
}

gboolean sandbox_pin(struct sandbox *sandbox, const GArray *cpus, GError **error)
{
	JsonObject *request = sandbox_request(PROXY_PIN);
	JsonArray *list = json_array_new();

	for (guint i = 0; i < cpus->len; i++)
		json_array_add_int_element(list, g_array_index(cpus, guint, i));
	json_object_set_array_member(request, "cpus", list);
	return call(sandbox, request, error);
}

gboolean sandbox_add_container(
	struct sandbox *sandbox, const char *container, const char *memory_cgroup, GError **error)
{
	JsonObject *request = sandbox_request(PROXY_ADD);

	json_object_set_string_member(request, "container", container);
	if (memory_cgroup != NULL)
		json_object_set_string_member(request, "memoryCgroup", memory_cgroup);
	return call(sandbox, request, error);
}

JsonNode *sandbox_stats(struct sandbox *sandbox, const char *container, GError **error)
{
	g_autoptr(JsonNode) reply = NULL;
	JsonObject *payload = NULL;
	JsonNode *figures;

	if (!require(sandbox, sandbox->has_stats, "stats", error))
		return NULL;
	reply = sandbox_ask_agent(sandbox, "STATS", sandbox_container_reference(container), error);
	if (reply == NULL ||
		!json_require_object(json_node_get_object(reply), "", "payload", &payload, error))
		return NULL;
	figures = json_node_new(JSON_NODE_OBJECT);
	json_node_set_object(figures, payload);
	return figures;
}

gboolean sandbox_update(
	struct sandbox *sandbox, const char *container, JsonObject *resources, GError **error)
{
	JsonObject *payload = sandbox_container_reference(container);

	json_object_set_object_member(payload, "resources", resources);
	if (require(sandbox, sandbox->has_update, "update", error))
		return sandbox_call_agent(sandbox, "UPDATE", payload, error);
	json_object_unref(payload);
	return FALSE;
}

/* The reply to the request that is under way, if it comes in time. */
static JsonNode *await_reply(struct channel *channel, gint64 deadline, GError **error)
{
	g_autoptr(GError) cause = NULL;
	JsonNode *reply = channel_next(channel, &cause);

	while (reply == NULL && cause == NULL) {
		if (!fd_wait(channel->fd, POLLIN, deadline, &cause) ||
			!channel_fill(channel, &cause))
			break;
		reply = channel_next(channel, &cause);
	}
	if (reply == NULL)
		g_propagate_error(error, g_steal_pointer(&cause));
	return reply;
}

gboolean sandbox_wait_oom(struct sandbox *sandbox, const char *container, guint64 seen,
	gint64 deadline, guint64 *out_kills, GError **error)
{
	g_autoptr(JsonNode) reply = NULL;
	const char *failure = NULL;
	gint64 kills = 0;

	if (!sandbox->waits_oom) {
		JsonObject *request = sandbox_request(PROXY_OOM);

		json_object_set_string_member(request, "container", container);
		json_object_set_int_member(request, "seen", (gint64)seen);
		if (!channel_put(&sandbox->channel, request, NULL, 0, error) ||
			!channel_flush(&sandbox->channel, error))
			return FALSE;
		sandbox->waits_oom = TRUE;
	}
	reply = await_reply(&sandbox->channel, deadline, error);
	if (reply == NULL)
		return FALSE;
	sandbox->waits_oom = FALSE;
	if (!json_get_string(json_node_get_object(reply), "", "error", &failure, error))
		return FALSE;
	if (failure != NULL) {
		g_set_error(error, CC_ERROR, CC_ERROR_NOT_RUNNING, "%s", failure);
		return FALSE;
	}
	if (!json_require_integer(
		    json_node_get_object(reply), "oom", "oomKills", 1, G_MAXINT64, &kills, error))
		return FALSE;
	*out_kills = (guint64)kills;
	return TRUE;
}
