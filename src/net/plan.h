/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A network namespace as it is: its links, and what a guest needs to be the same.
 *
 * A plan is read once and never changed. Addresses, routes, neighbours and rules are kept in the
 * words of the request NETPLAN (docs/agent-protocol.md), since nobody on the host acts on them.
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <linux/if.h>

#include "base/netlink.h"

enum {
	NET_MAC_SIZE = 6,
	/* What one namespace may have; more is an error, not a request that no agent takes. */
	NET_LINKS_MAX = 1024,
	NET_ITEMS_MAX = 16384,
};

struct net_link {
	int index;
	char name[IFNAMSIZ];
	/* rtnetlink's kind, "veth"; "" for a device of hardware. */
	char *kind;
	guint8 mac[NET_MAC_SIZE];
	guint32 mtu;
	gboolean up;
	gboolean loopback;
	/* Of a device of ours, whose it is ("" for a bridge); else NULL. */
	char *owner;
	/* Why it cannot be joined to a VM, "a bridge"; NULL: it can. */
	const char *obstacle;
	JsonArray *addresses;
};

struct net_plan {
	/* Of struct net_link, by index: the order in which they came. */
	GPtrArray *links;
	JsonArray *routes;
	JsonArray *neighbours;
	JsonArray *rules;
};

/* Reads the namespace that the connection belongs to. Changes nothing. */
struct net_plan *net_plan_read(struct netlink *netlink, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void net_plan_free(struct net_plan *plan);
typedef struct net_plan net_plan;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(net_plan, net_plan_free)

/* NULL: none. */
const struct net_link *net_plan_find(const struct net_plan *plan, int index);
const struct net_link *net_plan_find_name(const struct net_plan *plan, const char *name);
/* The id behind the alias of a tap of ours that is there: a VM has this namespace. NULL: none. */
const char *net_plan_owner(const struct net_plan *plan);

/* A link of the guest: which of the namespace, and the MAC that its device was born with. */
struct net_device {
	int index;
	guint8 mac[NET_MAC_SIZE];
};

/*
 * The request NETPLAN for a guest with these devices, without its resolver: the links, lo's
 * addresses, and all routes, neighbours and rules that name no other link. A new object.
 */
JsonObject *net_plan_request(
	const struct net_plan *plan, const struct net_device *devices, gsize n_devices);

/* "02:cc:00:00:00:01". */
char *net_mac_format(const guint8 mac[NET_MAC_SIZE]);
