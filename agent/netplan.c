/* SPDX-License-Identifier: GPL-2.0-only */
/* Compiles addresses, routes, neighbours and rules. */
#include "agent/netplan.h"

#include <arpa/inet.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/json.h"

/* An address with its family; size 0: none. */
struct address {
	uint8_t family;
	uint8_t prefix;
	size_t size;
	uint8_t data[sizeof(struct in6_addr)];
};

bool netplan_get_mac(const json_t *object, const char *key, uint8_t out[RTNL_MAC_SIZE],
	struct agent_error *error)
{
	const char *text = NULL;
	char rest;

	if (!json_need_string(object, key, &text, error))
		return false;
	if (sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%c", &out[0], &out[1], &out[2],
		    &out[3], &out[4], &out[5], &rest) == RTNL_MAC_SIZE)
		return true;
	return agent_error_set(error, AGENT_CODE_FAILED, "%s: \"%s\" is no MAC", key, text);
}

static bool parse_address(struct address *out, const char *text)
{
	out->family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
	out->size = out->family == AF_INET6 ? sizeof(struct in6_addr) : sizeof(struct in_addr);
	out->prefix = (uint8_t)(out->size * 8);
	return inet_pton(out->family, text, out->data) == 1;
}

/* "10.0.0.0/8" or "10.0.0.1". */
static bool parse_prefix(struct address *out, const char *text)
{
	char host[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	size_t length = slash != NULL ? (size_t)(slash - text) : strlen(text);
	unsigned prefix;
	char rest;

	if (length >= sizeof host)
		return false;
	memcpy(host, text, length);
	host[length] = '\0';
	if (!parse_address(out, host))
		return false;
	if (slash == NULL)
		return true;
	if (sscanf(slash, "/%3u%c", &prefix, &rest) != 1 || prefix > out->size * 8)
		return false;
	out->prefix = (uint8_t)prefix;
	return true;
}

/* Absent: size 0. */
static bool get_address(
	const json_t *item, const char *key, struct address *out, struct agent_error *error)
{
	const char *text = NULL;

	*out = (struct address){.size = 0};
	if (!json_get_string(item, key, &text, error))
		return false;
	if (text == NULL || parse_prefix(out, text))
		return true;
	return agent_error_set(error, AGENT_CODE_FAILED, "%s: \"%s\" is no address", key, text);
}

static bool get_number(const json_t *item, const char *key, uint32_t most, uint32_t *out,
	struct agent_error *error)
{
	int64_t value = *out;

	if (!json_get_integer(item, key, 0, most, &value, error))
		return false;
	*out = (uint32_t)value;
	return true;
}

static bool get_byte(const json_t *item, const char *key, uint8_t *out, struct agent_error *error)
{
	uint32_t value = *out;

	if (!get_number(item, key, UINT8_MAX, &value, error))
		return false;
	*out = (uint8_t)value;
	return true;
}

/* A link that the item names; absent: 0. */
static bool get_link(
	const json_t *item, const char *key, uint32_t *out_index, struct agent_error *error)
{
	const char *name = NULL;

	*out_index = 0;
	if (!json_get_string(item, key, &name, error))
		return false;
	if (name == NULL || (*out_index = if_nametoindex(name)) != 0)
		return true;
	return agent_error_set(error, AGENT_CODE_FAILED, "%s: no link \"%s\"", key, name);
}

/* "family": 4 or 6. */
static bool get_family(const json_t *item, uint8_t *out_family, struct agent_error *error)
{
	uint32_t family = 4;

	if (!get_number(item, "family", 6, &family, error))
		return false;
	*out_family = family == 6 ? AF_INET6 : AF_INET;
	return true;
}

static void put_address(struct rtnl_message *message, uint16_t type, const struct address *address)
{
	if (address->size > 0)
		rtnl_put(message, type, address->data, address->size);
}

bool netplan_compile_address(struct rtnl_message *message, const json_t *item, int index,
	enum netplan_action action, struct agent_error *error)
{
	bool adding = action == NETPLAN_ADD;
	struct ifaddrmsg *body = rtnl_begin(message, adding ? RTM_NEWADDR : RTM_DELADDR,
		adding ? NLM_F_CREATE | NLM_F_EXCL : 0, sizeof *body);
	struct address address;
	struct address peer;
	struct address broadcast;
	bool prefix_route = true;

	if (!get_address(item, "address", &address, error) ||
		!get_address(item, "peer", &peer, error) ||
		!get_address(item, "broadcast", &broadcast, error))
		return false;
	if (address.size == 0 || (peer.size > 0 && peer.family != address.family))
		return agent_error_set(
			error, AGENT_CODE_FAILED, "address: missing, or peer of another family");
	body->ifa_family = address.family;
	body->ifa_prefixlen = address.prefix;
	body->ifa_index = (unsigned)index;
	if (!get_byte(item, "prefix", &body->ifa_prefixlen, error) ||
		!get_byte(item, "scope", &body->ifa_scope, error) ||
		!json_get_boolean(item, "prefixRoute", &prefix_route, error))
		return false;
	put_address(message, IFA_LOCAL, &address);
	put_address(message, IFA_ADDRESS, peer.size > 0 ? &peer : &address);
	put_address(message, IFA_BROADCAST, &broadcast);
	/* The host has proved that nobody else has it. */
	rtnl_put_u32(message, IFA_FLAGS,
		IFA_F_PERMANENT | IFA_F_NODAD | (prefix_route ? 0 : IFA_F_NOPREFIXROUTE));
	return true;
}

/* A gateway of the route's family, or, by RTA_VIA, of the other. */
static void put_gateway(struct rtnl_message *message, uint8_t family, const struct address *gateway)
{
	struct {
		uint16_t family;
		uint8_t data[sizeof(struct in6_addr)];
	} via = {.family = gateway->family};

	if (gateway->size == 0 || gateway->family == family) {
		put_address(message, RTA_GATEWAY, gateway);
		return;
	}
	memcpy(via.data, gateway->data, gateway->size);
	rtnl_put(message, RTA_VIA, &via, sizeof via.family + gateway->size);
}

static bool put_hop(
	struct rtnl_message *message, uint8_t family, const json_t *item, struct agent_error *error)
{
	struct rtnexthop hop = {.rtnh_len = 0};
	size_t at = NLMSG_ALIGN(message->header.nlmsg_len);
	struct address gateway;
	uint32_t index;
	uint32_t weight = 1;
	bool onlink = false;

	if (!get_link(item, "device", &index, error) ||
		!get_address(item, "gateway", &gateway, error) ||
		!get_number(item, "weight", 256, &weight, error) ||
		!json_get_boolean(item, "onlink", &onlink, error))
		return false;
	if (at + sizeof hop > sizeof message->data) {
		message->overflow = true;
		return true;
	}
	message->header.nlmsg_len = (uint32_t)(at + sizeof hop);
	put_gateway(message, family, &gateway);
	hop.rtnh_ifindex = (int)index;
	hop.rtnh_hops = (uint8_t)(weight > 0 ? weight - 1 : 0);
	hop.rtnh_flags = onlink ? RTNH_F_ONLINK : 0;
	hop.rtnh_len = (uint16_t)(message->header.nlmsg_len - at);
	/* As in rtnl_put. */
	memcpy((uint8_t *)message + at, &hop, sizeof hop);
	return true;
}

static bool put_hops(
	struct rtnl_message *message, uint8_t family, const json_t *item, struct agent_error *error)
{
	json_t *hops = NULL;
	json_t *hop;
	size_t nest;
	size_t i;

	if (!json_get_array(item, "nexthops", &hops, error))
		return false;
	if (json_array_size(hops) == 0)
		return true;
	nest = rtnl_nest(message, RTA_MULTIPATH);
	json_array_foreach (hops, i, hop)
		if (!put_hop(message, family, hop, error))
			return agent_error_prefix(error, "nexthops[%zu]", i);
	rtnl_end(message, nest);
	return true;
}

static bool put_metrics(struct rtnl_message *message, const json_t *item, struct agent_error *error)
{
	static const struct {
		uint16_t type;
		const char *key;
	} known[] = {
		{RTAX_MTU, "mtu"},
		{RTAX_ADVMSS, "advmss"},
		{RTAX_WINDOW, "window"},
		{RTAX_HOPLIMIT, "hopLimit"},
	};
	size_t nest = rtnl_nest(message, RTA_METRICS);

	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		uint32_t value = 0;

		if (!get_number(item, known[i].key, UINT32_MAX, &value, error))
			return false;
		if (value > 0)
			rtnl_put_u32(message, known[i].type, value);
	}
	rtnl_end(message, nest);
	return true;
}

static bool fill_route(
	struct rtmsg *body, const json_t *item, uint32_t *out_table, struct agent_error *error)
{
	bool onlink = false;

	*out_table = RT_TABLE_MAIN;
	body->rtm_type = RTN_UNICAST;
	body->rtm_protocol = RTPROT_BOOT;
	if (!get_family(item, &body->rtm_family, error) ||
		!get_byte(item, "scope", &body->rtm_scope, error) ||
		!get_byte(item, "type", &body->rtm_type, error) ||
		!get_byte(item, "protocol", &body->rtm_protocol, error) ||
		!get_number(item, "table", UINT32_MAX, out_table, error) ||
		!json_get_boolean(item, "onlink", &onlink, error))
		return false;
	body->rtm_table = (uint8_t)(*out_table < 256 ? *out_table : RT_TABLE_UNSPEC);
	body->rtm_flags = onlink ? RTNH_F_ONLINK : 0;
	return true;
}

bool netplan_compile_route(struct rtnl_message *message, const json_t *item,
	enum netplan_action action, struct agent_error *error)
{
	bool adding = action == NETPLAN_ADD;
	struct rtmsg *body = rtnl_begin(message, adding ? RTM_NEWROUTE : RTM_DELROUTE,
		adding ? NLM_F_CREATE | NLM_F_EXCL : 0, sizeof *body);
	struct address destination;
	struct address gateway;
	struct address source;
	uint32_t metric = 0;
	uint32_t index;
	uint32_t table;

	if (!fill_route(body, item, &table, error) ||
		!get_address(item, "destination", &destination, error) ||
		!get_address(item, "gateway", &gateway, error) ||
		!get_address(item, "source", &source, error) ||
		!get_link(item, "device", &index, error) ||
		!get_number(item, "metric", UINT32_MAX, &metric, error))
		return false;
	if (destination.size > 0 && destination.family != body->rtm_family)
		return agent_error_set(error, AGENT_CODE_FAILED, "destination: of another family");
	body->rtm_dst_len = destination.prefix;
	put_address(message, RTA_DST, &destination);
	put_gateway(message, body->rtm_family, &gateway);
	put_address(message, RTA_PREFSRC, &source);
	if (index != 0)
		rtnl_put_u32(message, RTA_OIF, index);
	rtnl_put_u32(message, RTA_TABLE, table);
	if (metric > 0)
		rtnl_put_u32(message, RTA_PRIORITY, metric);
	return put_hops(message, body->rtm_family, item, error) &&
	       put_metrics(message, item, error);
}

bool netplan_compile_neighbour(struct rtnl_message *message, const json_t *item,
	enum netplan_action action, struct agent_error *error)
{
	bool adding = action == NETPLAN_ADD;
	struct ndmsg *body = rtnl_begin(message, adding ? RTM_NEWNEIGH : RTM_DELNEIGH,
		adding ? NLM_F_CREATE | NLM_F_REPLACE : 0, sizeof *body);
	uint8_t mac[RTNL_MAC_SIZE];
	struct address address;
	uint32_t index;

	if (!get_link(item, "device", &index, error) ||
		!get_address(item, "address", &address, error) ||
		!netplan_get_mac(item, "mac", mac, error))
		return false;
	body->ndm_family = address.family;
	body->ndm_ifindex = (int)index;
	body->ndm_state = NUD_PERMANENT;
	put_address(message, NDA_DST, &address);
	rtnl_put(message, NDA_LLADDR, mac, sizeof mac);
	return true;
}

static bool put_names(struct rtnl_message *message, const json_t *item, struct agent_error *error)
{
	const char *input = NULL;
	const char *output = NULL;

	if (!json_get_string(item, "inputDevice", &input, error) ||
		!json_get_string(item, "outputDevice", &output, error))
		return false;
	if (input != NULL)
		rtnl_put_text(message, FRA_IIFNAME, input);
	if (output != NULL)
		rtnl_put_text(message, FRA_OIFNAME, output);
	return true;
}

bool netplan_compile_rule(struct rtnl_message *message, const json_t *item,
	enum netplan_action action, struct agent_error *error)
{
	bool adding = action == NETPLAN_ADD;
	struct fib_rule_hdr *body = rtnl_begin(message, adding ? RTM_NEWRULE : RTM_DELRULE,
		adding ? NLM_F_CREATE | NLM_F_EXCL : 0, sizeof *body);
	struct address source;
	struct address destination;
	uint32_t priority = 0;
	uint32_t table = 0;
	uint32_t mark = 0;
	uint32_t mask = UINT32_MAX;
	bool invert = false;

	if (!get_family(item, &body->family, error) ||
		!get_byte(item, "action", &body->action, error) ||
		!get_address(item, "source", &source, error) ||
		!get_address(item, "destination", &destination, error) ||
		!get_number(item, "priority", UINT32_MAX, &priority, error) ||
		!get_number(item, "table", UINT32_MAX, &table, error) ||
		!get_number(item, "mark", UINT32_MAX, &mark, error) ||
		!get_number(item, "mask", UINT32_MAX, &mask, error) ||
		!json_get_boolean(item, "invert", &invert, error) ||
		!put_names(message, item, error))
		return false;
	body->src_len = source.prefix;
	body->dst_len = destination.prefix;
	body->flags = invert ? FIB_RULE_INVERT : 0;
	put_address(message, FRA_SRC, &source);
	put_address(message, FRA_DST, &destination);
	rtnl_put_u32(message, FRA_PRIORITY, priority);
	rtnl_put_u32(message, FRA_TABLE, table);
	if (json_object_get(item, "mark") != NULL) {
		rtnl_put_u32(message, FRA_FWMARK, mark);
		rtnl_put_u32(message, FRA_FWMASK, mask);
	}
	return true;
}
