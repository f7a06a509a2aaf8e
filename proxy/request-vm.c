/* SPDX-License-Identifier: GPL-2.0-only */
/* Requests about the machine: pause, resume, pin; and about memory that ran out in it. */
#include "proxy/request.h"

#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "proxy/oom.h"
#include "proxy/power.h"
#include "proxy/server.h"

enum {
	/* More than any host has. */
	CPUS_MAX = 8192,
};

/* A request under way, and who asked for it. */
struct pending {
	struct server *server;
	guint64 client_id;
};

static struct vm *get_vm(struct client *client)
{
	return server_get_vm(client->server);
}

static struct pending *pending_new(const struct client *client)
{
	struct pending *pending = g_new(struct pending, 1);

	*pending = (struct pending){.server = client->server, .client_id = client->id};
	return pending;
}

static void on_done(const GError *error, void *data)
{
	g_autofree struct pending *pending = data;
	struct client *client = server_find(pending->server, pending->client_id);

	if (client == NULL)
		return;
	if (error != NULL)
		server_reply_error(client, error);
	else
		server_reply(client, json_object_new());
}

JsonObject *request_pause(struct client *client, JsonObject *request, GError **error)
{
	struct pending *pending = pending_new(client);

	(void)request;
	client->wait = CLIENT_WAITS_QMP;
	if (!power_pause(get_vm(client), on_done, pending, error)) {
		client->wait = CLIENT_WAITS_NOT;
		g_free(pending);
	}
	return NULL;
}

JsonObject *request_resume(struct client *client, JsonObject *request, GError **error)
{
	struct pending *pending = pending_new(client);

	(void)request;
	client->wait = CLIENT_WAITS_QMP;
	if (!power_resume(get_vm(client), on_done, pending, error)) {
		client->wait = CLIENT_WAITS_NOT;
		g_free(pending);
	}
	return NULL;
}

static GArray *parse_cpus(JsonObject *request, GError **error)
{
	g_autoptr(GArray) cpus = g_array_new(FALSE, FALSE, sizeof(guint));
	JsonArray *list = NULL;

	if (!json_get_array(request, "", "cpus", &list, error))
		return NULL;
	for (guint i = 0; list != NULL && i < json_array_get_length(list); i++) {
		JsonNode *node = json_array_get_element(list, i);
		gint64 number = JSON_NODE_HOLDS_VALUE(node) ? json_node_get_int(node) : -1;
		guint cpu = (guint)number;

		if (number < 0 || number >= CPUS_MAX)
			break;
		g_array_append_val(cpus, cpu);
	}
	if (list != NULL && cpus->len > 0 && cpus->len == json_array_get_length(list))
		return g_steal_pointer(&cpus);
	g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "cpus: expected numbers of CPUs");
	return NULL;
}

JsonObject *request_pin(struct client *client, JsonObject *request, GError **error)
{
	g_autoptr(GArray) cpus = parse_cpus(request, error);
	struct pending *pending;

	if (cpus == NULL)
		return NULL;
	pending = pending_new(client);
	client->wait = CLIENT_WAITS_QMP;
	if (!power_pin(get_vm(client), cpus, on_done, pending, error)) {
		client->wait = CLIENT_WAITS_NOT;
		g_free(pending);
	}
	return NULL;
}

JsonObject *request_add_container(struct client *client, JsonObject *request, GError **error)
{
	const char *container;
	const char *directory = NULL;

	if (!json_require_string(request, "", "container", &container, error) ||
		!json_get_string(request, "", "memoryCgroup", &directory, error))
		return NULL;
	if (directory != NULL && *directory != '/') {
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "memoryCgroup: not absolute");
		return NULL;
	}
	if (!oom_add(vm_get_oom(get_vm(client)), container, directory, error))
		return NULL;
	return json_object_new();
}

static JsonObject *describe_kills(guint64 kills)
{
	JsonObject *reply = json_object_new();

	json_object_set_int_member(reply, "oomKills", (gint64)kills);
	return reply;
}

JsonObject *request_wait_oom(struct client *client, JsonObject *request, GError **error)
{
	const char *container;
	gint64 seen = 0;
	guint64 kills;

	if (!json_require_string(request, "", "container", &container, error) ||
		!json_get_integer(request, "", "seen", 0, G_MAXINT64, &seen, error))
		return NULL;
	kills = oom_get_kills(vm_get_oom(get_vm(client)), container);
	if (kills > (guint64)seen)
		return describe_kills(kills);
	g_free(client->oom_container);
	client->oom_container = g_strdup(container);
	client->oom_seen = (guint64)seen;
	client->wait = CLIENT_WAITS_OOM;
	return NULL;
}

void request_tell_oom(struct client *client)
{
	guint64 kills;

	if (client->wait != CLIENT_WAITS_OOM)
		return;
	kills = oom_get_kills(vm_get_oom(get_vm(client)), client->oom_container);
	if (kills > client->oom_seen)
		server_reply(client, describe_kills(kills));
}
