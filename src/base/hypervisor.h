/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the command line of QEMU, the proxy that starts it and the agent in its guest agree on.
 *
 * Without GLib: the agent and the shim read it through wire/.
 */
#pragma once

/* The descriptors that the proxy gives QEMU: unix stream sockets, connected. */
enum {
	HYPERVISOR_FD_QMP = 3,
	HYPERVISOR_FD_CONTROL = 4,
	HYPERVISOR_FD_TTY = 5,
	HYPERVISOR_FD_CONSOLE = 6,
	/* Files of a template (vm/snapshot.h): its device state, its memory. */
	HYPERVISOR_FD_STATE = 7,
	HYPERVISOR_FD_RAM = 8,
	/* What else a launch gives it lies between these. */
	HYPERVISOR_FD_FIRST_PASSED = 7,
	HYPERVISOR_FD_LAST_PASSED = 63,
};

/* From here on, of each network device: the queues of its tap, then as many of vhost-net. */
enum {
	HYPERVISOR_FD_NETWORK = 10,
	HYPERVISOR_NETWORK_QUEUES_MAX = 8,
};

/* The names of the agent's virtio-serial ports. */
#define AGENT_PORT_CONTROL "sh.hyper.channel.0"
#define AGENT_PORT_TTY	   "sh.hyper.channel.1"

/* The mount tag of the share, where the template gives it none. */
#define AGENT_SHARE_TAG "share"
