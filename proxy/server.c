/* SPDX-License-Identifier: GPL-2.0-only */
/* Accepts clients, reads their requests, sends their replies. */
#include "proxy/server.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/timeouts.h"
#include "proxy/request.h"

struct server {
	int listen_fd;
	struct watch watch;
	struct vm *vm;
	/* By id. */
	GHashTable *clients;
	guint64 last_id;
	guint64 owner;
	/* Clients are not waited for longer, once the VM has ended. */
	guint close_timer;
	gboolean ended;
	void (*idle)(void *data);
	void *data;
};

static void client_release(struct client *client)
{
	if (!client->dead || client->busy > 0)
		return;
	fd_clear(&client->reply_fd);
	g_free(client->oom_container);
	g_free(client);
}

static void client_close(struct client *client)
{
	struct server *server = client->server;

	if (client->dead)
		return;
	client->dead = TRUE;
	watch_clear(&client->watch);
	channel_clear(&client->channel);
	g_hash_table_remove(server->clients, &client->id);
	if (client->id == server->owner) {
		server->owner = 0;
		vm_abort(server->vm, "the connection that created the VM was closed");
	}
	client_release(client);
	if (server->ended && g_hash_table_size(server->clients) == 0)
		server->idle(server->data);
}

/* While a reply is due, only the client's end is of interest. */
static void client_update(struct client *client)
{
	GIOCondition condition = G_IO_HUP;

	if (client->dead)
		return;
	if (channel_wants_flush(&client->channel))
		condition |= G_IO_OUT;
	else if (client->wait == CLIENT_WAITS_NOT)
		condition |= G_IO_IN;
	watch_set(&client->watch, condition);
}

static void client_flush(struct client *client)
{
	if (client->dead)
		return;
	if (!channel_flush(&client->channel, NULL) ||
		(client->closing && !channel_wants_flush(&client->channel)))
		client_close(client);
	else
		client_update(client);
}

static gboolean put_reply(struct client *client, JsonObject *reply)
{
	int fd = g_steal_fd(&client->reply_fd);

	client->wait = CLIENT_WAITS_NOT;
	return channel_put(&client->channel, reply, &fd, fd >= 0 ? 1 : 0, NULL);
}

void server_reply_error(struct client *client, const GError *error)
{
	JsonObject *reply = json_object_new();
	g_autofree char *text = g_utf8_make_valid(error->message, -1);

	if (client->dead) {
		json_object_unref(reply);
		return;
	}
	json_object_set_string_member(reply, "error", text);
	json_object_set_string_member(reply, "code", channel_code_name(error));
	if (put_reply(client, reply))
		client_flush(client);
	else
		client_close(client);
}

void server_reply(struct client *client, JsonObject *reply)
{
	if (client->dead) {
		json_object_unref(reply);
		return;
	}
	if (put_reply(client, reply)) {
		client_flush(client);
		return;
	}

	g_autoptr(GError) error = g_error_new(CC_ERROR, CC_ERROR_FAILED, "the reply is too large");

	server_reply_error(client, error);
}

/* What a request has brought and its handler has not taken. */
static void drop_fds(struct client *client)
{
	int fd;

	while ((fd = channel_take_fd(&client->channel)) >= 0)
		close(fd);
}

static void handle_message(struct client *client, JsonNode *message)
{
	g_autoptr(GError) error = NULL;
	JsonObject *reply = request_handle(client, json_node_get_object(message), &error);

	if (reply != NULL)
		server_reply(client, reply);
	else if (error != NULL)
		server_reply_error(client, error);
	else
		client_update(client);
}

/* Takes requests, until one is under way or its reply does not fit into the socket. */
static void client_process(struct client *client)
{
	client->busy++;
	while (!client->dead && !client->closing && client->wait == CLIENT_WAITS_NOT &&
		!channel_wants_flush(&client->channel)) {
		g_autoptr(GError) error = NULL;
		g_autoptr(JsonNode) message = channel_next(&client->channel, &error);

		if (error != NULL)
			client_close(client);
		if (message == NULL)
			break;
		handle_message(client, message);
		if (!client->dead)
			drop_fds(client);
	}
	client->busy--;
	client_release(client);
}

static void on_client(GIOCondition condition, void *data)
{
	struct client *client = data;

	client->busy++;
	if (condition & G_IO_OUT)
		client_flush(client);
	if ((condition & G_IO_IN) && !client->dead) {
		if (!channel_fill(&client->channel, NULL))
			client_close(client);
	} else if ((condition & (G_IO_HUP | G_IO_ERR)) && !client->dead) {
		client_close(client);
	}
	client_process(client);
	client_update(client);
	client->busy--;
	client_release(client);
}

static guint64 add_client(struct server *server, int fd)
{
	struct client *client = g_new0(struct client, 1);

	client->id = ++server->last_id;
	client->server = server;
	client->reply_fd = -1;
	channel_init(&client->channel, fd);
	watch_init(&client->watch, fd, G_IO_IN, on_client, client);
	g_hash_table_insert(server->clients, &client->id, client);
	return client->id;
}

/* Whether the peer runs as we do: the kernel's word, not the peer's. */
static gboolean is_own_uid(int fd)
{
	struct ucred credentials;
	socklen_t size = sizeof credentials;

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0 &&
	       credentials.uid == geteuid();
}

static void on_accept(GIOCondition condition, void *data)
{
	struct server *server = data;
	auto_fd int fd = accept4(server->listen_fd, NULL, NULL, SOCK_CLOEXEC);

	(void)condition;
	if (fd < 0 || !is_own_uid(fd) || g_hash_table_size(server->clients) >= SERVER_CLIENTS_MAX)
		return;
	(void)add_client(server, g_steal_fd(&fd));
}

struct server *server_new(
	int listen_fd, int creator_fd, struct vm *vm, void (*idle)(void *data), void *data)
{
	struct server *server = g_new0(struct server, 1);

	server->listen_fd = listen_fd;
	server->vm = vm;
	server->idle = idle;
	server->data = data;
	server->clients = g_hash_table_new(g_int64_hash, g_int64_equal);
	watch_init(&server->watch, listen_fd, G_IO_IN, on_accept, server);
	server->owner = add_client(server, creator_fd);
	return server;
}

/* Every client there is; the function may close any of them. */
static void for_each_client(struct server *server, void (*function)(struct client *client))
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(guint64));
	GHashTableIter iterator;
	gpointer key;

	g_hash_table_iter_init(&iterator, server->clients);
	while (g_hash_table_iter_next(&iterator, &key, NULL))
		g_array_append_vals(ids, key, 1);
	for (guint i = 0; i < ids->len; i++) {
		struct client *client = server_find(server, g_array_index(ids, guint64, i));

		if (client != NULL)
			function(client);
	}
}

static void stop_listening(struct server *server)
{
	watch_clear(&server->watch);
	fd_clear(&server->listen_fd);
}

void server_free(struct server *server)
{
	if (server == NULL)
		return;
	server->ended = FALSE;
	server->owner = 0;
	timer_clear(&server->close_timer);
	for_each_client(server, client_close);
	stop_listening(server);
	g_hash_table_destroy(server->clients);
	g_free(server);
}

struct vm *server_get_vm(struct server *server)
{
	return server->vm;
}

void server_set_owner(struct server *server, guint64 client_id)
{
	server->owner = client_id;
}

struct client *server_find(struct server *server, guint64 client_id)
{
	return g_hash_table_lookup(server->clients, &client_id);
}

gboolean server_is_idle(const struct server *server)
{
	return server->ended && g_hash_table_size(server->clients) == 0;
}

static void tell_ready(struct client *client)
{
	if (client->wait == CLIENT_WAITS_READY)
		server_reply(client, request_describe_agent(client));
}

void server_on_ready(struct server *server)
{
	for_each_client(server, tell_ready);
}

void server_on_oom(struct server *server)
{
	for_each_client(server, request_tell_oom);
}

/*
 * The creator, until it owns nothing any more, may be between two requests: it stays, to be told
 * why the VM has ended (request.c answers everything with the reason).
 */
static void tell_ended(struct client *client)
{
	client->closing = client->wait != CLIENT_WAITS_NOT || client->id != client->server->owner;
	if (client->wait == CLIENT_WAITS_STOP)
		server_reply(client, json_object_new());
	else if (client->wait != CLIENT_WAITS_NOT)
		server_reply_error(client, vm_get_reason(client->server->vm));
	else
		client_flush(client);
}

static gboolean on_close_timeout(void *data)
{
	struct server *server = data;

	server->close_timer = 0;
	for_each_client(server, client_close);
	return G_SOURCE_REMOVE;
}

void server_on_ended(struct server *server)
{
	stop_listening(server);
	server->close_timer = g_timeout_add(TIMEOUT_PROXY_REQUEST_MS, on_close_timeout, server);
	for_each_client(server, tell_ended);
	server->ended = TRUE;
	if (server_is_idle(server))
		server->idle(server->data);
}
