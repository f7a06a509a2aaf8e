/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads routes, static neighbours and policy rules. */
#include <arpa/inet.h>
#include <linux/fib_rules.h>
#include <linux/neighbour.h>
#include <string.h>

#include "net/private.h"

struct reading {
	const struct net_plan *plan;
	JsonArray *items;
};

static const int families[] = {AF_INET, AF_INET6};

static void set_family(JsonObject *item, int family)
{
	json_object_set_int_member(item, "family", family == AF_INET6 ? 6 : 4);
}

static void set_device(JsonObject *item, const struct net_plan *plan, guint32 index)
{
	const struct net_link *link = net_plan_find(plan, (int)index);

	if (link != NULL)
		json_object_set_string_member(item, "device", link->name);
}

/* RTA_GATEWAY, or RTA_VIA of the other family. */
static void set_gateway(JsonObject *item, int family, const struct nlattr *const *attributes)
{
	const struct nlattr *via = attributes[RTA_VIA];

	if (attributes[RTA_GATEWAY] != NULL) {
		(void)net_set_address(item, "gateway", family, attributes[RTA_GATEWAY]);
		return;
	}
	if (via == NULL ||
		mnl_attr_get_payload_len(via) != sizeof(struct rtvia) + sizeof(struct in6_addr))
		return;

	char text[INET6_ADDRSTRLEN];
	const struct rtvia *hop = mnl_attr_get_payload(via);

	if (hop->rtvia_family == AF_INET6 &&
		inet_ntop(AF_INET6, hop->rtvia_addr, text, sizeof text) != NULL)
		json_object_set_string_member(item, "gateway", text);
}

static void set_hops(
	JsonObject *item, int family, const struct net_plan *plan, const struct nlattr *attribute)
{
	const struct rtnexthop *hop = mnl_attr_get_payload(attribute);
	int left = mnl_attr_get_payload_len(attribute);
	JsonArray *hops = json_array_new();

	while (left >= (int)sizeof *hop && hop->rtnh_len >= sizeof *hop && hop->rtnh_len <= left) {
		const struct nlattr *attributes[RTA_VIA + 1] = {NULL};
		JsonObject *object = json_object_new();
		const struct nlattr *attr;
		gsize size = hop->rtnh_len - sizeof *hop;

		mnl_attr_for_each_payload(
			(void *)RTNH_DATA(hop), size) if (mnl_attr_get_type(attr) <= RTA_VIA)
			attributes[mnl_attr_get_type(attr)] = attr;
		set_gateway(object, family, attributes);
		set_device(object, plan, (guint32)hop->rtnh_ifindex);
		json_object_set_int_member(object, "weight", hop->rtnh_hops + 1);
		json_object_set_boolean_member(
			object, "onlink", (hop->rtnh_flags & RTNH_F_ONLINK) != 0);
		json_array_add_object_element(hops, object);
		left -= (int)RTNH_ALIGN(hop->rtnh_len);
		hop = RTNH_NEXT(hop);
	}
	json_object_set_array_member(item, "nexthops", hops);
}

static void set_metrics(JsonObject *item, const struct nlattr *nest)
{
	static const struct {
		guint16 type;
		const char *member;
	} known[] = {
		{RTAX_MTU, "mtu"},
		{RTAX_ADVMSS, "advmss"},
		{RTAX_WINDOW, "window"},
		{RTAX_HOPLIMIT, "hopLimit"},
	};
	const struct nlattr *metrics[RTAX_MAX + 1];

	netlink_nested(nest, metrics, G_N_ELEMENTS(metrics));
	for (gsize i = 0; i < G_N_ELEMENTS(known); i++)
		if (metrics[known[i].type] != NULL)
			json_object_set_int_member(
				item, known[i].member, netlink_u32(metrics[known[i].type], 0));
}

/* What the kernel makes of addresses by itself, has learnt, or a router has announced. */
static gboolean is_kernels_own(const struct rtmsg *body, guint32 table)
{
	return body->rtm_flags & RTM_F_CLONED || table == RT_TABLE_LOCAL ||
	       body->rtm_protocol == RTPROT_RA || body->rtm_protocol == RTPROT_REDIRECT ||
	       body->rtm_type == RTN_MULTICAST;
}

static gboolean take_route(const struct nlmsghdr *message, void *data, GError **error)
{
	const struct rtmsg *body = mnl_nlmsg_get_payload(message);
	const struct nlattr *attributes[RTA_VIA + 1];
	struct reading *reading = data;
	int family = body->rtm_family;

	if (message->nlmsg_type != RTM_NEWROUTE)
		return TRUE;
	netlink_attributes(message, sizeof *body, attributes, G_N_ELEMENTS(attributes));

	guint32 table = netlink_u32(attributes[RTA_TABLE], body->rtm_table);

	if (is_kernels_own(body, table))
		return TRUE;

	JsonObject *item = json_object_new();

	set_family(item, family);
	net_set_prefix(item, "destination", family, attributes[RTA_DST], body->rtm_dst_len);
	set_gateway(item, family, attributes);
	(void)net_set_address(item, "source", family, attributes[RTA_PREFSRC]);
	if (attributes[RTA_OIF] != NULL && attributes[RTA_MULTIPATH] == NULL)
		set_device(item, reading->plan, netlink_u32(attributes[RTA_OIF], 0));
	if (attributes[RTA_MULTIPATH] != NULL)
		set_hops(item, family, reading->plan, attributes[RTA_MULTIPATH]);
	set_metrics(item, attributes[RTA_METRICS]);
	json_object_set_int_member(item, "metric", netlink_u32(attributes[RTA_PRIORITY], 0));
	json_object_set_int_member(item, "scope", body->rtm_scope);
	json_object_set_int_member(item, "type", body->rtm_type);
	json_object_set_int_member(item, "protocol", body->rtm_protocol);
	json_object_set_int_member(item, "table", table);
	json_object_set_boolean_member(item, "onlink", (body->rtm_flags & RTNH_F_ONLINK) != 0);
	return net_add_item(reading->items, item, error);
}

gboolean net_routes_read(
	struct netlink *netlink, const struct net_plan *plan, JsonArray *routes, GError **error)
{
	char buffer[NETLINK_REQUEST_SIZE];
	struct reading reading = {.plan = plan, .items = routes};

	for (gsize i = 0; i < G_N_ELEMENTS(families); i++) {
		struct rtmsg *body;
		struct nlmsghdr *message =
			netlink_begin(buffer, RTM_GETROUTE, 0, sizeof *body, &body);

		body->rtm_family = (guint8)families[i];
		if (!netlink_dump(netlink, message, take_route, &reading, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean take_neighbour(const struct nlmsghdr *message, void *data, GError **error)
{
	const struct ndmsg *body = mnl_nlmsg_get_payload(message);
	const struct nlattr *attributes[NDA_LLADDR + 1];
	struct reading *reading = data;
	const struct net_link *link;

	if (message->nlmsg_type != RTM_NEWNEIGH || !(body->ndm_state & NUD_PERMANENT))
		return TRUE;
	netlink_attributes(message, sizeof *body, attributes, G_N_ELEMENTS(attributes));
	link = net_plan_find(reading->plan, body->ndm_ifindex);
	if (link == NULL || attributes[NDA_LLADDR] == NULL ||
		mnl_attr_get_payload_len(attributes[NDA_LLADDR]) != NET_MAC_SIZE)
		return TRUE;

	g_autofree char *mac = net_mac_format(mnl_attr_get_payload(attributes[NDA_LLADDR]));
	JsonObject *item = json_object_new();

	json_object_set_string_member(item, "device", link->name);
	json_object_set_string_member(item, "mac", mac);
	if (net_set_address(item, "address", body->ndm_family, attributes[NDA_DST]))
		return net_add_item(reading->items, item, error);
	json_object_unref(item);
	return TRUE;
}

gboolean net_neighbours_read(
	struct netlink *netlink, const struct net_plan *plan, JsonArray *neighbours, GError **error)
{
	char buffer[NETLINK_REQUEST_SIZE];
	struct reading reading = {.plan = plan, .items = neighbours};
	struct ndmsg *body;
	struct nlmsghdr *message = netlink_begin(buffer, RTM_GETNEIGH, 0, sizeof *body, &body);

	return netlink_dump(netlink, message, take_neighbour, &reading, error);
}

/* The three that every namespace has. */
static gboolean is_default_rule(guint32 priority, guint32 table)
{
	return (priority == 0 && table == RT_TABLE_LOCAL) ||
	       (priority == 32766 && table == RT_TABLE_MAIN) ||
	       (priority == 32767 && table == RT_TABLE_DEFAULT);
}

static void set_number(JsonObject *item, const char *member, const struct nlattr *attribute)
{
	if (attribute != NULL)
		json_object_set_int_member(item, member, netlink_u32(attribute, 0));
}

static void set_text(JsonObject *item, const char *member, const struct nlattr *attribute)
{
	const char *text = netlink_text(attribute);

	if (text != NULL)
		json_object_set_string_member(item, member, text);
}

static gboolean take_rule(const struct nlmsghdr *message, void *data, GError **error)
{
	const struct fib_rule_hdr *body = mnl_nlmsg_get_payload(message);
	const struct nlattr *attributes[FRA_OIFNAME + 1];
	JsonArray *rules = data;

	if (message->nlmsg_type != RTM_NEWRULE)
		return TRUE;
	netlink_attributes(message, sizeof *body, attributes, G_N_ELEMENTS(attributes));

	guint32 priority = netlink_u32(attributes[FRA_PRIORITY], 0);
	guint32 table = netlink_u32(attributes[FRA_TABLE], body->table);

	if (is_default_rule(priority, table) ||
		(body->family != AF_INET && body->family != AF_INET6))
		return TRUE;

	JsonObject *item = json_object_new();

	set_family(item, body->family);
	if (body->src_len > 0)
		net_set_prefix(item, "source", body->family, attributes[FRA_SRC], body->src_len);
	if (body->dst_len > 0)
		net_set_prefix(
			item, "destination", body->family, attributes[FRA_DST], body->dst_len);
	set_text(item, "inputDevice", attributes[FRA_IIFNAME]);
	set_text(item, "outputDevice", attributes[FRA_OIFNAME]);
	set_number(item, "mark", attributes[FRA_FWMARK]);
	set_number(item, "mask", attributes[FRA_FWMASK]);
	json_object_set_int_member(item, "priority", priority);
	json_object_set_int_member(item, "table", table);
	json_object_set_int_member(item, "action", body->action);
	json_object_set_boolean_member(item, "invert", (body->flags & FIB_RULE_INVERT) != 0);
	return net_add_item(rules, item, error);
}

gboolean net_rules_read(struct netlink *netlink, JsonArray *rules, GError **error)
{
	char buffer[NETLINK_REQUEST_SIZE];

	for (gsize i = 0; i < G_N_ELEMENTS(families); i++) {
		struct fib_rule_hdr *body;
		struct nlmsghdr *message =
			netlink_begin(buffer, RTM_GETRULE, 0, sizeof *body, &body);

		body->family = (guint8)families[i];
		if (!netlink_dump(netlink, message, take_rule, rules, error))
			return FALSE;
	}
	return TRUE;
}
