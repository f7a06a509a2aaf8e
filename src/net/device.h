/* SPDX-License-Identifier: GPL-2.0-only */
/* Devices of our own, for the files of this room. */
#pragma once

#include <glib.h>

#include "base/netlink.h"

/* Brings a device of ours up, without an IPv6 address that the kernel would make for it. */
gboolean net_device_up(
	struct netlink *netlink, int index, GError **error) G_GNUC_WARN_UNUSED_RESULT;
