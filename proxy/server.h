/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The clients of proxy.sock, and the connection that the proxy was born with.
 *
 * One request of a client is under way at a time, so its replies come in order; what it sends
 * meanwhile stays in its socket. The requests themselves are proxy/request.h's.
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

#include "proxy/vm.h"
#include "proxy/watch.h"
#include "wire/channel.h"

enum {
	SERVER_CLIENTS_MAX = 64,
};

struct server;

/* What the reply to a client waits for. */
enum client_wait {
	CLIENT_WAITS_NOT,
	CLIENT_WAITS_READY,
	CLIENT_WAITS_AGENT,
	CLIENT_WAITS_SAVE,
	CLIENT_WAITS_STOP,
	CLIENT_WAITS_QMP,
	CLIENT_WAITS_OOM,
};

/* Known to server.c and request.c only. */
struct client {
	guint64 id;
	struct server *server;
	struct channel channel;
	struct watch watch;
	enum client_wait wait;
	/* Of one that waits for a kill: in which container, and how many it knows of. */
	char *oom_container;
	guint64 oom_seen;
	/* A descriptor to go with the next reply, or -1. */
	int reply_fd;
	/* Closed as soon as its replies are sent. */
	gboolean closing;
	/* Freed as soon as no call is under way any more. */
	gboolean dead;
	guint busy;
};

/* Takes over both descriptors. idle: the VM has ended, and the last client is gone. */
struct server *server_new(
	int listen_fd, int creator_fd, struct vm *vm, void (*idle)(void *data), void *data);
void server_free(struct server *server);

struct vm *server_get_vm(struct server *server);
/* From now on the VM ends with this connection; 0: with none. */
void server_set_owner(struct server *server, guint64 client_id);
/* NULL: gone. */
struct client *server_find(struct server *server, guint64 client_id);
gboolean server_is_idle(const struct server *server);

/* The reply that a client waits for; takes over the object. */
void server_reply(struct client *client, JsonObject *reply);
void server_reply_error(struct client *client, const GError *error);

/* The VM's events: answers who waits for them. */
void server_on_ready(struct server *server);
void server_on_oom(struct server *server);
void server_on_ended(struct server *server);
