/* SPDX-License-Identifier: GPL-2.0-only */
/* Opens, plugs, joins and gives back one network device. */
#include "proxy/nic.h"

#include <fcntl.h>
#include <string.h>

#include "base/error.h"
#include "base/fd.h"

/* The first bytes of the devices' MACs: locally administered, and no engine's. */
static const guint8 mac_base[NET_MAC_SIZE] = {0x02, 0xcc, 0x0c, 0x10, 0x00, 0x00};

void nic_init(struct nic *nic, guint slot)
{
	*nic = (struct nic){.tap = NET_TAP_INIT, .join.slot = slot};
	memcpy(nic->mac, mac_base, NET_MAC_SIZE);
	nic->mac[NET_MAC_SIZE - 1] = (guint8)slot;
	memset(nic->vhost, 0xff, sizeof nic->vhost);
}

void nic_hand_over(struct nic *nic)
{
	net_tap_close(&nic->tap);
	for (guint i = 0; i < NET_QUEUES_MAX; i++)
		fd_clear(&nic->vhost[i]);
}

void nic_leave(struct nic *nic, struct netlink *netlink, struct logfile *log)
{
	g_autoptr(GError) error = NULL;

	if (nic->joined && !net_leave(netlink, &nic->join, &error))
		logfile_note(log, LOG_WARNING, "leave %s: %s", nic->name, error->message);
	nic->joined = FALSE;
	nic->shares_answers = FALSE;
	nic->link = 0;
}

void nic_clear(struct nic *nic, struct netlink *netlink, struct logfile *log)
{
	nic_leave(nic, netlink, log);
	nic_hand_over(nic);
}

gboolean nic_open(struct nic *nic, struct netlink *netlink, const char *owner, guint queues,
	gboolean vhost, GError **error)
{
	if (!net_tap_open(netlink, owner, queues, &nic->tap, error))
		return FALSE;
	if (!vhost || net_vhost_open(queues, nic->vhost))
		return TRUE;
	g_set_error(error, CC_ERROR, CC_ERROR_FAILED, "vhost-net cannot be opened any more");
	net_tap_close(&nic->tap);
	return FALSE;
}

gboolean nic_join(
	struct nic *nic, struct netlink *netlink, const struct net_link *link, GError **error)
{
	nic->join.link = link->index;
	nic->join.tap = nic->tap.index;
	memcpy(nic->join.mac, link->mac, NET_MAC_SIZE);
	if (!net_tap_set_mtu(netlink, &nic->tap, link->mtu, error) ||
		!net_join(netlink, &nic->join, error)) {
		nic->link = 0;
		return FALSE;
	}
	nic->joined = TRUE;
	return TRUE;
}

/* ---- over QMP */

static void set_id(const struct nic *nic, JsonObject *object, const char *member, const char *kind)
{
	g_autofree char *id = g_strdup_printf("%s%u", kind, nic->join.slot);

	json_object_set_string_member(object, member, id);
}

gboolean nic_has_id(const struct nic *nic, const char *id)
{
	g_autofree char *own = g_strdup_printf("nic%u", nic->join.slot);

	return strcmp(own, id) == 0;
}

/* What of it there was. That QEMU knows of nothing is the usual answer. */
static void drop_backend(const struct nic *nic)
{
	static const struct {
		const char *command;
		const char *member;
		const char *kind;
	} steps[] = {
		{"netdev_del", "id", "net"},
		{"closefd", "fdname", "tap"},
		{"closefd", "fdname", "vhost"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(steps); i++) {
		JsonObject *object = json_object_new();

		set_id(nic, object, steps[i].member, steps[i].kind);
		if (!qmp_execute(nic->qmp, steps[i].command, object, NULL, NULL, NULL))
			return;
	}
}

/* The last of the commands has been answered: it fails when one before it has. */
static void on_plugged(JsonNode *value, const GError *error, void *data)
{
	struct nic *nic = data;

	(void)value;
	nic->state = error == NULL ? NIC_READY : NIC_NONE;
	if (error != NULL)
		drop_backend(nic);
	nic_hand_over(nic);
	nic->done(nic, error, nic->data);
}

static JsonObject *backend(const struct nic *nic)
{
	JsonObject *object = json_object_new();

	json_object_set_string_member(object, "type", "tap");
	set_id(nic, object, "id", "net");
	set_id(nic, object, "fd", "tap");
	if (nic->vhost[0] >= 0) {
		json_object_set_boolean_member(object, "vhost", TRUE);
		set_id(nic, object, "vhostfd", "vhost");
	}
	return object;
}

static JsonObject *frontend(const struct nic *nic)
{
	JsonObject *object = json_object_new();
	g_autofree char *mac = net_mac_format(nic->mac);

	json_object_set_string_member(object, "driver", "virtio-net-pci");
	set_id(nic, object, "id", "nic");
	set_id(nic, object, "netdev", "net");
	json_object_set_string_member(object, "mac", mac);
	json_object_set_string_member(object, "romfile", "");
	return object;
}

static gboolean give_fd(
	const struct nic *nic, struct qmp *qmp, const char *kind, int fd, GError **error)
{
	JsonObject *name = json_object_new();

	set_id(nic, name, "fdname", kind);
	return qmp_execute_with(
		qmp, "getfd", name, fcntl(fd, F_DUPFD_CLOEXEC, 0), NULL, NULL, error);
}

void nic_plug(struct nic *nic, struct qmp *qmp, nic_done_func done, void *data)
{
	g_autoptr(GError) error = NULL;

	nic->state = NIC_PLUGGING;
	nic->qmp = qmp;
	nic->done = done;
	nic->data = data;
	if (give_fd(nic, qmp, "tap", nic->tap.fds[0], &error) &&
		(nic->vhost[0] < 0 || give_fd(nic, qmp, "vhost", nic->vhost[0], &error)) &&
		qmp_execute(qmp, "netdev_add", backend(nic), NULL, NULL, &error) &&
		qmp_execute(qmp, "device_add", frontend(nic), on_plugged, nic, &error))
		return;
	on_plugged(NULL, error, nic);
}

static void on_unplug_reply(JsonNode *value, const GError *error, void *data)
{
	(void)value;
	if (error != NULL)
		logfile_note(data, LOG_WARNING, "unplug a network device: %s", error->message);
}

static void command(struct qmp *qmp, const char *name, JsonObject *arguments, struct logfile *log)
{
	g_autoptr(GError) error = NULL;

	if (!qmp_execute(qmp, name, arguments, on_unplug_reply, log, &error))
		on_unplug_reply(NULL, error, log);
}

void nic_unplug(struct nic *nic, struct qmp *qmp, struct logfile *log)
{
	JsonObject *object = json_object_new();

	nic->state = NIC_UNPLUGGING;
	set_id(nic, object, "id", "nic");
	command(qmp, "device_del", object, log);
}

void nic_unplugged(struct nic *nic, struct qmp *qmp, struct logfile *log)
{
	JsonObject *object = json_object_new();

	nic->state = NIC_NONE;
	set_id(nic, object, "id", "net");
	command(qmp, "netdev_del", object, log);
}
