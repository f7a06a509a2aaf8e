/* SPDX-License-Identifier: GPL-2.0-only */
/* The bridge: what joins a link and a tap where the kernel cannot redirect. */
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <string.h>

#include "net/bridge.h"
#include "net/device.h"
#include "net/join.h"

/* Makes it, and says its index. */
static gboolean add_bridge(struct netlink *netlink, struct net_join *join, GError **error)
{
	char buffer[NETLINK_REQUEST_SIZE];
	g_autofree char *name = g_strdup_printf("ccbr%u", join->slot);
	struct ifinfomsg *body;
	struct nlmsghdr *message =
		netlink_begin(buffer, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof *body, &body);

	mnl_attr_put_strz(message, IFLA_IFNAME, name);
	/* The mark: an alias cannot be set by the request that makes a link. */
	mnl_attr_put_u32(message, IFLA_GROUP, NET_GROUP);

	struct nlattr *info = mnl_attr_nest_start(message, IFLA_LINKINFO);

	mnl_attr_put_strz(message, IFLA_INFO_KIND, "bridge");
	mnl_attr_nest_end(message, info);
	if (!netlink_request(netlink, message, error))
		return FALSE;

	g_autoptr(net_plan) plan = net_plan_read(netlink, error);
	const struct net_link *bridge = plan != NULL ? net_plan_find_name(plan, name) : NULL;

	join->bridge = bridge != NULL ? bridge->index : 0;
	return bridge != NULL;
}

static gboolean add_port(struct netlink *netlink, int bridge, int port, GError **error)
{
	char buffer[NETLINK_REQUEST_SIZE];
	struct ifinfomsg *body;
	struct nlmsghdr *message = netlink_begin(buffer, RTM_NEWLINK, 0, sizeof *body, &body);

	body->ifi_index = port;
	mnl_attr_put_u32(message, IFLA_MASTER, (guint32)bridge);
	return netlink_request(netlink, message, error);
}

/* An entry of the forwarding table: frames for this MAC leave by this port. */
static gboolean change_entry(struct netlink *netlink, guint16 type, guint16 flags, int port,
	const guint8 *mac, GError **error)
{
	char buffer[NETLINK_REQUEST_SIZE];
	struct ndmsg *body;
	struct nlmsghdr *message = netlink_begin(buffer, type, flags, sizeof *body, &body);

	body->ndm_family = AF_BRIDGE;
	body->ndm_ifindex = port;
	body->ndm_flags = NTF_MASTER;
	body->ndm_state = NUD_NOARP;
	mnl_attr_put(message, NDA_LLADDR, NET_MAC_SIZE, mac);
	return netlink_request(netlink, message, error);
}

gboolean net_bridge_delete(struct netlink *netlink, int bridge, GError **error)
{
	char buffer[NETLINK_REQUEST_SIZE];
	struct ifinfomsg *body;
	struct nlmsghdr *message = netlink_begin(buffer, RTM_DELLINK, 0, sizeof *body, &body);

	body->ifi_index = bridge;
	return netlink_request(netlink, message, error);
}

gboolean net_join_bridge(struct netlink *netlink, struct net_join *join, GError **error)
{
	join->method = NET_JOIN_BRIDGE;
	if (!add_bridge(netlink, join, error))
		return FALSE;
	/* To a bridge, the MAC of a port is its own; the guest's is the same, so it must not be. */
	if (net_device_up(netlink, join->bridge, error) &&
		add_port(netlink, join->bridge, join->link, error) &&
		add_port(netlink, join->bridge, join->tap, error) &&
		change_entry(netlink, RTM_DELNEIGH, 0, join->link, join->mac, error) &&
		change_entry(netlink, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, join->tap,
			join->mac, error))
		return TRUE;
	(void)net_bridge_delete(netlink, join->bridge, NULL);
	return FALSE;
}
