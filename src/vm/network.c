/* SPDX-License-Identifier: GPL-2.0-only */
/* -netdev and -device of the network devices. */
#include "vm/network.h"

#include <string.h>

#include "base/error.h"
#include "base/hypervisor.h"

static const struct {
	const char *name;
	enum vm_network network;
} names[] = {
	{"auto", VM_NETWORK_AUTO},
	{"user", VM_NETWORK_USER},
	{"passt", VM_NETWORK_PASST},
	{"slirp", VM_NETWORK_SLIRP},
	{"none", VM_NETWORK_NONE},
};

gboolean vm_network_parse(const char *text, enum vm_network *out_network, GError **error)
{
	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		if (strcmp(names[i].name, text) != 0)
			continue;
		*out_network = names[i].network;
		return TRUE;
	}
	g_set_error(error, CC_ERROR, CC_ERROR_INVALID,
		"\"%s\": not one of auto, user, passt, slirp and none", text);
	return FALSE;
}

guint vm_nic_queues(gboolean vhost, guint cpus)
{
	return vhost ? CLAMP(cpus, 1, HYPERVISOR_NETWORK_QUEUES_MAX) : 1;
}

/* "10:11:12" for three from 10 on. */
static void append_fds(GString *text, int first, guint n)
{
	for (guint i = 0; i < n; i++)
		g_string_append_printf(text, "%s%d", i > 0 ? ":" : "", first + (int)i);
}

guint vm_nic_count(const struct vm_nic *nic, gboolean mmio)
{
	enum { MMIO_DEVICES = 3 };

	return nic->netdev == VM_NETDEV_TAP && mmio ? MMIO_DEVICES : 1;
}

static char *tap(const struct vm_nic *nic, guint index)
{
	GString *text = g_string_new(NULL);
	gboolean many = nic->queues > 1;
	guint each = nic->vhost ? 2 * nic->queues : nic->queues;
	int first = HYPERVISOR_FD_NETWORK + (int)(index * each);

	g_string_append_printf(text, "tap,id=net%u,%s=", index, many ? "fds" : "fd");
	append_fds(text, first, nic->queues);
	if (nic->vhost) {
		g_string_append(text, many ? ",vhost=on,vhostfds=" : ",vhost=on,vhostfd=");
		append_fds(text, first + (int)nic->queues, nic->queues);
	}
	return g_string_free(text, FALSE);
}

static char *slirp(const struct vm_nic *nic)
{
	GString *text = g_string_new("user,id=net0,ipv6=off");

	for (gsize i = 0; nic->forwards != NULL && nic->forwards[i] != NULL; i++)
		g_string_append_printf(text, ",hostfwd=%s", nic->forwards[i]);
	return g_string_free(text, FALSE);
}

char *vm_nic_netdev(const struct vm_nic *nic, guint index)
{
	switch (nic->netdev) {
	case VM_NETDEV_TAP:
		return tap(nic, index);
	case VM_NETDEV_SLIRP:
		return slirp(nic);
	case VM_NETDEV_PASST:
		return g_strdup_printf("stream,id=net0,server=off,addr.type=fd,addr.str=%d",
			HYPERVISOR_FD_NETWORK);
	case VM_NETDEV_NONE:
		break;
	}
	return NULL;
}

char *vm_nic_device(const struct vm_nic *nic, guint index, gboolean mmio)
{
	GString *text;

	if (nic->netdev == VM_NETDEV_NONE)
		return NULL;
	text = g_string_new(mmio ? "virtio-net-device" : "virtio-net-pci");
	g_string_append_printf(
		text, ",netdev=net%u,id=nic%u,mac=" VM_NIC_MAC_FORMAT, index, index, index);
	/* No boot over the network: its ROM would be loaded for nothing. */
	if (!mmio)
		g_string_append(text, ",romfile=");
	if (nic->queues > 1) {
		g_string_append(text, ",mq=on");
		/* One for each queue and direction, one for control, one for changes. */
		if (!mmio)
			g_string_append_printf(text, ",vectors=%u", 2 * nic->queues + 2);
	}
	return g_string_free(text, FALSE);
}
