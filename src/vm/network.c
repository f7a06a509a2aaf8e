/* SPDX-License-Identifier: GPL-2.0-only */
/* -netdev and -device of the network devices. */
#include "vm/network.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/error.h"
#include "base/hypervisor.h"

static const struct {
	const char *name;
	enum vm_network network;
} names[] = {
	{"auto", VM_NETWORK_AUTO},
	{"user", VM_NETWORK_USER},
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
	g_set_error(
		error, CC_ERROR, CC_ERROR_INVALID, "\"%s\": not one of auto, user and none", text);
	return FALSE;
}

static gboolean parse_port(const char *text, guint64 *out_port)
{
	return text != NULL && g_ascii_string_to_unsigned(text, 10, 1, G_MAXUINT16, out_port, NULL);
}

/* "[ADDRESS:]PORT:PORT[/PROTOCOL]"; NULL: it is none. */
static char *parse_forward(char *text)
{
	char *slash = strchr(text, '/');
	const char *protocol = slash != NULL ? slash + 1 : "tcp";
	g_auto(GStrv) parts = NULL;
	struct in_addr ignored;
	guint64 host;
	guint64 guest;
	guint n;

	if (slash != NULL)
		*slash = '\0';
	parts = g_strsplit(text, ":", 4);
	n = g_strv_length(parts);
	if ((n != 2 && n != 3) || !parse_port(parts[n - 2], &host) ||
		!parse_port(parts[n - 1], &guest) ||
		(n == 3 && inet_pton(AF_INET, parts[0], &ignored) != 1) ||
		(strcmp(protocol, "tcp") != 0 && strcmp(protocol, "udp") != 0))
		return NULL;
	return g_strdup_printf(
		"%s:%s:%u-:%u", protocol, n == 3 ? parts[0] : "", (guint)host, (guint)guest);
}

GStrv vm_network_parse_ports(const char *text, GError **error)
{
	g_auto(GStrv) items = g_strsplit(text, ",", -1);
	g_autoptr(GPtrArray) forwards = g_ptr_array_new_with_free_func(g_free);

	for (char **item = items; *item != NULL; item++) {
		g_autofree char *copy = g_strdup(g_strstrip(*item));
		char *forward = parse_forward(copy);

		if (forward == NULL) {
			g_set_error(error, CC_ERROR, CC_ERROR_INVALID,
				"\"%s\": not [ADDRESS:]PORT:PORT[/tcp|/udp]", *item);
			return NULL;
		}
		g_ptr_array_add(forwards, forward);
	}
	g_ptr_array_add(forwards, NULL);
	return (GStrv)g_ptr_array_free(g_steal_pointer(&forwards), FALSE);
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

static char *user(const struct vm_nic *nic)
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
	case VM_NETDEV_USER:
		return user(nic);
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
