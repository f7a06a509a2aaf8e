/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Taps: the host's ends of a guest's network devices.
 *
 * A tap of ours lives as long as its descriptors (it is not persistent), so none outlives its VM.
 * Its alias says that it is ours, and whose. The kernel speaks no IPv6 on it of its own.
 */
#pragma once

#include <glib.h>

#include "base/netlink.h"

enum {
	NET_QUEUES_MAX = 8,
};

struct net_tap {
	int index;
	guint queues;
	/* One a queue; of those behind, -1. */
	int fds[NET_QUEUES_MAX];
};

#define NET_TAP_INIT                                                                               \
	{                                                                                          \
		.fds = { -1, -1, -1, -1, -1, -1, -1, -1 }                                          \
	}

/* Makes one in the namespace of the connection, which must be the caller's own. */
gboolean net_tap_open(struct netlink *netlink, const char *owner, guint queues,
	struct net_tap *out_tap, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Closes our copies of the descriptors. */
void net_tap_close(struct net_tap *tap);
/*
 * Deletes all that this process has made in the namespace, at once: closing them one by one costs
 * one grace period of the kernel's each. That there are none is no error.
 */
gboolean net_tap_delete_all(struct netlink *netlink, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* As large as the link's. */
gboolean net_tap_set_mtu(struct netlink *netlink, const struct net_tap *tap, guint32 mtu,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Opens vhost-net, one a queue; FALSE, with nothing opened, where the host has none. */
gboolean net_vhost_open(guint queues, int fds[NET_QUEUES_MAX]);
