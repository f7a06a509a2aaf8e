/* SPDX-License-Identifier: GPL-2.0-only */
/* Brings our own devices up. */
#include "net/device.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/if_link.h>

/* Before it is up: an address is made at that moment. */
static gboolean make_silent(struct netlink *netlink, int index, GError **error)
{
	char buffer[NETLINK_REQUEST_SIZE];
	struct ifinfomsg *body;
	struct nlmsghdr *message = netlink_begin(buffer, RTM_NEWLINK, 0, sizeof *body, &body);

	body->ifi_index = index;

	struct nlattr *families = mnl_attr_nest_start(message, IFLA_AF_SPEC);
	struct nlattr *inet6 = mnl_attr_nest_start(message, AF_INET6);

	mnl_attr_put_u8(message, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	mnl_attr_nest_end(message, inet6);
	mnl_attr_nest_end(message, families);
	return netlink_request(netlink, message, error);
}

gboolean net_device_up(struct netlink *netlink, int index, GError **error)
{
	g_autoptr(GError) cause = NULL;
	char buffer[NETLINK_REQUEST_SIZE];
	struct ifinfomsg *body;
	struct nlmsghdr *message;

	/* A kernel without IPv6 makes no address either. */
	if (!make_silent(netlink, index, &cause) && netlink_errno(netlink) != EAFNOSUPPORT) {
		g_propagate_error(error, g_steal_pointer(&cause));
		return FALSE;
	}
	message = netlink_begin(buffer, RTM_NEWLINK, 0, sizeof *body, &body);
	body->ifi_index = index;
	body->ifi_flags = body->ifi_change = IFF_UP;
	return netlink_request(netlink, message, error);
}
