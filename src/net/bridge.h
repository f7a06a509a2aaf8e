/* SPDX-License-Identifier: GPL-2.0-only */
/* Bridges of ours, for the files of this room. */
#pragma once

#include <glib.h>

#include "base/netlink.h"

/* Its ports are free again. */
gboolean net_bridge_delete(struct netlink *netlink, int bridge, GError **error);
