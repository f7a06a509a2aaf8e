/* SPDX-License-Identifier: GPL-2.0-only */
/* The redirection: ingress qdiscs in blocks of ours, u32 filters, mirred actions. */
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/tc_act/tc_mirred.h>
#include <netinet/in.h>
#include <string.h>

#include "base/error.h"
#include "net/ingress.h"
#include "net/join.h"

enum {
	/* The mark: block numbers are chosen by who makes a qdisc, and nobody else chooses these.
	 */
	BLOCK_MARK = 0xcc0c1000,
	BLOCK_MASK = 0xfffff000,
	/* Filters are tried in this order. */
	PRIORITY_ANSWERS = 1,
	PRIORITY_ARP,
	PRIORITY_ALL,
	/* In an IPv4 header, and the first word of UDP's behind 20 bytes of it. */
	OFFSET_PROTOCOL = 8,
	OFFSET_PORTS = 20,
	PORT_DNS = 53,
};

/* All that a filter matches: words of the network header. */
struct match {
	guint16 protocol;
	guint16 priority;
	guint n_keys;
	struct tc_u32_key keys[2];
	/* TCA_EGRESS_REDIR, or TCA_EGRESS_MIRROR: the frame goes on to the namespace as well. */
	int action;
};

static guint32 block_of(const struct net_join *join, gboolean of_tap)
{
	return (guint32)BLOCK_MARK | join->slot << 1 | (of_tap ? 1 : 0);
}

static gboolean add_qdisc(struct netlink *netlink, int link, guint32 block, GError **error)
{
	char buffer[NETLINK_REQUEST_SIZE];
	struct tcmsg *body;
	struct nlmsghdr *message =
		netlink_begin(buffer, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, sizeof *body, &body);

	body->tcm_ifindex = link;
	body->tcm_parent = TC_H_INGRESS;
	body->tcm_handle = TC_H_MAKE(TC_H_INGRESS, 0);
	mnl_attr_put_strz(message, TCA_KIND, "ingress");
	mnl_attr_put_u32(message, TCA_INGRESS_BLOCK, block);
	return netlink_request(netlink, message, error);
}

gboolean net_ingress_delete(struct netlink *netlink, int link, GError **error)
{
	char buffer[NETLINK_REQUEST_SIZE];
	struct tcmsg *body;
	struct nlmsghdr *message = netlink_begin(buffer, RTM_DELQDISC, 0, sizeof *body, &body);

	body->tcm_ifindex = link;
	body->tcm_parent = TC_H_INGRESS;
	body->tcm_handle = TC_H_MAKE(TC_H_INGRESS, 0);
	return netlink_request(netlink, message, error);
}

static void put_action(struct nlmsghdr *message, int to, int action)
{
	struct tc_mirred mirred = {
		.action = action == TCA_EGRESS_REDIR ? TC_ACT_STOLEN : TC_ACT_PIPE,
		.eaction = action,
		.ifindex = (guint32)to,
	};
	struct nlattr *actions = mnl_attr_nest_start(message, TCA_U32_ACT);
	struct nlattr *first = mnl_attr_nest_start(message, 1);

	mnl_attr_put_strz(message, TCA_ACT_KIND, "mirred");

	struct nlattr *options = mnl_attr_nest_start(message, TCA_ACT_OPTIONS);

	mnl_attr_put(message, TCA_MIRRED_PARMS, sizeof mirred, &mirred);
	mnl_attr_nest_end(message, options);
	mnl_attr_nest_end(message, first);
	mnl_attr_nest_end(message, actions);
}

static void put_selector(struct nlmsghdr *message, const struct match *match)
{
	const struct tc_u32_sel head = {.flags = TC_U32_TERMINAL, .nkeys = (guint8)match->n_keys};
	/* The keys lie behind it. */
	guint8 selector[sizeof head + sizeof match->keys];

	memcpy(selector, &head, sizeof head);
	memcpy(selector + sizeof head, match->keys, sizeof match->keys);
	mnl_attr_put(
		message, TCA_U32_SEL, sizeof head + match->n_keys * sizeof *match->keys, selector);
}

static gboolean add_filter(
	struct netlink *netlink, guint32 block, int to, const struct match *match, GError **error)
{
	char buffer[NETLINK_REQUEST_SIZE];
	struct tcmsg *body;
	struct nlmsghdr *message = netlink_begin(
		buffer, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, sizeof *body, &body);

	body->tcm_ifindex = (int)TCM_IFINDEX_MAGIC_BLOCK;
	body->tcm_block_index = block;
	body->tcm_info = TC_H_MAKE((guint32)match->priority << 16, htons(match->protocol));
	mnl_attr_put_strz(message, TCA_KIND, "u32");

	struct nlattr *options = mnl_attr_nest_start(message, TCA_OPTIONS);

	put_selector(message, match);
	put_action(message, to, match->action);
	mnl_attr_nest_end(message, options);
	return netlink_request(netlink, message, error);
}

/* u32 wants a key: one that looks at nothing. */
static gboolean redirect_all(struct netlink *netlink, guint32 block, int to, GError **error)
{
	const struct match all = {
		.protocol = ETH_P_ALL,
		.priority = PRIORITY_ALL,
		.n_keys = 1,
		.action = TCA_EGRESS_REDIR,
	};

	return add_filter(netlink, block, to, &all, error);
}

static gboolean redirect(struct netlink *netlink, int from, int to, guint32 block, GError **error)
{
	int reason;

	if (!add_qdisc(netlink, from, block, error))
		return FALSE;
	if (redirect_all(netlink, block, to, error))
		return TRUE;
	/* Who decides on the bridge wants to know the filter's error, not the undoing's. */
	reason = netlink_errno(netlink);
	(void)net_ingress_delete(netlink, from, NULL);
	netlink_set_errno(netlink, reason);
	return FALSE;
}

gboolean net_join_redirect(struct netlink *netlink, struct net_join *join, GError **error)
{
	int reason;

	join->method = NET_JOIN_REDIRECT;
	if (!redirect(netlink, join->link, join->tap, block_of(join, FALSE), error))
		return FALSE;
	if (redirect(netlink, join->tap, join->link, block_of(join, TRUE), error))
		return TRUE;
	reason = netlink_errno(netlink);
	(void)net_ingress_delete(netlink, join->link, NULL);
	netlink_set_errno(netlink, reason);
	return FALSE;
}

gboolean net_join_share_answers(
	struct netlink *netlink, const struct net_join *join, GError **error)
{
	const struct match answers = {
		.protocol = ETH_P_IP,
		.priority = PRIORITY_ANSWERS,
		.n_keys = 2,
		.keys =
			{
				{.mask = htonl(0x00ff0000),
					.val = htonl(IPPROTO_UDP << 16),
					.off = OFFSET_PROTOCOL},
				{.mask = htonl(0xffff0000),
					.val = htonl((guint32)PORT_DNS << 16),
					.off = OFFSET_PORTS},
			},
		.action = TCA_EGRESS_MIRROR,
	};
	const struct match arp = {
		.protocol = ETH_P_ARP,
		.priority = PRIORITY_ARP,
		.n_keys = 1,
		.action = TCA_EGRESS_MIRROR,
	};
	guint32 block = block_of(join, FALSE);

	if (join->method != NET_JOIN_REDIRECT)
		return TRUE;
	return add_filter(netlink, block, join->tap, &answers, error) &&
	       add_filter(netlink, block, join->tap, &arp, error);
}

static gboolean take_qdisc(const struct nlmsghdr *message, void *data, GError **error)
{
	const struct tcmsg *body = mnl_nlmsg_get_payload(message);
	const struct nlattr *attributes[TCA_INGRESS_BLOCK + 1];
	GArray *links = data;

	(void)error;
	if (message->nlmsg_type != RTM_NEWQDISC)
		return TRUE;
	netlink_attributes(message, sizeof *body, attributes, G_N_ELEMENTS(attributes));
	if ((netlink_u32(attributes[TCA_INGRESS_BLOCK], 0) & BLOCK_MASK) == BLOCK_MARK)
		g_array_append_val(links, body->tcm_ifindex);
	return TRUE;
}

gboolean net_ingress_list(struct netlink *netlink, GArray *links, GError **error)
{
	char buffer[NETLINK_REQUEST_SIZE];
	struct tcmsg *body;
	struct nlmsghdr *message = netlink_begin(buffer, RTM_GETQDISC, 0, sizeof *body, &body);

	return netlink_dump(netlink, message, take_qdisc, links, error);
}
