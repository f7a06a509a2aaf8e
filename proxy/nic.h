/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One network device of the guest, with its tap, and the link of the namespace that it stands for.
 *
 * The first is on QEMU's command line; the others are plugged over QMP, and unplugged when their
 * link is gone and the guest has let go of them.
 */
#pragma once

#include <glib.h>

#include "base/netlink.h"
#include "net/join.h"
#include "proxy/qmp.h"

enum nic_state {
	/* There is no such device. */
	NIC_NONE,
	NIC_PLUGGING,
	/* It is there; without a link it is idle. */
	NIC_READY,
	NIC_UNPLUGGING,
};

struct nic {
	enum nic_state state;
	/* By which the guest finds it. */
	guint8 mac[NET_MAC_SIZE];
	struct net_tap tap;
	int vhost[NET_QUEUES_MAX];
	/* Index of its link; 0: none. */
	int link;
	char name[IFNAMSIZ];
	gboolean joined;
	/* net_join_share_answers has been called. */
	gboolean shares_answers;
	struct net_join join;
	/* Of nic_plug, while it is under way. */
	struct qmp *qmp;
	void (*done)(struct nic *nic, const GError *error, void *data);
	void *data;
};

typedef void (*nic_done_func)(struct nic *nic, const GError *error, void *data);

void nic_init(struct nic *nic, guint slot);
/* Leaves the link and closes the tap. QEMU, where it still runs, has its own copy. */
void nic_clear(struct nic *nic, struct netlink *netlink, struct logfile *log);

/* Makes the tap, and opens vhost-net where asked for and there is one. */
gboolean nic_open(struct nic *nic, struct netlink *netlink, const char *owner, guint queues,
	gboolean vhost, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* QEMU has its copies of the descriptors: ours are closed, so that the tap ends with QEMU's. */
void nic_hand_over(struct nic *nic);

/* Plugs an opened one. `done` is called once; after an error it is NIC_NONE, and closed. */
void nic_plug(struct nic *nic, struct qmp *qmp, nic_done_func done, void *data);
/* Asks the guest to give the device back; nic_unplugged follows, if it does. */
void nic_unplug(struct nic *nic, struct qmp *qmp, struct logfile *log);
/* The device is gone (DEVICE_DELETED): the back end goes too. */
void nic_unplugged(struct nic *nic, struct qmp *qmp, struct logfile *log);
/* Whether QEMU's id of a device is its. */
gboolean nic_has_id(const struct nic *nic, const char *id);

/* Gives it a link. After an error it has none. */
gboolean nic_join(struct nic *nic, struct netlink *netlink, const struct net_link *link,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Takes it away; what is gone already is no error. */
void nic_leave(struct nic *nic, struct netlink *netlink, struct logfile *log);
