/* SPDX-License-Identifier: GPL-2.0-only */
/* The VM's side of a sandbox: its proxy, its hypervisor, its share. */
#include "sandbox/sandbox.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/spawn.h"
#include "base/timeouts.h"
#include "base/trace.h"
#include "sandbox/private.h"
#include "wire/message.h"

static struct sandbox *sandbox_new(int fd)
{
	struct sandbox *sandbox = g_new0(struct sandbox, 1);

	channel_init(&sandbox->channel, fd);
	return sandbox;
}

void sandbox_free(struct sandbox *sandbox)
{
	if (sandbox == NULL)
		return;
	channel_clear(&sandbox->channel);
	g_free(sandbox);
}

struct sandbox *sandbox_spawn(const char *proxy_path, const char *directory, int network_namespace,
	const GArray *cgroups, struct process_ref *out_proxy, GError **error)
{
	auto_fd int ours = -1;
	auto_fd int theirs = -1;
	auto_fd int listener = fd_listen_at(directory, PROXY_SOCKET_NAME, error);

	if (listener < 0 || !fd_socket_pair(&ours, &theirs, error))
		return NULL;

	const char *const argv[] = {proxy_path, "--state-dir", directory, NULL};
	int fds[PROXY_FD_CREATOR + 1] = {-1, -1, -1};

	fds[PROXY_FD_LISTEN] = listener;
	fds[PROXY_FD_CREATOR] = theirs;

	struct spawn spawn = {
		.path = proxy_path,
		.argv = argv,
		.fds = fds,
		.n_fds = G_N_ELEMENTS(fds),
		.cgroups = cgroups,
		.network_namespace = network_namespace,
		.new_session = TRUE,
		.directory = directory,
	};
	pid_t pid = spawn_process(&spawn, error);

	if (pid < 0 || !process_ref_get(pid, out_proxy, error)) {
		g_prefix_error(error, "start proxy: ");
		return NULL;
	}
	struct sandbox *sandbox = sandbox_new(g_steal_fd(&ours));

	sandbox->is_creator = TRUE;
	return sandbox;
}

struct sandbox *sandbox_connect(const char *directory, GError **error)
{
	g_autoptr(GError) cause = NULL;
	int fd = fd_connect_at(directory, PROXY_SOCKET_NAME, &cause);

	if (fd >= 0)
		return sandbox_new(fd);
	g_set_error(
		error, CC_ERROR, CC_ERROR_NOT_RUNNING, "container not running: %s", cause->message);
	return NULL;
}

gboolean sandbox_get_proxy(
	const struct sandbox *sandbox, struct process_ref *out_proxy, GError **error)
{
	struct ucred peer;
	socklen_t size = sizeof peer;

	if (getsockopt(sandbox->channel.fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) {
		error_set_errno(error, errno, "ask who the proxy is");
		return FALSE;
	}
	return process_ref_get(peer.pid, out_proxy, error);
}

JsonObject *sandbox_request(const char *name)
{
	JsonObject *request = json_object_new();

	json_object_set_string_member(request, "request", name);
	return request;
}

/* In the timeline: what is asked of the agent, else of the proxy. The caller frees. */
static char *describe(JsonObject *request)
{
	const char *name = json_object_has_member(request, "message") ? "message" : "request";

	return g_strdup(json_object_get_string_member(request, name));
}

/* With descriptors to go with the request, and perhaps one to come back. */
static JsonNode *call_with(struct sandbox *sandbox, JsonObject *request, const int *fds,
	gsize n_fds, gint64 timeout, int *out_fd, GError **error)
{
	gint64 begin = trace_begin();
	g_autofree char *name = begin != 0 ? describe(request) : NULL;
	JsonNode *reply =
		channel_call_with(&sandbox->channel, request, fds, n_fds, timeout, out_fd, error);

	trace_end(name, begin);
	return reply;
}

JsonNode *sandbox_call(
	struct sandbox *sandbox, JsonObject *request, gint64 timeout, int *out_fd, GError **error)
{
	return call_with(sandbox, request, NULL, 0, timeout, out_fd, error);
}

/* A call whose reply says nothing but that it was done. */
static gboolean call(struct sandbox *sandbox, JsonObject *request, gint64 timeout, GError **error)
{
	g_autoptr(JsonNode) reply = sandbox_call(sandbox, request, timeout, NULL, error);

	return reply != NULL;
}

/* The same with descriptors. */
static gboolean give(
	struct sandbox *sandbox, JsonObject *request, const int *fds, gsize n_fds, GError **error)
{
	g_autoptr(JsonNode) reply =
		call_with(sandbox, request, fds, n_fds, TIMEOUT_PROXY_REQUEST_MS, NULL, error);

	return reply != NULL;
}

static void set_path(JsonObject *sockets, const char *name, const char *path)
{
	if (path != NULL)
		json_object_set_string_member(sockets, name, path);
}

void sandbox_launch_give(struct sandbox_launch *launch, int fd, int number)
{
	g_assert(launch->n_fds < SANDBOX_LAUNCH_FDS);
	launch->fds[launch->n_fds] = fd;
	launch->numbers[launch->n_fds++] = number;
}

static JsonArray *list_numbers(const struct sandbox_launch *launch)
{
	JsonArray *numbers = json_array_new();

	for (gsize i = 0; i < launch->n_fds; i++)
		json_array_add_int_element(numbers, launch->numbers[i]);
	return numbers;
}

static JsonObject *describe_identity(const struct sandbox_identity *identity)
{
	JsonObject *object = json_object_new();

	if (identity->hostname != NULL)
		json_object_set_string_member(object, "hostname", identity->hostname);
	json_object_set_string_member(object, "machineId", identity->machine_id);
	return object;
}

static JsonObject *describe_nic(const struct sandbox_launch *launch)
{
	JsonObject *network = json_object_new();

	json_object_set_string_member(network, "owner", launch->owner);
	json_object_set_int_member(network, "devices", launch->args->n_nics);
	json_object_set_int_member(network, "queues", launch->nic->queues);
	json_object_set_boolean_member(network, "vhost", launch->nic->vhost);
	return network;
}

gboolean sandbox_launch(
	struct sandbox *sandbox, const struct sandbox_launch *launch, GError **error)
{
	JsonObject *request = sandbox_request(PROXY_LAUNCH);
	JsonArray *argv = json_array_new();
	JsonObject *sockets = json_object_new();

	for (char **argument = launch->args->argv; *argument != NULL; argument++)
		json_array_add_string_element(argv, *argument);
	set_path(sockets, "qmp", launch->args->qmp_socket);
	set_path(sockets, "control", launch->args->control_socket);
	set_path(sockets, "tty", launch->args->tty_socket);
	set_path(sockets, "console", launch->args->console_socket);
	if (launch->nic->netdev == VM_NETDEV_TAP)
		json_object_set_object_member(request, "network", describe_nic(launch));
	json_object_set_array_member(request, "argv", argv);
	json_object_set_object_member(request, "sockets", sockets);
	json_object_set_string_member(request, "share", launch->share_directory);
	json_object_set_string_member(request, "logDirectory", launch->log_directory);
	json_object_set_int_member(request, "agentTimeout", launch->agent_timeout);
	json_object_set_array_member(request, "descriptors", list_numbers(launch));
	if (launch->identity != NULL)
		json_object_set_object_member(
			request, "identity", describe_identity(launch->identity));
	return give(sandbox, request, launch->fds, launch->n_fds, error);
}

gboolean sandbox_save(struct sandbox *sandbox, int file, GError **error)
{
	return give(sandbox, sandbox_request(PROXY_SAVE), &file, 1, error);
}

gboolean sandbox_bind(struct sandbox *sandbox, const char *source, const char *target,
	gboolean read_only, gboolean recursive, GError **error)
{
	JsonObject *request = sandbox_request(PROXY_BIND);

	json_object_set_string_member(request, "source", source);
	json_object_set_string_member(request, "target", target);
	json_object_set_boolean_member(request, "readOnly", read_only);
	json_object_set_boolean_member(request, "recursive", recursive);
	/* A proxy that is older than a mount need not see it: it looks with our eyes. */
	if (!sandbox->is_creator)
		json_object_set_int_member(request, "process", getpid());
	return call(sandbox, request, TIMEOUT_PROXY_REQUEST_MS, error);
}

gboolean sandbox_unbind(struct sandbox *sandbox, const char *target, GError **error)
{
	JsonObject *request = sandbox_request(PROXY_UNBIND);

	json_object_set_string_member(request, "target", target);
	return call(sandbox, request, TIMEOUT_PROXY_REQUEST_MS, error);
}

gboolean sandbox_protect(struct sandbox *sandbox, const char *target, GError **error)
{
	JsonObject *request = sandbox_request(PROXY_PROTECT);

	json_object_set_string_member(request, "target", target);
	return call(sandbox, request, TIMEOUT_PROXY_REQUEST_MS, error);
}

static gboolean has_feature(char **features, const char *name)
{
	return features != NULL && g_strv_contains((const char *const *)features, name);
}

gboolean sandbox_wait_ready(struct sandbox *sandbox, gint64 timeout, GError **error)
{
	g_autoptr(JsonNode) reply = sandbox_call(sandbox, sandbox_request(PROXY_READY),
		timeout + TIMEOUT_PROXY_MARGIN_MS, NULL, error);
	g_auto(GStrv) features = NULL;

	if (reply == NULL)
		return FALSE;

	JsonObject *object = json_node_get_object(reply);

	if (!json_get_strings(object, "ready", "features", &features, error) ||
		!json_require_integer(
			object, "ready", "version", 0, G_MAXUINT32, &sandbox->agent_version, error))
		return FALSE;
	sandbox->has_oci = has_feature(features, AGENT_FEATURE_OCI);
	sandbox->has_window = has_feature(features, AGENT_FEATURE_WINDOW);
	sandbox->has_wait_start = has_feature(features, AGENT_FEATURE_WAIT_START);
	sandbox->has_notify = has_feature(features, AGENT_FEATURE_NOTIFY);
	sandbox->has_stats = has_feature(features, AGENT_FEATURE_STATS);
	sandbox->has_pause = has_feature(features, AGENT_FEATURE_PAUSE);
	sandbox->has_update = has_feature(features, AGENT_FEATURE_UPDATE);
	sandbox->has_events = has_feature(features, AGENT_FEATURE_EVENTS);
	sandbox->has_ps = has_feature(features, AGENT_FEATURE_PS);
	sandbox->has_vm_exec = has_feature(features, AGENT_FEATURE_VM_EXEC);
	return TRUE;
}

gboolean sandbox_network(struct sandbox *sandbox, const char *resolver, GError **error)
{
	JsonObject *request = sandbox_request(PROXY_NETWORK);

	if (resolver != NULL)
		json_object_set_string_member(request, "resolver", resolver);
	return call(sandbox, request,
		TIMEOUT_NETWORK_MS + TIMEOUT_AGENT_REQUEST_MS + TIMEOUT_PROXY_MARGIN_MS, error);
}

/* QEMU's user network is always the same: 10.0.2.0/24, with the gateway at 2, the guest at 15. */
gboolean sandbox_user_network(struct sandbox *sandbox, GError **error)
{
	static const char plan[] =
		"{\"links\":[{\"name\":\"eth0\",\"device\":\"02:cc:0c:10:00:00\","
		"\"mac\":\"02:cc:0c:10:00:00\",\"mtu\":1500,\"up\":true,\"addresses\":["
		"{\"address\":\"10.0.2.15\",\"prefix\":24,\"broadcast\":\"10.0.2.255\"}]}],"
		"\"routes\":[{\"family\":4,\"destination\":\"0.0.0.0/0\","
		"\"gateway\":\"10.0.2.2\",\"device\":\"eth0\"}]}";
	g_autoptr(JsonNode) node = json_parse_object(plan, strlen(plan), error);

	return node != NULL &&
	       sandbox_call_agent(sandbox, "NETPLAN", json_node_dup_object(node), error);
}

gboolean sandbox_own(struct sandbox *sandbox, GError **error)
{
	return call(sandbox, sandbox_request(PROXY_OWN), TIMEOUT_PROXY_REQUEST_MS, error);
}

gboolean sandbox_stop(struct sandbox *sandbox, GError **error)
{
	return call(sandbox, sandbox_request(PROXY_STOP),
		TIMEOUT_AGENT_DESTROY_MS + TIMEOUT_PROXY_MARGIN_MS, error);
}
