/* SPDX-License-Identifier: GPL-2.0-only */
/* Joins, leaves, and sweeps up. */
#include "net/join.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "net/bridge.h"
#include "net/ingress.h"

/* What a kernel says that has no ingress qdisc, no u32 or no mirred. */
static gboolean is_missing(int reason)
{
	return reason == ENOENT || reason == EOPNOTSUPP || reason == EINVAL;
}

gboolean net_join(struct netlink *netlink, struct net_join *join, GError **error)
{
	g_autoptr(GError) cause = NULL;

	if (net_join_redirect(netlink, join, &cause))
		return TRUE;
	if (!is_missing(netlink_errno(netlink))) {
		if (netlink_errno(netlink) == EEXIST)
			g_prefix_error(&cause, "it has an ingress qdisc of another: ");
		g_propagate_error(error, g_steal_pointer(&cause));
		return FALSE;
	}
	if (net_join_bridge(netlink, join, error))
		return TRUE;
	g_prefix_error(error, "no redirection (%s), and no bridge: ", cause->message);
	return FALSE;
}

/* The link or its qdisc is not there any more: what we want. */
static gboolean is_gone(const struct netlink *netlink)
{
	int reason = netlink_errno(netlink);

	return reason == ENODEV || reason == ENOENT || reason == EINVAL;
}

static gboolean unless_gone(
	gboolean done, const struct netlink *netlink, GError **cause, GError **error)
{
	if (done || is_gone(netlink)) {
		g_clear_error(cause);
		return TRUE;
	}
	g_propagate_error(error, g_steal_pointer(cause));
	return FALSE;
}

gboolean net_leave(struct netlink *netlink, const struct net_join *join, GError **error)
{
	g_autoptr(GError) cause = NULL;
	gboolean done;

	if (join->method == NET_JOIN_BRIDGE) {
		done = net_bridge_delete(netlink, join->bridge, &cause);
		return unless_gone(done, netlink, &cause, error);
	}

	g_autoptr(GArray) links = g_array_new(FALSE, FALSE, sizeof(int));

	/* Only if it is still ours: an index is used again. */
	if (!net_ingress_list(netlink, links, error))
		return FALSE;
	for (guint i = 0; i < links->len; i++) {
		int link = g_array_index(links, int, i);

		if (link != join->link && link != join->tap)
			continue;
		done = net_ingress_delete(netlink, link, &cause);
		if (!unless_gone(done, netlink, &cause, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean sweep_bridges(struct netlink *netlink, guint *n, GError **error)
{
	g_autoptr(net_plan) plan = net_plan_read(netlink, error);

	if (plan == NULL)
		return FALSE;
	for (guint i = 0; i < plan->links->len; i++) {
		const struct net_link *link = plan->links->pdata[i];
		g_autoptr(GError) cause = NULL;

		if (link->owner == NULL || strcmp(link->kind, "bridge") != 0)
			continue;
		if (!unless_gone(net_bridge_delete(netlink, link->index, &cause), netlink, &cause,
			    error))
			return FALSE;
		++*n;
	}
	return TRUE;
}

gboolean net_sweep(struct netlink *netlink, guint *out_n, GError **error)
{
	g_autoptr(GArray) links = g_array_new(FALSE, FALSE, sizeof(int));
	guint n = 0;

	if (!net_ingress_list(netlink, links, error))
		return FALSE;
	for (guint i = 0; i < links->len; i++) {
		g_autoptr(GError) cause = NULL;
		int link = g_array_index(links, int, i);

		if (!unless_gone(net_ingress_delete(netlink, link, &cause), netlink, &cause, error))
			return FALSE;
		n++;
	}
	if (!sweep_bridges(netlink, &n, error))
		return FALSE;
	*out_n = n;
	return TRUE;
}
