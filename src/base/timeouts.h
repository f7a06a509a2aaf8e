/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every deadline of the host side, in one place, in milliseconds.
 *
 * They bound waits on something that has gone wrong; nothing waits for them in ordinary life. They
 * are generous because a guest may run under TCG, on a loaded machine, tens of times slower than
 * on hardware.
 */
#pragma once

enum {
	/* From the start of QEMU to the agent's READY; --agent-timeout and vm.json override it. */
	TIMEOUT_AGENT_READY_MS = 30 * 1000,
	/* The longest that these may say. */
	TIMEOUT_AGENT_READY_MAX_MS = 60 * 60 * 1000,
	/* One request to the agent, from being sent to its reply. */
	TIMEOUT_AGENT_REQUEST_MS = 60 * 1000,
	/* SIGKILL, before the VM of a guest that does not answer is ended in its place. */
	TIMEOUT_AGENT_KILL_MS = 10 * 1000,
	/* DESTROYPOD, before QEMU is killed. */
	TIMEOUT_AGENT_DESTROY_MS = 10 * 1000,
	/* QEMU creates and listens on the sockets that a template places by path. */
	TIMEOUT_HYPERVISOR_SOCKET_MS = 10 * 1000,
	/* QEMU says its version, or its machines. */
	TIMEOUT_HYPERVISOR_ANSWER_MS = 20 * 1000,
	/* A request to the proxy that does not wait for the agent. */
	TIMEOUT_PROXY_REQUEST_MS = 20 * 1000,
	/* A request to the proxy that does, on top of the agent's own deadline. */
	TIMEOUT_PROXY_MARGIN_MS = 5 * 1000,
	/* A hook that says no time-out of its own: networks are set up in some. */
	TIMEOUT_HOOK_MS = 10 * 60 * 1000,
	/* The kernel kills the victim that shows the host an out-of-memory kill of the guest's. */
	TIMEOUT_VICTIM_MS = 5 * 1000,
	/* The same of one in the guest, where the agent enforces it (agent/hook.c). */
	TIMEOUT_GUEST_HOOK_MS = 30 * 1000,
	/* A process that was killed is gone. */
	TIMEOUT_PROCESS_EXIT_MS = 10 * 1000,
	/* Another command holds the container's lock; `create` holds it for a boot. */
	TIMEOUT_LOCK_MS = 120 * 1000,
	/* Network devices are plugged, and links joined to them. */
	TIMEOUT_NETWORK_MS = 30 * 1000,
	/* A name server of the namespace answers a question of the guest. */
	TIMEOUT_DNS_MS = 10 * 1000,
	/* The kernel answers a netlink request. */
	TIMEOUT_NETLINK_MS = 10 * 1000,
	/* A hypervisor whose proxy was killed is gone, and its tap with it. */
	TIMEOUT_TAP_GONE_MS = 2 * 1000,
	/* A console socket's listener accepts. */
	TIMEOUT_CONSOLE_SOCKET_MS = 10 * 1000,
};
