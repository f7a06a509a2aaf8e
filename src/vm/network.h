/* SPDX-License-Identifier: GPL-2.0-only */
/* The guest's network devices on QEMU's command line, and what is behind them. */
#pragma once

#include <glib.h>

/* What the configuration says (`network` in vm.json). */
enum vm_network {
	/* A tap in a namespace of the container's own, else VM_NETWORK_USER. */
	VM_NETWORK_AUTO,
	/* QEMU's own user network. */
	VM_NETWORK_USER,
	VM_NETWORK_NONE,
};

/* What it comes to. */
enum vm_netdev {
	VM_NETDEV_NONE,
	VM_NETDEV_TAP,
	VM_NETDEV_USER,
};

struct vm_nic {
	enum vm_netdev netdev;
	/* Of a tap: at least 1. */
	guint queues;
	gboolean vhost;
	/* Of VM_NETDEV_USER: published ports (vm_network_parse_ports), or NULL. */
	const char *const *forwards;
};

/* The MACs by which the agent knows the devices, whatever they are called later. */
#define VM_NIC_MAC_FORMAT "02:cc:0c:10:00:%02x"

/* "auto", "user", "none"; an error names these. */
gboolean vm_network_parse(
	const char *text, enum vm_network *out_network, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * Ports of the host that are published in a user network: "[ADDRESS:]PORT:PORT[/tcp|/udp]", the
 * guest's behind, with commas between; IPv4. As QEMU's hostfwd has them; the caller frees.
 */
GStrv vm_network_parse_ports(const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * How many devices there are from the boot on: one, and on a machine that takes no further ones
 * some that are idle until a link comes for them.
 */
guint vm_nic_count(const struct vm_nic *nic, gboolean mmio);

/*
 * The values of -netdev and -device of one of them, which the caller frees; NULL for
 * VM_NETDEV_NONE.
 */
char *vm_nic_netdev(const struct vm_nic *nic, guint index);
char *vm_nic_device(const struct vm_nic *nic, guint index, gboolean mmio);

/*
 * How many queues: more than one pays only where vhost-net serves each in a thread of its own, and
 * only with as many CPUs.
 */
guint vm_nic_queues(gboolean vhost, guint cpus);
