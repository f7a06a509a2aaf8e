/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The two virtio-serial ports: found by name, and watched for a host that is not connected.
 *
 * poll(2) reports POLLHUP on a port for as long as the host's side is closed (drivers/char/
 * virtio_console.c). So a port without a host is not polled itself: an edge-triggered epoll
 * instance is, which wakes once when the host comes back.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "agent/error.h"
#include "agent/pollset.h"

struct port {
	int fd;
	/* Readable when the port's state has changed; -1 when the descriptor is no port (tests). */
	int wake;
	/* Nobody is connected on the host. */
	bool away;
};

/* A socket that reports new devices; opened before drivers are loaded. -1 on error. */
int uevent_open(struct agent_error *error);
/* Waits on it until the port of that name is there, and opens it. */
bool port_open(struct port *out_port, int uevents, const char *name, int64_t deadline,
	struct agent_error *error);
void port_close(struct port *port);

/* Adds the port to the turn's set. */
void port_poll(struct port *port, struct pollset *set, short events,
	void (*handler)(void *object, short events), void *object);
/* Called first by the handler; false when there is nothing to read or write. */
bool port_ready(struct port *port, short events);
