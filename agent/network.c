/* SPDX-License-Identifier: GPL-2.0-only */
/* The two namespaces, the devices in them, and plans made true. */
#include "agent/network.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "agent/cleanup.h"
#include "agent/json.h"
#include "agent/log.h"
#include "agent/netplan.h"

/* Of links that are renamed or parked; the kernel puts a number in. */
#define SPARE_NAMES "cc%d"

static int open_namespace(struct agent_error *error)
{
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		agent_error_errno(error, errno, "open the network namespace");
	return fd;
}

/* A request to change the link, to be filled in. */
static struct ifinfomsg *begin_link(struct rtnl_message *message, int index)
{
	struct ifinfomsg *body = rtnl_begin(message, RTM_NEWLINK, 0, sizeof *body);

	body->ifi_index = index;
	return body;
}

static int set_up(int fd, int index, bool up)
{
	struct rtnl_message message;
	struct ifinfomsg *body = begin_link(&message, index);

	body->ifi_flags = up ? IFF_UP : 0;
	body->ifi_change = IFF_UP;
	return rtnl_request(fd, &message);
}

static bool loopback_up(const struct network *network, struct agent_error *error)
{
	int result = set_up(network->pod_netlink, (int)if_nametoindex("lo"), true);

	return result == 0 || agent_error_errno(error, result, "bring up lo");
}

bool network_prepare(struct network *network, struct agent_error *error)
{
	network->parking = open_namespace(error);
	if (network->parking < 0)
		return false;
	network->parking_netlink = rtnl_open(0, error);
	network->arrivals = rtnl_open(RTMGRP_LINK, error);
	if (network->parking_netlink < 0 || network->arrivals < 0)
		return false;
	if (unshare(CLONE_NEWNET) < 0)
		return agent_error_errno(error, errno, "make the pod's network namespace");
	network->pod = open_namespace(error);
	if (network->pod < 0)
		return false;
	network->pod_netlink = rtnl_open(0, error);
	return network->pod_netlink >= 0 && loopback_up(network, error);
}

/* That something came is enough: whoever waits for it looks at the end of the turn. */
static void handle_arrivals(void *object, short events)
{
	const struct network *network = object;
	char ignored[8192];

	(void)events;
	while (recv(network->arrivals, ignored, sizeof ignored, 0) > 0)
		;
}

void network_poll(struct network *network, struct pollset *set)
{
	if (network->wanted != NULL)
		pollset_add(set, network->arrivals, POLLIN, handle_arrivals, network);
}

/* ---- devices */

static struct network_device *find_device(const struct network *network, const uint8_t *birth)
{
	for (size_t i = 0; i < network->n_devices; i++)
		if (memcmp(network->devices[i].birth, birth, RTNL_MAC_SIZE) == 0)
			return (struct network_device *)&network->devices[i];
	return NULL;
}

/* A link of the plan that has a device (lo has none): its MAC at birth. */
static bool get_birth(const json_t *link, uint8_t *birth)
{
	struct agent_error ignored;

	return json_object_get(link, "device") != NULL &&
	       netplan_get_mac(link, "device", birth, &ignored);
}

bool network_has_devices(
	const struct network *network, const json_t *plan, const char **out_missing)
{
	const json_t *link;
	size_t i;

	json_array_foreach (json_object_get(plan, "links"), i, link) {
		uint8_t birth[RTNL_MAC_SIZE];

		if (!get_birth(link, birth) || find_device(network, birth) != NULL ||
			rtnl_find_link(network->parking_netlink, birth) > 0)
			continue;
		*out_missing = json_string_value(json_object_get(link, "name"));
		return false;
	}
	return true;
}

/* To another namespace; there it gets another name if its own is taken. */
static int move_link(int fd, int index, int namespace)
{
	struct rtnl_message message;

	begin_link(&message, index);
	rtnl_put_u32(&message, IFLA_NET_NS_FD, (uint32_t) namespace);
	rtnl_put_text(&message, IFLA_IFNAME, SPARE_NAMES);
	return rtnl_request(fd, &message);
}

/* From the parking namespace to the pod's. */
static bool fetch(struct network *network, const uint8_t *birth, struct agent_error *error)
{
	int index = rtnl_find_link(network->parking_netlink, birth);
	struct network_device *device = &network->devices[network->n_devices];
	int result;

	if (index == 0 || network->n_devices == NETWORK_DEVICES_MAX)
		return agent_error_set(error, AGENT_CODE_FAILED, "no such device, or too many");
	result = move_link(network->parking_netlink, index, network->pod);
	if (result != 0)
		return agent_error_errno(error, result, "move it to the pod");
	memcpy(device->birth, birth, RTNL_MAC_SIZE);
	device->index = rtnl_find_link(network->pod_netlink, birth);
	if (device->index == 0)
		return agent_error_set(error, AGENT_CODE_FAILED, "lost on its way to the pod");
	network->n_devices++;
	return true;
}

static int set_mac(int fd, int index, const uint8_t *mac)
{
	struct rtnl_message message;

	begin_link(&message, index);
	rtnl_put(&message, IFLA_ADDRESS, mac, RTNL_MAC_SIZE);
	return rtnl_request(fd, &message);
}

/* Back, as it was born. One that has been unplugged is gone all the same. */
static void park(struct network *network, struct network_device *device)
{
	int fd = network->pod_netlink;
	int result = set_up(fd, device->index, false);

	if (result == 0)
		result = set_mac(fd, device->index, device->birth);
	if (result == 0)
		result = move_link(fd, device->index, network->parking);
	if (result != 0 && result != ENODEV)
		agent_log("park a network device: %s", strerror(result));
	*device = network->devices[--network->n_devices];
}

static bool is_in(const json_t *plan, const struct network_device *device)
{
	const json_t *link;
	size_t i;

	json_array_foreach (json_object_get(plan, "links"), i, link) {
		uint8_t birth[RTNL_MAC_SIZE];

		if (get_birth(link, birth) && memcmp(birth, device->birth, RTNL_MAC_SIZE) == 0)
			return true;
	}
	return false;
}

static void park_others(struct network *network, const json_t *plan)
{
	for (size_t i = network->n_devices; i > 0; i--)
		if (!is_in(plan, &network->devices[i - 1]))
			park(network, &network->devices[i - 1]);
}

/* ---- links */

static int link_index(const struct network *network, const json_t *link)
{
	uint8_t birth[RTNL_MAC_SIZE];
	const struct network_device *device =
		get_birth(link, birth) ? find_device(network, birth) : NULL;

	return device != NULL ? device->index : (int)if_nametoindex("lo");
}

/* Down and out of the way of the others' names, unless it has its name and MAC already. */
static bool clear_link(struct network *network, const json_t *link, struct agent_error *error)
{
	const char *name = json_string_value(json_object_get(link, "name"));
	uint8_t birth[RTNL_MAC_SIZE];
	uint8_t mac[RTNL_MAC_SIZE];
	struct rtnl_message message;
	int index;
	int result;

	if (!get_birth(link, birth))
		return true;
	if (!netplan_get_mac(link, "mac", mac, error))
		return false;
	if (find_device(network, birth) == NULL && !fetch(network, birth, error))
		return false;
	index = link_index(network, link);
	if ((int)if_nametoindex(name) == index &&
		rtnl_find_link(network->pod_netlink, mac) == index)
		return true;
	result = set_up(network->pod_netlink, index, false);
	if (result == 0) {
		begin_link(&message, index);
		rtnl_put_text(&message, IFLA_IFNAME, SPARE_NAMES);
		result = rtnl_request(network->pod_netlink, &message);
	}
	return result == 0 || agent_error_errno(error, result, "take it down");
}

/* The kernel makes no link-local address of its own: the plan has it. */
static void put_no_address(struct rtnl_message *message)
{
	const uint8_t none = IN6_ADDR_GEN_MODE_NONE;
	size_t families = rtnl_nest(message, IFLA_AF_SPEC);
	size_t inet6 = rtnl_nest(message, AF_INET6);

	rtnl_put(message, IFLA_INET6_ADDR_GEN_MODE, &none, sizeof none);
	rtnl_end(message, inet6);
	rtnl_end(message, families);
}

/* Name, MAC, MTU; then, since addresses are made when it comes up, up. */
static bool dress_link(struct network *network, const json_t *link, struct agent_error *error)
{
	const char *name = json_string_value(json_object_get(link, "name"));
	int index = link_index(network, link);
	struct rtnl_message message;
	uint8_t mac[RTNL_MAC_SIZE];
	int64_t mtu = 1500;
	bool up = true;
	int result;

	if (json_object_get(link, "device") == NULL)
		return true;
	if (!netplan_get_mac(link, "mac", mac, error) ||
		!json_get_integer(link, "mtu", 1, INT32_MAX, &mtu, error) ||
		!json_get_boolean(link, "up", &up, error))
		return false;
	begin_link(&message, index);
	if ((int)if_nametoindex(name) != index) {
		rtnl_put_text(&message, IFLA_IFNAME, name);
		rtnl_put(&message, IFLA_ADDRESS, mac, sizeof mac);
	}
	rtnl_put_u32(&message, IFLA_MTU, (uint32_t)mtu);
	put_no_address(&message);
	result = rtnl_request(network->pod_netlink, &message);
	if (result == 0)
		result = set_up(network->pod_netlink, index, up);
	return result == 0 || agent_error_errno(error, result, "set it up");
}

static bool each_link(struct network *network, const json_t *plan,
	bool (*step)(struct network *network, const json_t *link, struct agent_error *error),
	struct agent_error *error)
{
	const json_t *link;
	size_t i;

	json_array_foreach (json_object_get(plan, "links"), i, link)
		if (!step(network, link, error))
			return agent_error_prefix(
				error, "link %s", json_string_value(json_object_get(link, "name")));
	return true;
}

/* ---- items */

static bool contains(const json_t *items, const json_t *item)
{
	const json_t *other;
	size_t i;

	json_array_foreach (items, i, other)
		if (json_equal(other, item))
			return true;
	return false;
}

static bool add_addresses(struct network *network, const json_t *link, struct agent_error *error)
{
	int index = link_index(network, link);
	struct rtnl_message message;
	const json_t *item;
	size_t i;

	json_array_foreach (json_object_get(link, "addresses"), i, item) {
		int result;

		if (!netplan_compile_address(&message, item, index, NETPLAN_ADD, error))
			return agent_error_prefix(error, "addresses[%zu]", i);
		result = rtnl_request(network->pod_netlink, &message);
		if (result != 0 && result != EEXIST)
			return agent_error_errno(error, result, "address %s",
				json_string_value(json_object_get(item, "address")));
	}
	return true;
}

/* The link of a plan with this device (none: lo). */
static const json_t *same_link(const json_t *plan, const json_t *link)
{
	const json_t *device = json_object_get(link, "device");
	const json_t *other;
	size_t i;

	json_array_foreach (json_object_get(plan, "links"), i, other) {
		const json_t *others = json_object_get(other, "device");

		if (device == others || json_equal(device, others))
			return other;
	}
	return NULL;
}

static void remove_addresses(struct network *network, const json_t *plan)
{
	const json_t *link;
	size_t i;

	json_array_foreach (json_object_get(network->plan, "links"), i, link) {
		const json_t *kept = json_object_get(same_link(plan, link), "addresses");
		const json_t *item;
		size_t j;

		json_array_foreach (json_object_get(link, "addresses"), j, item) {
			struct rtnl_message message;
			struct agent_error ignored;

			/* What is gone already is what we want. */
			if (!contains(kept, item) &&
				netplan_compile_address(&message, item, link_index(network, link),
					NETPLAN_REMOVE, &ignored))
				rtnl_request(network->pod_netlink, &message);
		}
	}
}

/* In this order: routes have a gateway that another route leads to. */
static const struct {
	const char *key;
	netplan_compile compile;
	/* Only items with (1) or without (0) a gateway; -1: all. */
	int with_gateway;
} kinds[] = {
	{"routes", netplan_compile_route, 0},
	{"routes", netplan_compile_route, 1},
	{"neighbours", netplan_compile_neighbour, -1},
	{"rules", netplan_compile_rule, -1},
};

static bool has_gateway(const json_t *item)
{
	return json_object_get(item, "gateway") != NULL ||
	       json_object_get(item, "nexthops") != NULL;
}

static bool add_items(
	struct network *network, const json_t *plan, size_t kind, struct agent_error *error)
{
	struct rtnl_message message;
	const json_t *item;
	size_t i;

	json_array_foreach (json_object_get(plan, kinds[kind].key), i, item) {
		int result;

		if (kinds[kind].with_gateway >= 0 && has_gateway(item) != kinds[kind].with_gateway)
			continue;
		if (!kinds[kind].compile(&message, item, NETPLAN_ADD, error))
			return agent_error_prefix(error, "%s[%zu]", kinds[kind].key, i);
		result = rtnl_request(network->pod_netlink, &message);
		if (result != 0 && result != EEXIST)
			return agent_error_errno(error, result, "%s[%zu]", kinds[kind].key, i);
	}
	return true;
}

static void remove_items(struct network *network, const json_t *plan, size_t kind)
{
	const json_t *kept = json_object_get(plan, kinds[kind].key);
	const json_t *item;
	size_t i;

	if (kinds[kind].with_gateway == 0)
		return;
	json_array_foreach (json_object_get(network->plan, kinds[kind].key), i, item) {
		struct rtnl_message message;
		struct agent_error ignored;

		if (!contains(kept, item) &&
			kinds[kind].compile(&message, item, NETPLAN_REMOVE, &ignored))
			rtnl_request(network->pod_netlink, &message);
	}
}

bool network_apply(struct network *network, json_t *plan, struct agent_error *error)
{
	size_t n_kinds = sizeof kinds / sizeof *kinds;
	bool done;

	for (size_t i = n_kinds; i > 0; i--)
		remove_items(network, plan, i - 1);
	remove_addresses(network, plan);
	park_others(network, plan);
	done = each_link(network, plan, clear_link, error) &&
	       each_link(network, plan, dress_link, error) &&
	       each_link(network, plan, add_addresses, error);
	for (size_t i = 0; done && i < n_kinds; i++)
		done = add_items(network, plan, i, error);
	json_incref(plan);
	json_decref(network->plan);
	network->plan = plan;
	return done;
}
