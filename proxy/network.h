/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The VM's network: the links of the namespace that we sit in, given to the guest and kept so.
 *
 * The guest has a device, with a tap of ours behind it, from its boot on (on a machine to which
 * nothing can be plugged, some); further ones are plugged and unplugged as links come and go. A
 * synchronisation reads the namespace, plugs what is missing, joins links and taps, and tells the
 * guest the plan; the namespace is watched, so that one follows each change. With our end all goes
 * that was ours there.
 */
#pragma once

#include <glib.h>

#include "net/tap.h"
#include "proxy/agent.h"
#include "proxy/logfile.h"
#include "proxy/qmp.h"

struct network;

enum {
	/* That a command line may have. */
	NETWORK_DEVICES_MAX = 3,
};

struct network_config {
	/* The container's id: who the taps belong to. */
	const char *owner;
	/* That QEMU's command line has; further ones are plugged. */
	guint devices;
	/* Of the tap of each of these. */
	guint queues;
	/* Beside each queue one of vhost-net. */
	gboolean vhost;
	struct logfile *log;
};

/*
 * Makes their taps. An error when another VM has the namespace; what a dead one has
 * left there is removed. The caller frees, which leaves the namespace as it was.
 */
struct network *network_new(
	const struct network_config *config, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The guest, its agent and QMP are ending: none of them is asked for anything any more. */
void network_detach(struct network *network);
/* QEMU is being killed, too: the taps are deleted while the kernel takes its memory apart. */
void network_abandon(struct network *network);
void network_free(struct network *network);

/* For QEMU, from HYPERVISOR_FD_NETWORK on; they are dropped with network_started. */
const int *network_fds(const struct network *network, gsize *out_n);
void network_started(struct network *network);

/* The guest is ready: from now on it follows what happens in the namespace. */
void network_attach(struct network *network, struct agent *agent, struct qmp *qmp);

/* An event of QMP's. */
void network_event(struct network *network, const char *name, JsonObject *details);

/* A question of the guest to the resolver, in hexadecimal. */
void network_query(struct network *network, guint32 id, gboolean stream, const char *question);

/* error: NULL when the guest has the network that the namespace has. */
typedef void (*network_done_func)(const GError *error, void *data);
/*
 * Brings the guest up to the namespace as it is now. resolver: an address of 127.0.0.0/8 at which
 * the namespace answers DNS, to be served in the guest; NULL: as before. `done` is called once.
 */
void network_sync(
	struct network *network, const char *resolver, network_done_func done, void *data);
