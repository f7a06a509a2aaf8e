/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads a plan, and makes the request of it. */
#include "net/plan.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "net/private.h"

enum {
	/* A namespace that is being filled is read anew. */
	READ_TRIES = 10,
};

gboolean net_set_address(
	JsonObject *object, const char *member, int family, const struct nlattr *attribute)
{
	char text[INET6_ADDRSTRLEN];
	gsize size = family == AF_INET6 ? sizeof(struct in6_addr) : sizeof(struct in_addr);

	if (attribute == NULL || mnl_attr_get_payload_len(attribute) != size ||
		inet_ntop(family, mnl_attr_get_payload(attribute), text, sizeof text) == NULL)
		return FALSE;
	json_object_set_string_member(object, member, text);
	return TRUE;
}

void net_set_prefix(JsonObject *object, const char *member, int family,
	const struct nlattr *attribute, guint length)
{
	g_autofree char *text = NULL;

	if (!net_set_address(object, member, family, attribute))
		json_object_set_string_member(
			object, member, family == AF_INET6 ? "::" : "0.0.0.0");
	text = g_strdup_printf("%s/%u", json_object_get_string_member(object, member), length);
	json_object_set_string_member(object, member, text);
}

gboolean net_add_item(JsonArray *items, JsonObject *item, GError **error)
{
	json_array_add_object_element(items, item);
	if (json_array_get_length(items) <= NET_ITEMS_MAX)
		return TRUE;
	g_set_error(error, CC_ERROR, CC_ERROR_FAILED,
		"the network namespace has more than %d addresses, routes, neighbours or rules",
		NET_ITEMS_MAX);
	return FALSE;
}

char *net_mac_format(const guint8 mac[NET_MAC_SIZE])
{
	return g_strdup_printf(
		"%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

static struct net_plan *read_once(struct netlink *netlink, GError **error)
{
	g_autoptr(net_plan) plan = g_new0(struct net_plan, 1);

	plan->links = g_ptr_array_new_with_free_func(net_link_free);
	plan->routes = json_array_new();
	plan->neighbours = json_array_new();
	plan->rules = json_array_new();
	if (!net_links_read(netlink, plan->links, error) ||
		!net_routes_read(netlink, plan, plan->routes, error) ||
		!net_neighbours_read(netlink, plan, plan->neighbours, error) ||
		!net_rules_read(netlink, plan->rules, error))
		return NULL;
	return g_steal_pointer(&plan);
}

struct net_plan *net_plan_read(struct netlink *netlink, GError **error)
{
	for (int tries = 1;; tries++) {
		g_autoptr(GError) cause = NULL;
		struct net_plan *plan = read_once(netlink, &cause);

		if (plan != NULL)
			return plan;
		if (netlink_errno(netlink) == EINTR && tries < READ_TRIES)
			continue;
		g_propagate_prefixed_error(
			error, g_steal_pointer(&cause), "read the network namespace: ");
		return NULL;
	}
}

void net_plan_free(struct net_plan *plan)
{
	if (plan == NULL)
		return;
	g_clear_pointer(&plan->links, g_ptr_array_unref);
	g_clear_pointer(&plan->routes, json_array_unref);
	g_clear_pointer(&plan->neighbours, json_array_unref);
	g_clear_pointer(&plan->rules, json_array_unref);
	g_free(plan);
}

const struct net_link *net_plan_find(const struct net_plan *plan, int index)
{
	for (guint i = 0; i < plan->links->len; i++) {
		const struct net_link *link = plan->links->pdata[i];

		if (link->index == index)
			return link;
	}
	return NULL;
}

const struct net_link *net_plan_find_name(const struct net_plan *plan, const char *name)
{
	for (guint i = 0; i < plan->links->len; i++) {
		const struct net_link *link = plan->links->pdata[i];

		if (strcmp(link->name, name) == 0)
			return link;
	}
	return NULL;
}

const char *net_plan_owner(const struct net_plan *plan)
{
	for (guint i = 0; i < plan->links->len; i++) {
		const struct net_link *link = plan->links->pdata[i];

		if (link->owner != NULL && strcmp(link->kind, "tun") == 0)
			return link->owner;
	}
	return NULL;
}

/* ---- the request */

static void add_link(JsonArray *links, const struct net_link *link, const guint8 *device)
{
	JsonObject *object = json_object_new();

	if (device != NULL) {
		g_autofree char *mac = net_mac_format(link->mac);
		g_autofree char *birth = net_mac_format(device);

		json_object_set_string_member(object, "device", birth);
		json_object_set_string_member(object, "mac", mac);
		json_object_set_int_member(object, "mtu", link->mtu);
		json_object_set_boolean_member(object, "up", link->up);
	}
	json_object_set_string_member(object, "name", link->name);
	json_object_set_array_member(object, "addresses", json_array_ref(link->addresses));
	json_array_add_object_element(links, object);
}

/* The names of the guest's links: a set. */
static GHashTable *add_links(const struct net_plan *plan, const struct net_device *devices,
	gsize n_devices, JsonArray *links)
{
	GHashTable *names = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = 0; i < plan->links->len; i++) {
		const struct net_link *link = plan->links->pdata[i];

		if (!link->loopback)
			continue;
		add_link(links, link, NULL);
		g_hash_table_add(names, (void *)link->name);
	}
	for (gsize i = 0; i < n_devices; i++) {
		const struct net_link *link = net_plan_find(plan, devices[i].index);

		if (link == NULL)
			continue;
		add_link(links, link, devices[i].mac);
		g_hash_table_add(names, (void *)link->name);
	}
	return names;
}

/* Whether the guest has the links that this item, or a next hop of it, names. */
static gboolean is_known(JsonObject *item, GHashTable *names)
{
	static const char *const members[] = {"device", "inputDevice", "outputDevice"};

	for (gsize i = 0; i < G_N_ELEMENTS(members); i++)
		if (json_object_has_member(item, members[i]) &&
			!g_hash_table_contains(
				names, json_object_get_string_member(item, members[i])))
			return FALSE;
	if (!json_object_has_member(item, "nexthops"))
		return TRUE;

	JsonArray *hops = json_object_get_array_member(item, "nexthops");

	for (guint i = 0; i < json_array_get_length(hops); i++)
		if (!is_known(json_array_get_object_element(hops, i), names))
			return FALSE;
	return TRUE;
}

static JsonArray *known_items(JsonArray *items, GHashTable *names)
{
	JsonArray *known = json_array_new();

	for (guint i = 0; i < json_array_get_length(items); i++) {
		JsonObject *item = json_array_get_object_element(items, i);

		if (is_known(item, names))
			json_array_add_object_element(known, json_object_ref(item));
	}
	return known;
}

JsonObject *net_plan_request(
	const struct net_plan *plan, const struct net_device *devices, gsize n_devices)
{
	JsonObject *request = json_object_new();
	JsonArray *links = json_array_new();
	g_autoptr(GHashTable) names = add_links(plan, devices, n_devices, links);

	json_object_set_array_member(request, "links", links);
	json_object_set_array_member(request, "routes", known_items(plan->routes, names));
	json_object_set_array_member(request, "neighbours", known_items(plan->neighbours, names));
	json_object_set_array_member(request, "rules", known_items(plan->rules, names));
	return request;
}
