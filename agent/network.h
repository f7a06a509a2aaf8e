/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest's network: the devices that the host has plugged, and the plan that says what they are.
 *
 * A device is born into the kernel's first network namespace, which no container ever sees: there
 * it is parked. The agent and all containers are in a second one, the pod's. A plan moves devices
 * from the one to the other and back, so that a container whose namespace has only `lo` on the host
 * has only `lo` here, though the first device is plugged in every VM.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "agent/error.h"
#include "agent/pollset.h"
#include "agent/rtnl.h"

enum {
	/* As many as the host ever plugs. */
	NETWORK_DEVICES_MAX = 16,
};

/* A device that is in the pod's namespace. */
struct network_device {
	/* By which the plan names it; its MAC is another by now. */
	uint8_t birth[RTNL_MAC_SIZE];
	int index;
};

struct network {
	/* The namespaces, and a netlink socket in each. */
	int parking;
	int pod;
	int parking_netlink;
	int pod_netlink;
	/* Tells of links that come into the parking namespace. */
	int arrivals;
	struct network_device devices[NETWORK_DEVICES_MAX];
	size_t n_devices;
	/* The plan that holds, and one whose devices are waited for; NULL: none. */
	json_t *plan;
	json_t *wanted;
};

#define NETWORK_INIT                                                                               \
	{                                                                                          \
		.parking = -1, .pod = -1, .parking_netlink = -1, .pod_netlink = -1,                \
		.arrivals = -1,                                                                    \
	}

/* At boot, before anything is started: leaves the first namespace for the pod's. */
bool network_prepare(struct network *network, struct agent_error *error);
void network_poll(struct network *network, struct pollset *set);

/* Whether all devices that a plan names are there; *out_missing: the name of a link that lacks its.
 */
bool network_has_devices(
	const struct network *network, const json_t *plan, const char **out_missing);
/* Makes the plan true, in place of the one before. What failed half-way is undone by the next. */
bool network_apply(struct network *network, json_t *plan, struct agent_error *error);
