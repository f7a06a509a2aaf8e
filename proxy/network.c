/* SPDX-License-Identifier: GPL-2.0-only */
/* Synchronises the guest with the namespace. */
#include "proxy/network.h"

#include <string.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/timeouts.h"
#include "proxy/dns.h"
#include "proxy/nic.h"
#include "proxy/watch.h"
#include "wire/message.h"

enum {
	/* An engine makes several changes at a time: what it is about to say is waited for, ms. */
	SETTLE_MS = 50,
	DNS_PORT = 53,
	/* What a namespace tells of; the rules of IPv6 have no RTMGRP. */
	GROUPS = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE |
		 RTMGRP_IPV6_ROUTE | RTMGRP_IPV4_RULE | 1 << (RTNLGRP_IPV6_RULE - 1),
};

/* Who waits for a synchronisation. */
struct waiter {
	network_done_func done;
	void *data;
};

struct network {
	char *owner;
	guint n_devices;
	guint queues;
	gboolean vhost;
	struct logfile *log;
	struct netlink *netlink;
	struct netlink *events;
	struct watch watch;
	guint settle_timer;
	struct nic nics[NET_SLOTS_MAX];
	int fds[NETWORK_DEVICES_MAX * 2 * NET_QUEUES_MAX];
	gsize n_fds;
	/* NULL: not attached yet. */
	struct agent *agent;
	struct qmp *qmp;
	char *resolver;
	/* Asks it; NULL: there is none. */
	struct dns *dns;
	/* The request that the guest has acknowledged; NULL: none. */
	char *told;
	/* A synchronisation is under way: its plan, the devices that it waits for, its failure. */
	gboolean busy;
	struct net_plan *plan;
	guint plugging;
	char *telling;
	GError *failure;
	/* Those of the one under way, and of the next. */
	GQueue waiters;
	GQueue next_waiters;
	gboolean again;
	/* Names of links that a warning has been given for. */
	GHashTable *warned;
	/* Indices of links that no device could be had for, until somebody asks again. */
	GHashTable *refused;
	/* Detached. */
	gboolean closed;
};

static void sync_begin(struct network *network);

/* ---- the end of a synchronisation */

static void answer(GQueue *waiters, const GError *error)
{
	struct waiter *waiter;

	while ((waiter = g_queue_pop_head(waiters)) != NULL) {
		waiter->done(error, waiter->data);
		g_free(waiter);
	}
}

static void remember_failure(struct network *network, const GError *error)
{
	logfile_note(network->log, LOG_WARNING, "network: %s", error->message);
	if (network->failure == NULL)
		network->failure = g_error_copy(error);
}

/* The guest has let go of devices without a link; those of the command line stay for another. */
static void unplug_idle(struct network *network)
{
	for (guint i = network->n_devices; i < NET_SLOTS_MAX; i++)
		if (network->nics[i].state == NIC_READY && network->nics[i].link == 0)
			nic_unplug(&network->nics[i], network->qmp, network->log);
}

static void sync_end(struct network *network)
{
	g_autoptr(GError) failure = g_steal_pointer(&network->failure);

	if (failure == NULL)
		unplug_idle(network);
	g_clear_pointer(&network->plan, net_plan_free);
	network->busy = FALSE;
	answer(&network->waiters, failure);
	if (network->again)
		sync_begin(network);
}

/* ---- tell the guest */

static void on_told(JsonNode *payload, const GError *error, void *data)
{
	struct network *network = data;

	(void)payload;
	g_clear_pointer(&network->told, g_free);
	if (error != NULL)
		remember_failure(network, error);
	else
		network->told = g_steal_pointer(&network->telling);
	g_clear_pointer(&network->telling, g_free);
	if (!network->closed)
		sync_end(network);
}

static gsize list_devices(const struct network *network, struct net_device *devices)
{
	gsize n = 0;

	for (guint i = 0; i < NET_SLOTS_MAX; i++) {
		const struct nic *nic = &network->nics[i];

		if (!nic->joined)
			continue;
		devices[n].index = nic->link;
		memcpy(devices[n++].mac, nic->mac, NET_MAC_SIZE);
	}
	return n;
}

static void tell(struct network *network)
{
	struct net_device devices[NET_SLOTS_MAX];
	gsize n = list_devices(network, devices);
	JsonObject *request = net_plan_request(network->plan, devices, n);
	const struct agent_info *info = agent_get_info(network->agent);
	g_autoptr(GError) error = NULL;

	if (network->resolver != NULL)
		json_object_set_string_member(request, "resolver", network->resolver);
	g_free(network->telling);
	network->telling = json_format_object(request, FALSE);
	/* A guest that never had a link has no network to be told of. */
	if (g_strcmp0(network->telling, network->told) == 0 || (n == 0 && network->told == NULL)) {
		sync_end(network);
		return;
	}
	if (info->features == NULL ||
		!g_strv_contains((const char *const *)info->features, AGENT_FEATURE_NETPLAN))
		g_set_error(&error, CC_ERROR, CC_ERROR_FAILED,
			"the agent in the guest lacks the feature " AGENT_FEATURE_NETPLAN);
	else if (agent_request(network->agent, MESSAGE_NETPLAN, network->telling,
			 TIMEOUT_AGENT_REQUEST_MS, on_told, network, &error))
		return;
	remember_failure(network, error);
	sync_end(network);
}

/* ---- join */

static void join_all(struct network *network)
{
	for (guint i = 0; i < NET_SLOTS_MAX; i++) {
		struct nic *nic = &network->nics[i];
		const struct net_link *link = net_plan_find(network->plan, nic->link);
		g_autoptr(GError) error = NULL;

		if (nic->state != NIC_READY || nic->link == 0 || nic->joined || link == NULL)
			continue;
		if (!nic_join(nic, network->netlink, link, &error)) {
			g_prefix_error(&error, "join %s to the VM: ", nic->name);
			remember_failure(network, error);
		} else if (nic->join.method == NET_JOIN_BRIDGE) {
			logfile_note(network->log, LOG_WARNING,
				"%s: joined by a bridge, this kernel cannot redirect", nic->name);
		}
	}
}

/* Docker's name server asks others on the guest's behalf, from the namespace. */
static void share_answers(struct network *network)
{
	for (guint i = 0; i < NET_SLOTS_MAX && network->resolver != NULL; i++) {
		struct nic *nic = &network->nics[i];
		g_autoptr(GError) error = NULL;

		if (!nic->joined || nic->shares_answers)
			continue;
		nic->shares_answers = TRUE;
		if (!net_join_share_answers(network->netlink, &nic->join, &error))
			remember_failure(network, error);
	}
}

static void sync_continue(struct network *network)
{
	if (network->plugging > 0)
		return;
	join_all(network);
	share_answers(network);
	tell(network);
}

/* ---- plug */

/* Each try makes links come and go, and so would lead to the next. */
static void refuse(struct network *network, struct nic *nic)
{
	g_hash_table_add(network->refused, GINT_TO_POINTER(nic->link));
	nic->link = 0;
}

static void on_plugged(struct nic *nic, const GError *error, void *data)
{
	struct network *network = data;

	network->plugging--;
	if (error != NULL) {
		g_autoptr(GError) failure = g_error_copy(error);

		g_prefix_error(&failure, "plug a device for %s: ", nic->name);
		refuse(network, nic);
		if (!network->closed)
			remember_failure(network, failure);
	}
	if (!network->closed)
		sync_continue(network);
}

static void plug_all(struct network *network)
{
	/* Not 0 before all have been begun: a failure is told at once. */
	network->plugging = 1;
	for (guint i = 0; i < NET_SLOTS_MAX; i++) {
		struct nic *nic = &network->nics[i];
		g_autoptr(GError) error = NULL;

		if (nic->state != NIC_NONE || nic->link == 0)
			continue;
		if (nic_open(nic, network->netlink, network->owner, 1, network->vhost, &error)) {
			network->plugging++;
			nic_plug(nic, network->qmp, on_plugged, network);
			continue;
		}
		g_prefix_error(&error, "a tap for %s: ", nic->name);
		refuse(network, nic);
		remember_failure(network, error);
	}
	network->plugging--;
}

/* ---- find out what is to be done */

static void warn_once(struct network *network, const struct net_link *link)
{
	if (link->loopback || link->owner != NULL ||
		!g_hash_table_add(network->warned, g_strdup(link->name)))
		return;
	logfile_note(network->log, LOG_WARNING, "link %s is not joined to the VM: it is %s",
		link->name, link->obstacle);
}

static struct nic *nic_of(struct network *network, int link)
{
	for (guint i = 0; i < NET_SLOTS_MAX; i++)
		if (network->nics[i].link == link)
			return &network->nics[i];
	return NULL;
}

/* An idle device, else a place for one. */
static struct nic *free_nic(struct network *network)
{
	for (guint i = 0; i < NET_SLOTS_MAX; i++)
		if (network->nics[i].link == 0 && network->nics[i].state == NIC_READY)
			return &network->nics[i];
	for (guint i = 0; i < NET_SLOTS_MAX; i++)
		if (network->nics[i].link == 0 && network->nics[i].state == NIC_NONE)
			return &network->nics[i];
	return NULL;
}

static void give_nic(struct network *network, const struct net_link *link)
{
	struct nic *nic = nic_of(network, link->index);
	g_autoptr(GError) error = NULL;

	if (g_hash_table_contains(network->refused, GINT_TO_POINTER(link->index)))
		return;
	if (nic == NULL)
		nic = free_nic(network);
	if (nic != NULL) {
		nic->link = link->index;
		g_strlcpy(nic->name, link->name, sizeof nic->name);
		return;
	}
	g_set_error(&error, CC_ERROR, CC_ERROR_FAILED,
		"link %s: a VM has at most %d network devices", link->name, NET_SLOTS_MAX);
	remember_failure(network, error);
}

static void assign(struct network *network)
{
	for (guint i = 0; i < NET_SLOTS_MAX; i++) {
		struct nic *nic = &network->nics[i];
		const struct net_link *link = net_plan_find(network->plan, nic->link);

		if (nic->link != 0 && (link == NULL || link->obstacle != NULL))
			nic_leave(nic, network->netlink, network->log);
	}
	for (guint i = 0; i < network->plan->links->len; i++) {
		const struct net_link *link = network->plan->links->pdata[i];

		if (link->obstacle == NULL)
			give_nic(network, link);
		else
			warn_once(network, link);
	}
}

static void sync_begin(struct network *network)
{
	g_autoptr(GError) error = NULL;
	struct waiter *waiter;

	network->again = FALSE;
	network->busy = TRUE;
	if (!g_queue_is_empty(&network->next_waiters))
		g_hash_table_remove_all(network->refused);
	while ((waiter = g_queue_pop_head(&network->next_waiters)) != NULL)
		g_queue_push_tail(&network->waiters, waiter);
	network->plan = net_plan_read(network->netlink, &error);
	if (network->plan == NULL) {
		remember_failure(network, error);
		sync_end(network);
		return;
	}
	assign(network);
	plug_all(network);
	sync_continue(network);
}

static void sync_soon(struct network *network)
{
	if (network->busy)
		network->again = TRUE;
	else if (network->agent != NULL && !network->closed)
		sync_begin(network);
}

/* ---- names */

static void on_answer(const char *reply, void *data)
{
	struct network *network = data;
	g_autoptr(GError) error = NULL;

	if (!agent_request(network->agent, MESSAGE_DNSREPLY, reply, TIMEOUT_AGENT_REQUEST_MS, NULL,
		    NULL, &error))
		logfile_note(network->log, LOG_INFO, "name server: %s", error->message);
}

void network_query(struct network *network, guint32 id, gboolean stream, const char *question)
{
	if (network->dns != NULL && !network->closed)
		dns_ask(network->dns, id, stream, question);
}

static void set_resolver(struct network *network, const char *resolver)
{
	if (resolver == NULL || g_strcmp0(resolver, network->resolver) == 0)
		return;
	g_free(network->resolver);
	network->resolver = g_strdup(resolver);
	dns_free(network->dns);
	network->dns = dns_new(resolver, DNS_PORT, network->log, on_answer, network);
}

/* ---- ask for one */

void network_sync(struct network *network, const char *resolver, network_done_func done, void *data)
{
	struct waiter *waiter = g_new(struct waiter, 1);

	*waiter = (struct waiter){.done = done, .data = data};
	set_resolver(network, resolver);
	g_queue_push_tail(&network->next_waiters, waiter);
	sync_soon(network);
}

/* ---- the watch */

static gboolean on_settled(void *data)
{
	struct network *network = data;

	network->settle_timer = 0;
	sync_soon(network);
	return G_SOURCE_REMOVE;
}

static void on_event(GIOCondition condition, void *data)
{
	struct network *network = data;

	(void)condition;
	if (netlink_drain(network->events) && network->settle_timer == 0)
		network->settle_timer = g_timeout_add(SETTLE_MS, on_settled, network);
}

void network_event(struct network *network, const char *name, JsonObject *details)
{
	const char *id = NULL;

	if (strcmp(name, "DEVICE_DELETED") != 0 || details == NULL ||
		!json_get_string(details, "data", "device", &id, NULL) || id == NULL)
		return;
	for (guint i = 1; i < NET_SLOTS_MAX; i++)
		if (network->nics[i].state == NIC_UNPLUGGING && nic_has_id(&network->nics[i], id))
			nic_unplugged(&network->nics[i], network->qmp, network->log);
}

void network_attach(struct network *network, struct agent *agent, struct qmp *qmp)
{
	network->agent = agent;
	network->qmp = qmp;
	watch_init(&network->watch, netlink_fd(network->events), G_IO_IN, on_event, network);
	if (!network->busy && !g_queue_is_empty(&network->next_waiters))
		sync_begin(network);
}

/* ---- its life */

/* Nobody else's VM is in the namespace, and nothing that a dead one of ours has left. */
static gboolean take_over(struct network *network, GError **error)
{
	g_autoptr(net_plan) plan = net_plan_read(network->netlink, error);
	const char *owner;
	guint n;

	if (plan == NULL)
		return FALSE;
	owner = net_plan_owner(plan);
	if (owner != NULL) {
		g_set_error(error, CC_ERROR, CC_ERROR_FAILED,
			"the network namespace is the one of container \"%s\": its virtual machine "
			"has the links, and another cannot share them (containers of one pod can)",
			owner);
		return FALSE;
	}
	if (!net_sweep(network->netlink, &n, error))
		return FALSE;
	if (n > 0)
		logfile_note(network->log, LOG_INFO,
			"removed %u things that a killed VM has left in the network namespace", n);
	return TRUE;
}

static gboolean open_device(struct network *network, struct nic *nic, GError **error)
{
	if (!nic_open(
		    nic, network->netlink, network->owner, network->queues, network->vhost, error))
		return FALSE;
	nic->state = NIC_READY;
	for (guint i = 0; i < network->queues; i++)
		network->fds[network->n_fds++] = nic->tap.fds[i];
	for (guint i = 0; network->vhost && i < network->queues; i++)
		network->fds[network->n_fds++] = nic->vhost[i];
	return TRUE;
}

static gboolean open_devices(struct network *network, GError **error)
{
	for (guint i = 0; i < network->n_devices; i++)
		if (!open_device(network, &network->nics[i], error))
			return FALSE;
	return TRUE;
}

struct network *network_new(const struct network_config *config, GError **error)
{
	struct network *network = g_new0(struct network, 1);

	network->owner = g_strdup(config->owner);
	network->n_devices = config->devices;
	network->queues = config->queues;
	network->vhost = config->vhost;
	network->log = config->log;
	network->refused = g_hash_table_new(NULL, NULL);
	network->warned = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_queue_init(&network->waiters);
	g_queue_init(&network->next_waiters);
	for (guint i = 0; i < NET_SLOTS_MAX; i++)
		nic_init(&network->nics[i], i);
	network->netlink = netlink_open(0, error);
	if (network->netlink != NULL)
		network->events = netlink_open(GROUPS, error);
	if (network->events != NULL && take_over(network, error) && open_devices(network, error))
		return network;
	g_prefix_error(error, "network: ");
	network_free(network);
	return NULL;
}

void network_detach(struct network *network)
{
	network->closed = TRUE;
	watch_clear(&network->watch);
	timer_clear(&network->settle_timer);
}

void network_abandon(struct network *network)
{
	g_autoptr(GError) error = NULL;

	/* That the taps go is no change to follow. */
	network_detach(network);
	/* They go with QEMU's descriptors all the same. */
	if (!net_tap_delete_all(network->netlink, &error))
		logfile_note(network->log, LOG_WARNING, "network: %s", error->message);
}

void network_free(struct network *network)
{
	g_autoptr(GError) gone = NULL;

	if (network == NULL)
		return;
	network_detach(network);
	for (guint i = 0; i < NET_SLOTS_MAX; i++)
		if (network->netlink != NULL)
			nic_clear(&network->nics[i], network->netlink, network->log);
	g_set_error(&gone, CC_ERROR, CC_ERROR_NOT_RUNNING, "the VM has ended");
	answer(&network->waiters, gone);
	answer(&network->next_waiters, gone);
	netlink_free(network->netlink);
	netlink_free(network->events);
	g_clear_pointer(&network->plan, net_plan_free);
	g_clear_pointer(&network->warned, g_hash_table_unref);
	g_clear_pointer(&network->refused, g_hash_table_unref);
	g_clear_error(&network->failure);
	g_free(network->telling);
	g_free(network->told);
	g_free(network->resolver);
	dns_free(network->dns);
	g_free(network->owner);
	g_free(network);
}

const int *network_fds(const struct network *network, gsize *out_n)
{
	*out_n = network->n_fds;
	return network->fds;
}

void network_started(struct network *network)
{
	for (guint i = 0; i < network->n_devices; i++)
		nic_hand_over(&network->nics[i]);
	network->n_fds = 0;
}
