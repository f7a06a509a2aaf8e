/* SPDX-License-Identifier: GPL-2.0-only */
/* What clients may ask for: the table of docs/proxy-protocol.md. */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

struct client;

/*
 * The reply, the caller's; NULL with an error; NULL without one when it comes later, by
 * server_reply, and client->wait says for what.
 */
JsonObject *request_handle(struct client *client, JsonObject *request, GError **error);

/* The handlers of request-vm.c: entries of the table in request.c, under the same rules. */
JsonObject *request_pause(struct client *client, JsonObject *request, GError **error);
JsonObject *request_resume(struct client *client, JsonObject *request, GError **error);
JsonObject *request_pin(struct client *client, JsonObject *request, GError **error);
JsonObject *request_add_container(struct client *client, JsonObject *request, GError **error);
JsonObject *request_wait_oom(struct client *client, JsonObject *request, GError **error);
/* Answers a client that waits for kills, if there are more than it knows of. */
void request_tell_oom(struct client *client);

/* The reply to `ready`. */
JsonObject *request_describe_agent(struct client *client);
