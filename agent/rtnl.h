/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests to the kernel's routing netlink (rtnetlink(7)): messages with attributes, and their
 * acknowledgements.
 *
 * A socket speaks to the network namespace that it was opened in. (libmnl, which the host side
 * uses, is to be had only as a shared library, and the agent is one static file.)
 */
#pragma once

#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/error.h"

enum {
	RTNL_MESSAGE_SIZE = 2048,
	RTNL_MAC_SIZE = 6,
};

struct rtnl_message {
	union {
		struct nlmsghdr header;
		uint8_t data[RTNL_MESSAGE_SIZE];
	};
	/* An attribute did not fit: the request will be refused. */
	bool overflow;
};

/* A socket, or -1. groups: RTMGRP_* to be told of (then it serves for nothing else). */
int rtnl_open(uint32_t groups, struct agent_error *error);

/* flags: beside NLM_F_REQUEST. Returns the zeroed family header of that size, to be filled in. */
void *rtnl_begin(struct rtnl_message *message, uint16_t type, uint16_t flags, size_t body_size);
void rtnl_put(struct rtnl_message *message, uint16_t type, const void *data, size_t size);
void rtnl_put_u32(struct rtnl_message *message, uint16_t type, uint32_t value);
void rtnl_put_text(struct rtnl_message *message, uint16_t type, const char *text);
/* What is put until rtnl_end(…, nest) belongs into the attribute; an empty one goes again. */
size_t rtnl_nest(struct rtnl_message *message, uint16_t type);
void rtnl_end(struct rtnl_message *message, size_t nest);

/* Sends it and takes the answer: 0 or an errno. */
int rtnl_request(int fd, struct rtnl_message *message);

/* The index of the link with this MAC, in the socket's namespace; 0: none, or an error. */
int rtnl_find_link(int fd, const uint8_t mac[RTNL_MAC_SIZE]);
