/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of this room share. */
#pragma once

#include "net/plan.h"

/* Reads the links, then their addresses. */
gboolean net_links_read(
	struct netlink *netlink, GPtrArray *links, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void net_link_free(void *link);

/* Appends what is there; the links are for names. */
gboolean net_routes_read(struct netlink *netlink, const struct net_plan *plan, JsonArray *routes,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean net_neighbours_read(struct netlink *netlink, const struct net_plan *plan,
	JsonArray *neighbours, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean net_rules_read(
	struct netlink *netlink, JsonArray *rules, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Sets a member to an attribute's address as text; FALSE when it is none of the family. */
gboolean net_set_address(
	JsonObject *object, const char *member, int family, const struct nlattr *attribute);
/* "10.0.0.0/8", and with no attribute "0.0.0.0/0" or "::/0". */
void net_set_prefix(JsonObject *object, const char *member, int family,
	const struct nlattr *attribute, guint length);
/* Takes over the object; an error when there are too many. */
gboolean net_add_item(JsonArray *items, JsonObject *item, GError **error) G_GNUC_WARN_UNUSED_RESULT;
