/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Connects to the sockets that QEMU makes itself, as the administrator's template has it, as soon
 * as they are there.
 */
#pragma once

#include <glib.h>

#include "proxy/hypervisor.h"

struct connector;

struct connector_events {
	/* A socket is connected; the descriptor is the receiver's. */
	void (*connected)(enum hypervisor_socket socket, int fd, void *data);
	/* TIMEOUT_HYPERVISOR_SOCKET_MS have passed, or it cannot be. Nothing follows. */
	void (*failed)(const GError *error, void *data);
};

/* paths: NULL where there is nothing to connect to. The caller frees. */
struct connector *connector_new(char *const paths[HYPERVISOR_SOCKETS],
	const struct connector_events *events, void *data,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;
void connector_free(struct connector *connector);
