/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A connection to the kernel's routing netlink (rtnetlink(7)), with libmnl's messages.
 *
 * It speaks to the network namespace that its thread was in when it was opened. Each request waits
 * for its answer, at most TIMEOUT_NETLINK_MS. The kernel's own words on an error (extended ACK) are
 * in the error's message, its number in netlink_errno.
 */
#pragma once

#include <glib.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

enum {
	/* A request of ours, with room for its attributes. */
	NETLINK_REQUEST_SIZE = 4096,
};

struct netlink;

/* groups: RTMGRP_* to be told of, in which case it serves for nothing else; 0: for requests. */
struct netlink *netlink_open(guint groups, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void netlink_free(struct netlink *netlink);
typedef struct netlink netlink_connection;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(netlink_connection, netlink_free)

/* To poll one that was opened with groups; non-blocking. */
int netlink_fd(const struct netlink *netlink);
/* Takes what was told, unread. FALSE: there was nothing. */
gboolean netlink_drain(struct netlink *netlink);

/*
 * Begins a request in a buffer of NETLINK_REQUEST_SIZE bytes, with a zeroed family header of that
 * size, which is *out_body. flags: beside NLM_F_REQUEST and NLM_F_ACK.
 */
struct nlmsghdr *netlink_begin(
	void *buffer, guint16 type, guint16 flags, gsize body_size, void *out_body);

/* Sends the message and waits for the kernel's acknowledgement. */
gboolean netlink_request(struct netlink *netlink, struct nlmsghdr *message,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The error number of the last request; 0: it succeeded. */
int netlink_errno(const struct netlink *netlink);
/* For who undoes something and wants the first reason to be seen. */
void netlink_set_errno(struct netlink *netlink, int errno_value);

/*
 * Sends a dump request and calls `each` for every message of the answer; FALSE from it ends the
 * dump, and is expected to have set the error. A dump that a change has disturbed fails with the
 * error number EINTR: what has been told so far may be wrong.
 */
typedef gboolean (*netlink_each_func)(const struct nlmsghdr *message, void *data, GError **error);
gboolean netlink_dump(struct netlink *netlink, struct nlmsghdr *message, netlink_each_func each,
	void *data, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * The attributes of a message behind its family header, or of an attribute, by type, each at most
 * once: out has `size` entries, of which those that are missing are NULL.
 */
void netlink_attributes(
	const struct nlmsghdr *message, gsize body_size, const struct nlattr **out, gsize size);
void netlink_nested(const struct nlattr *nest, const struct nlattr **out, gsize size);
/* The number, or the other one when there is no attribute, or too short a one. */
guint32 netlink_u32(const struct nlattr *attribute, guint32 otherwise);
/* The text, NULL when there is no attribute. Within the message. */
const char *netlink_text(const struct nlattr *attribute);
