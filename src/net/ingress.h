/* SPDX-License-Identifier: GPL-2.0-only */
/* Ingress qdiscs of ours, for the files of this room. */
#pragma once

#include <glib.h>

#include "base/netlink.h"

/* Removes a link's ingress qdisc with its filters. The caller knows that it is ours. */
gboolean net_ingress_delete(struct netlink *netlink, int link, GError **error);
/* Appends the indices (int) of the links with one of ours. */
gboolean net_ingress_list(
	struct netlink *netlink, GArray *links, GError **error) G_GNUC_WARN_UNUSED_RESULT;
