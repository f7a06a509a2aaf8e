/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Joins a link of a network namespace to a tap, so that what comes to the one leaves by the other.
 *
 * By redirection: an ingress qdisc on each of the two, with one filter (u32, of all frames) and one
 * action (mirred, tc-mirred(8)). The link keeps its MAC and its addresses, so whoever looks at the
 * namespace finds it as an engine has made it. Where the kernel has no such filters, by a bridge
 * that sends the frames for the link's MAC to the tap.
 *
 * What we put into a foreign namespace is known as ours by a mark that is set by the same request
 * that makes it: qdiscs by the number of their filter block, bridges by their group. So what a
 * killed process has left can be found and removed, and nothing else is. A tap goes by itself with
 * its last descriptor; its alias says whose it is.
 */
#pragma once

#include "net/plan.h"
#include "net/tap.h"

/* In front of the owner's id in the alias of a tap. */
#define NET_ALIAS "cc-oci-runtime "

enum {
	/* The group of a bridge of ours (ip-link(8), "group"). */
	NET_GROUP = 0xcc0c1,
	/* Links of one guest. */
	NET_SLOTS_MAX = 16,
};

enum net_join_method {
	NET_JOIN_REDIRECT,
	NET_JOIN_BRIDGE,
};

struct net_join {
	/* Of the guest's devices: 0 to NET_SLOTS_MAX - 1, each once in a namespace. */
	guint slot;
	int link;
	guint8 mac[NET_MAC_SIZE];
	int tap;
	enum net_join_method method;
	/* Of the bridge. */
	int bridge;
};

/* Sets method (and bridge); a failure leaves nothing. */
gboolean net_join(
	struct netlink *netlink, struct net_join *join, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* One method only, for net_join and for tests. */
gboolean net_join_redirect(
	struct netlink *netlink, struct net_join *join, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean net_join_bridge(
	struct netlink *netlink, struct net_join *join, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Undoes it. What is gone already is no error. */
gboolean net_leave(struct netlink *netlink, const struct net_join *join, GError **error);

/*
 * The answers to what processes in the namespace itself ask a name server elsewhere (Docker's does
 * so on behalf of the guest) reach both them and the guest: UDP from port 53, and ARP. For a
 * redirection only; once.
 */
gboolean net_join_share_answers(struct netlink *netlink, const struct net_join *join,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * Removes all of ours from a namespace in which no VM of ours runs any more; *out_n: how many
 * things.
 */
gboolean net_sweep(struct netlink *netlink, guint *out_n, GError **error) G_GNUC_WARN_UNUSED_RESULT;
