/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads links and their addresses. */
#include <errno.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <string.h>

#include "base/error.h"
#include "net/join.h"
#include "net/private.h"

void net_link_free(void *data)
{
	struct net_link *link = data;

	json_array_unref(link->addresses);
	g_free(link->kind);
	g_free(link->owner);
	g_free(link);
}

static const char *find_obstacle(const struct net_link *link, const struct ifinfomsg *body,
	const struct nlattr *const *attributes)
{
	if (link->owner != NULL)
		return "a device of ours";
	if (strcmp(link->kind, "bridge") == 0)
		return "a bridge";
	if (attributes[IFLA_MASTER] != NULL)
		return "a port of another link";
	if (body->ifi_type != ARPHRD_ETHER)
		return "not of Ethernet";
	/* A veth names its peer there. */
	if (attributes[IFLA_LINK] != NULL && attributes[IFLA_LINK_NETNSID] == NULL &&
		strcmp(link->kind, "veth") != 0 && netlink_u32(attributes[IFLA_LINK], 0) != 0)
		return "on top of another link of the namespace";
	return NULL;
}

static void read_mac(struct net_link *link, const struct nlattr *attribute)
{
	if (attribute != NULL && mnl_attr_get_payload_len(attribute) == NET_MAC_SIZE)
		memcpy(link->mac, mnl_attr_get_payload(attribute), NET_MAC_SIZE);
}

static gboolean take_link(const struct nlmsghdr *message, void *data, GError **error)
{
	const struct ifinfomsg *body = mnl_nlmsg_get_payload(message);
	const struct nlattr *attributes[IFLA_LINK_NETNSID + 1];
	const struct nlattr *info[IFLA_INFO_KIND + 1];
	GPtrArray *links = data;

	if (message->nlmsg_type != RTM_NEWLINK)
		return TRUE;
	netlink_attributes(message, sizeof *body, attributes, G_N_ELEMENTS(attributes));
	netlink_nested(attributes[IFLA_LINKINFO], info, G_N_ELEMENTS(info));

	const char *name = netlink_text(attributes[IFLA_IFNAME]);
	const char *kind = netlink_text(info[IFLA_INFO_KIND]);
	const char *alias = netlink_text(attributes[IFLA_IFALIAS]);

	if (name == NULL || strlen(name) >= IFNAMSIZ || links->len >= NET_LINKS_MAX) {
		g_set_error(error, CC_ERROR, CC_ERROR_FAILED,
			"a link without a name, or more than %d links", NET_LINKS_MAX);
		return FALSE;
	}

	struct net_link *link = g_new0(struct net_link, 1);

	g_ptr_array_add(links, link);
	link->addresses = json_array_new();
	link->index = body->ifi_index;
	g_strlcpy(link->name, name, sizeof link->name);
	link->kind = g_strdup(kind != NULL ? kind : "");
	if (alias != NULL && g_str_has_prefix(alias, NET_ALIAS))
		link->owner = g_strdup(alias + strlen(NET_ALIAS));
	else if (netlink_u32(attributes[IFLA_GROUP], 0) == NET_GROUP)
		link->owner = g_strdup("");
	read_mac(link, attributes[IFLA_ADDRESS]);
	link->mtu = netlink_u32(attributes[IFLA_MTU], 1500);
	link->up = (body->ifi_flags & IFF_UP) != 0;
	link->loopback = (body->ifi_flags & IFF_LOOPBACK) != 0;
	link->obstacle = find_obstacle(link, body, attributes);
	return TRUE;
}

static struct net_link *find(const GPtrArray *links, int index)
{
	for (guint i = 0; i < links->len; i++) {
		struct net_link *link = links->pdata[i];

		if (link->index == index)
			return link;
	}
	return NULL;
}

/* What a router has announced, the guest hears itself; a duplicate is nobody's. */
static gboolean is_wanted(int family, guint32 flags)
{
	return !(flags & IFA_F_DADFAILED) && (family == AF_INET || flags & IFA_F_PERMANENT);
}

static gboolean take_address(const struct nlmsghdr *message, void *data, GError **error)
{
	const struct ifaddrmsg *body = mnl_nlmsg_get_payload(message);
	const struct nlattr *attributes[IFA_FLAGS + 1];
	const struct nlattr *local;
	GPtrArray *links = data;

	if (message->nlmsg_type != RTM_NEWADDR)
		return TRUE;
	netlink_attributes(message, sizeof *body, attributes, G_N_ELEMENTS(attributes));

	guint32 flags = netlink_u32(attributes[IFA_FLAGS], body->ifa_flags);
	struct net_link *link = find(links, (int)body->ifa_index);

	if (link == NULL || !is_wanted(body->ifa_family, flags))
		return TRUE;
	local = attributes[IFA_LOCAL] != NULL ? attributes[IFA_LOCAL] : attributes[IFA_ADDRESS];

	JsonObject *item = json_object_new();

	if (!net_set_address(item, "address", body->ifa_family, local)) {
		json_object_unref(item);
		return TRUE;
	}
	/* Of a point-to-point link, the other end. */
	if (attributes[IFA_LOCAL] != NULL)
		(void)net_set_address(item, "peer", body->ifa_family, attributes[IFA_ADDRESS]);
	(void)net_set_address(item, "broadcast", body->ifa_family, attributes[IFA_BROADCAST]);
	json_object_set_int_member(item, "prefix", body->ifa_prefixlen);
	json_object_set_int_member(item, "scope", body->ifa_scope);
	json_object_set_boolean_member(item, "prefixRoute", !(flags & IFA_F_NOPREFIXROUTE));
	return net_add_item(link->addresses, item, error);
}

gboolean net_links_read(struct netlink *netlink, GPtrArray *links, GError **error)
{
	char buffer[NETLINK_REQUEST_SIZE];
	struct ifinfomsg *link;
	struct ifaddrmsg *address;
	struct nlmsghdr *message = netlink_begin(buffer, RTM_GETLINK, 0, sizeof *link, &link);

	if (!netlink_dump(netlink, message, take_link, links, error))
		return FALSE;
	message = netlink_begin(buffer, RTM_GETADDR, 0, sizeof *address, &address);
	return netlink_dump(netlink, message, take_address, links, error);
}
