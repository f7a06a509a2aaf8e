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

/* The reply to `ready`. */
JsonObject *request_describe_agent(struct client *client);
