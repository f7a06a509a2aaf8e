/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The items of a network plan as requests to the kernel (docs/agent-protocol.md, "netplan").
 *
 * One compiler an item serves for adding and for removing it, so both mean the same thing. Links
 * must have their names before; items name them.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "agent/error.h"
#include "agent/rtnl.h"

enum netplan_action {
	NETPLAN_ADD,
	NETPLAN_REMOVE,
};

/* "02:cc:00:00:00:01"; absent is an error. */
bool netplan_get_mac(const json_t *object, const char *key, uint8_t out[RTNL_MAC_SIZE],
	struct agent_error *error);

/* An address of the link with that index. */
bool netplan_compile_address(struct rtnl_message *message, const json_t *item, int index,
	enum netplan_action action, struct agent_error *error);
/* A route, neighbour or rule. */
typedef bool (*netplan_compile)(struct rtnl_message *message, const json_t *item,
	enum netplan_action action, struct agent_error *error);
bool netplan_compile_route(struct rtnl_message *message, const json_t *item,
	enum netplan_action action, struct agent_error *error);
bool netplan_compile_neighbour(struct rtnl_message *message, const json_t *item,
	enum netplan_action action, struct agent_error *error);
bool netplan_compile_rule(struct rtnl_message *message, const json_t *item,
	enum netplan_action action, struct agent_error *error);
