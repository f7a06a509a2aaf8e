/* SPDX-License-Identifier: GPL-2.0-only */
/* The requests, one handler each. */
#include "proxy/request.h"

#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/timeouts.h"
#include "proxy/server.h"
#include "wire/message.h"

enum {
	NAME_SIZE_MAX = 255,
};

/* An agent request under way, and who asked for it. */
struct pending {
	struct server *server;
	guint64 client_id;
};

static struct vm *get_vm(struct client *client)
{
	return server_get_vm(client->server);
}

static gboolean refuse(GError **error, const char *text)
{
	g_set_error_literal(error, CC_ERROR, CC_ERROR_FAILED, text);
	return FALSE;
}

static gboolean check_running(struct client *client, GError **error)
{
	return vm_get_state(get_vm(client)) == VM_RUNNING ||
	       refuse(error, "the agent is not ready, or the VM is ending");
}

/* ---- launch, own, status, stop */

static gboolean parse_launch(JsonObject *request, struct vm_launch *launch, GError **error)
{
	JsonObject *sockets = NULL;
	gint64 timeout = TIMEOUT_AGENT_READY_MS;

	if (!json_get_strings(request, "", "argv", &launch->argv, error) ||
		!json_require_string(request, "", "share", &launch->share, error) ||
		!json_require_string(request, "", "logDirectory", &launch->log_directory, error) ||
		!json_get_integer(request, "", "agentTimeout", 1, TIMEOUT_AGENT_READY_MAX_MS,
			&timeout, error) ||
		!json_get_object(request, "", "sockets", &sockets, error) ||
		!json_get_object(request, "", "identity", &launch->identity, error))
		return FALSE;
	if (launch->argv == NULL || launch->argv[0] == NULL || *launch->argv[0] == '\0')
		return refuse(error, "argv: missing or empty");
	launch->agent_timeout = (guint)timeout;
	for (int i = 0; i < HYPERVISOR_SOCKETS && sockets != NULL; i++)
		if (!json_get_string(sockets, "sockets", hypervisor_socket_names[i],
			    (const char **)&launch->sockets[i], error))
			return FALSE;
	return TRUE;
}

static gboolean is_taken(const GArray *descriptors, gint64 number)
{
	for (guint i = 0; i < descriptors->len; i++)
		if (g_array_index(descriptors, struct hypervisor_descriptor, i).number == number)
			return TRUE;
	return FALSE;
}

/* For each number in "descriptors" one has come with the request. */
static gboolean take_descriptors(
	struct client *client, JsonObject *request, GArray *descriptors, GError **error)
{
	JsonArray *numbers = NULL;

	if (!json_get_array(request, "", "descriptors", &numbers, error))
		return FALSE;
	for (guint i = 0; numbers != NULL && i < json_array_get_length(numbers); i++) {
		JsonNode *element = json_array_get_element(numbers, i);
		gint64 number = json_node_get_value_type(element) == G_TYPE_INT64
					? json_node_get_int(element)
					: -1;
		struct hypervisor_descriptor descriptor = {
			.fd = channel_take_fd(&client->channel), .number = (int)number};

		if (descriptor.fd < 0)
			return refuse(error, "descriptors: more numbers than descriptors");
		if (number < HYPERVISOR_FD_FIRST_PASSED || number > HYPERVISOR_FD_LAST_PASSED ||
			is_taken(descriptors, number)) {
			close(descriptor.fd);
			return refuse(error, "descriptors: a number that cannot be given");
		}
		g_array_append_val(descriptors, descriptor);
	}
	return TRUE;
}

static void close_descriptor(void *data)
{
	fd_clear(&((struct hypervisor_descriptor *)data)->fd);
}

static gboolean launch_with(
	struct client *client, JsonObject *request, struct vm_launch *launch, GError **error)
{
	g_autoptr(GArray) descriptors =
		g_array_new(FALSE, FALSE, sizeof(struct hypervisor_descriptor));

	g_array_set_clear_func(descriptors, close_descriptor);
	if (!take_descriptors(client, request, descriptors, error))
		return FALSE;
	launch->descriptors = (const struct hypervisor_descriptor *)(void *)descriptors->data;
	launch->n_descriptors = descriptors->len;
	return vm_launch(get_vm(client), launch, error);
}

/* Missing: no network device. */
static gboolean parse_network(JsonObject *request, struct network_config *network, GError **error)
{
	JsonObject *object = NULL;
	gint64 devices = 1;
	gint64 queues = 1;

	if (!json_get_object(request, "", "network", &object, error))
		return FALSE;
	if (object == NULL)
		return TRUE;
	if (!json_require_string(object, "network", "owner", &network->owner, error) ||
		!json_get_integer(
			object, "network", "devices", 1, NETWORK_DEVICES_MAX, &devices, error) ||
		!json_get_integer(object, "network", "queues", 1, NET_QUEUES_MAX, &queues, error) ||
		!json_get_boolean(object, "network", "vhost", &network->vhost, error))
		return FALSE;
	network->devices = (guint)devices;
	network->queues = (guint)queues;
	return TRUE;
}

static JsonObject *handle_launch(struct client *client, JsonObject *request, GError **error)
{
	struct vm_launch launch = {0};
	gboolean good = parse_launch(request, &launch, error) &&
			parse_network(request, &launch.network, error) &&
			launch_with(client, request, &launch, error);
	JsonObject *reply = NULL;

	if (good) {
		server_set_owner(client->server, client->id);
		reply = json_object_new();
		json_object_set_int_member(reply, "hypervisorPid", vm_get_pid(get_vm(client)));
	}
	g_strfreev(launch.argv);
	return reply;
}

static JsonObject *handle_own(struct client *client, JsonObject *request, GError **error)
{
	(void)request;
	/* Else nothing would ever end a proxy that has no VM. */
	if (vm_get_pid(get_vm(client)) == 0) {
		(void)refuse(error, "there is no VM");
		return NULL;
	}
	server_set_owner(client->server, 0);
	return json_object_new();
}

static JsonObject *handle_status(struct client *client, JsonObject *request, GError **error)
{
	JsonObject *reply = json_object_new();
	JsonArray *processes = json_array_new();
	struct streams *streams = vm_get_streams(get_vm(client));

	(void)request;
	(void)error;
	if (streams != NULL)
		streams_list(streams, processes);
	json_object_set_int_member(reply, "hypervisorPid", vm_get_pid(get_vm(client)));
	json_object_set_boolean_member(reply, "ready", vm_get_state(get_vm(client)) == VM_RUNNING);
	json_object_set_boolean_member(reply, "paused", vm_is_paused(get_vm(client)));
	json_object_set_array_member(reply, "processes", processes);
	return reply;
}

static JsonObject *handle_stop(struct client *client, JsonObject *request, GError **error)
{
	(void)request;
	(void)error;
	if (vm_get_state(get_vm(client)) == VM_ENDED)
		return json_object_new();
	client->wait = CLIENT_WAITS_STOP;
	vm_stop(get_vm(client));
	return NULL;
}

static void on_saved(const GError *error, void *data)
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

static JsonObject *handle_save(struct client *client, JsonObject *request, GError **error)
{
	int file = channel_take_fd(&client->channel);
	struct pending *pending;

	(void)request;
	if (file < 0) {
		(void)refuse(error, "no file has come with it");
		return NULL;
	}
	pending = g_new(struct pending, 1);
	*pending = (struct pending){.server = client->server, .client_id = client->id};
	client->wait = CLIENT_WAITS_SAVE;
	if (!vm_save(get_vm(client), file, on_saved, pending, error)) {
		client->wait = CLIENT_WAITS_NOT;
		g_free(pending);
	}
	return NULL;
}

/* ---- bind, unbind, protect */

static struct share *get_share(struct client *client, GError **error)
{
	struct share *share = vm_get_share(get_vm(client));

	if (share == NULL)
		(void)refuse(error, "there is no share: not launched");
	return share;
}

static JsonObject *handle_bind(struct client *client, JsonObject *request, GError **error)
{
	struct share *share = get_share(client, error);
	struct share_bind bind = {0};
	gint64 process = 0;
	gboolean top_only;

	if (share == NULL || !json_require_string(request, "", "source", &bind.source, error) ||
		!json_require_string(request, "", "target", &bind.target, error) ||
		!json_get_boolean(request, "", "readOnly", &bind.read_only, error) ||
		!json_get_boolean(request, "", "recursive", &bind.recursive, error) ||
		!json_get_integer(request, "", "process", 0, G_MAXINT32, &process, error))
		return NULL;
	bind.process = (pid_t)process;
	if (!share_add(share, &bind, &top_only, error))
		return NULL;
	if (top_only)
		logfile_note(vm_get_log(get_vm(client)), LOG_WARNING,
			"bind on \"%s\": mounts below it stay writable, "
			"this kernel has no mount_setattr",
			bind.target);
	return json_object_new();
}

static JsonObject *handle_unbind(struct client *client, JsonObject *request, GError **error)
{
	struct share *share = get_share(client, error);
	const char *target;

	if (share == NULL || !json_require_string(request, "", "target", &target, error) ||
		!share_remove(share, target, error))
		return NULL;
	return json_object_new();
}

static JsonObject *handle_protect(struct client *client, JsonObject *request, GError **error)
{
	struct share *share = get_share(client, error);
	const char *target;

	if (share == NULL || !json_require_string(request, "", "target", &target, error) ||
		!share_protect(share, target, error))
		return NULL;
	return json_object_new();
}

/* ---- ready, agent, process */

JsonObject *request_describe_agent(struct client *client)
{
	const struct agent_info *info = agent_get_info(vm_get_agent(get_vm(client)));
	JsonObject *reply = json_object_new();
	JsonArray *features = json_array_new();

	for (char **feature = info->features; *feature != NULL; feature++)
		json_array_add_string_element(features, *feature);
	json_object_set_int_member(reply, "version", info->version);
	json_object_set_array_member(reply, "features", features);
	json_object_set_int_member(reply, "frameMax", info->frame_max);
	json_object_set_int_member(reply, "streamWindow", info->stream_window);
	return reply;
}

static JsonObject *handle_ready(struct client *client, JsonObject *request, GError **error)
{
	(void)request;
	switch (vm_get_state(get_vm(client))) {
	case VM_NEW:
		(void)refuse(error, "not launched");
		return NULL;
	case VM_RUNNING:
		return request_describe_agent(client);
	default:
		client->wait = CLIENT_WAITS_READY;
		return NULL;
	}
}

static void on_agent_reply(JsonNode *payload, const GError *error, void *data)
{
	g_autofree struct pending *pending = data;
	struct client *client = server_find(pending->server, pending->client_id);

	if (client == NULL)
		return;
	if (error != NULL) {
		server_reply_error(client, error);
		return;
	}

	JsonObject *reply = json_object_new();

	if (payload != NULL)
		json_object_set_member(reply, "payload", json_node_copy(payload));
	server_reply(client, reply);
}

/* What a client may send through; the others are the proxy's own business, or carry raw bytes. */
static const struct message_info *find_message(const char *name, GError **error)
{
	static const guint32 own[] = {
		MESSAGE_GETVERSION,
		MESSAGE_DESTROYPOD,
		MESSAGE_WRITEFILE,
		MESSAGE_READFILE,
		MESSAGE_CLONE,
	};
	const struct message_info *message = message_by_name(name);
	gboolean good = message != NULL && (message->direction & MESSAGE_TO_GUEST);

	for (gsize i = 0; i < G_N_ELEMENTS(own) && good; i++)
		good = message->type != own[i];
	if (good)
		return message;
	g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "message \"%s\": not one to send", name);
	return NULL;
}

static gboolean is_signal(guint32 type)
{
	return type == MESSAGE_KILLCONTAINER || type == MESSAGE_SIGNALPROCESS;
}

/* To a VM that stands still: as with a process that does, it is delivered when it goes on. */
static JsonObject *send_signal(
	struct client *client, guint32 type, JsonObject *payload, GError **error)
{
	g_autofree char *text =
		payload != NULL ? json_format_object(json_object_ref(payload), FALSE) : NULL;

	if (!agent_request(vm_get_agent(get_vm(client)), type, text, TIMEOUT_AGENT_REQUEST_MS, NULL,
		    NULL, error))
		return NULL;
	return json_object_new();
}

static JsonObject *handle_agent(struct client *client, JsonObject *request, GError **error)
{
	JsonObject *payload = NULL;
	gint64 timeout = TIMEOUT_AGENT_REQUEST_MS;
	const char *name;

	if (!json_require_string(request, "", "message", &name, error) ||
		!json_get_object(request, "", "payload", &payload, error) ||
		!json_get_integer(request, "", "timeout", 1, G_MAXUINT32, &timeout, error))
		return NULL;

	const struct message_info *message = find_message(name, error);

	if (message == NULL || !check_running(client, error))
		return NULL;

	if (vm_is_paused(get_vm(client)) && is_signal(message->type))
		return send_signal(client, message->type, payload, error);

	g_autofree char *text = NULL;
	g_autofree struct pending *pending = g_new(struct pending, 1);

	if (payload != NULL)
		text = json_format_object(json_object_ref(payload), FALSE);
	*pending = (struct pending){.server = client->server, .client_id = client->id};
	if (!agent_request(vm_get_agent(get_vm(client)), message->type, text, (guint)timeout,
		    on_agent_reply, pending, error))
		return NULL;
	(void)g_steal_pointer(&pending);
	client->wait = CLIENT_WAITS_AGENT;
	return NULL;
}

static void on_network_done(const GError *error, void *data)
{
	on_agent_reply(NULL, error, data);
}

static JsonObject *handle_network(struct client *client, JsonObject *request, GError **error)
{
	struct network *network = vm_get_network(get_vm(client));
	struct pending *pending;
	const char *resolver = NULL;

	if (!json_get_string(request, "", "resolver", &resolver, error) ||
		!check_running(client, error))
		return NULL;
	if (network == NULL)
		return json_object_new();
	pending = g_new(struct pending, 1);
	*pending = (struct pending){.server = client->server, .client_id = client->id};
	client->wait = CLIENT_WAITS_AGENT;
	network_sync(network, resolver, on_network_done, pending);
	return NULL;
}

static gboolean parse_name(
	JsonObject *request, const char *member, const char **out_name, GError **error)
{
	if (!json_require_string(request, "", member, out_name, error))
		return FALSE;
	if (**out_name != '\0' && strlen(*out_name) <= NAME_SIZE_MAX)
		return TRUE;
	g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "%s: empty or too long", member);
	return FALSE;
}

static JsonObject *handle_process(struct client *client, JsonObject *request, GError **error)
{
	struct streams_process process = {0};
	struct streams_numbers numbers;

	if (!parse_name(request, "container", &process.container, error) ||
		!parse_name(request, "process", &process.process, error) ||
		!json_get_boolean(request, "", "terminal", &process.terminal, error) ||
		!json_get_boolean(request, "", "init", &process.init, error) ||
		(json_object_has_member(request, "shim") &&
			!process_ref_parse(request, "", "shim", &process.shim, error)) ||
		!check_running(client, error) ||
		!streams_open(vm_get_streams(get_vm(client)), &process, &numbers, &client->reply_fd,
			error))
		return NULL;

	const struct agent_info *info = agent_get_info(vm_get_agent(get_vm(client)));
	JsonObject *reply = json_object_new();

	json_object_set_int_member(reply, "stdio", (gint64)numbers.stdio);
	json_object_set_int_member(reply, "stderr", (gint64)numbers.stderr_seq);
	json_object_set_int_member(reply, "window", info->stream_window);
	json_object_set_int_member(reply, "frameMax", info->frame_max);
	return reply;
}

static JsonObject *handle_notify(struct client *client, JsonObject *request, GError **error)
{
	const char *container;
	const char *path;
	gint64 pid = 0;

	if (!parse_name(request, "container", &container, error) ||
		!json_require_string(request, "", "socket", &path, error) ||
		!json_get_integer(request, "", "pid", 0, G_MAXINT32, &pid, error) ||
		!check_running(client, error) ||
		!notify_add(vm_get_notify(get_vm(client)), container, path, pid, error))
		return NULL;
	return json_object_new();
}

static const struct {
	const char *name;
	JsonObject *(*handle)(struct client *client, JsonObject *request, GError **error);
} requests[] = {
	{PROXY_LAUNCH, handle_launch},
	{PROXY_BIND, handle_bind},
	{PROXY_UNBIND, handle_unbind},
	{PROXY_PROTECT, handle_protect},
	{PROXY_READY, handle_ready},
	{PROXY_AGENT, handle_agent},
	{PROXY_PROCESS, handle_process},
	{PROXY_NOTIFY, handle_notify},
	{PROXY_NETWORK, handle_network},
	{PROXY_OWN, handle_own},
	{PROXY_SAVE, handle_save},
	{PROXY_PAUSE, request_pause},
	{PROXY_RESUME, request_resume},
	{PROXY_PIN, request_pin},
	{PROXY_ADD, request_add_container},
	{PROXY_OOM, request_wait_oom},
	{PROXY_STATUS, handle_status},
	{PROXY_STOP, handle_stop},
};

JsonObject *request_handle(struct client *client, JsonObject *request, GError **error)
{
	const char *name;

	if (!json_require_string(request, "", "request", &name, error))
		return NULL;
	if (vm_get_state(get_vm(client)) == VM_ENDED && strcmp(name, PROXY_STOP) != 0) {
		g_propagate_error(error, g_error_copy(vm_get_reason(get_vm(client))));
		return NULL;
	}
	for (gsize i = 0; i < G_N_ELEMENTS(requests); i++) {
		if (strcmp(name, requests[i].name) != 0)
			continue;

		JsonObject *reply = requests[i].handle(client, request, error);

		g_prefix_error(error, "%s: ", name);
		return reply;
	}
	g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "request \"%s\": unknown", name);
	return NULL;
}
