/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A container's socket for messages to the host's service manager (sd_notify(3)): it lies in a
 * directory of the guest that is mounted in the container, and what is sent to it goes to the host.
 */
#pragma once

#include <stdbool.h>

#include "agent/control.h"
#include "agent/error.h"
#include "agent/pollset.h"

/* Where the container finds it: the host has NOTIFY_SOCKET say so. */
#define NOTIFY_TARGET "/run/notify"

struct notify {
	/* -1: the container has none. */
	int fd;
	/* In the guest; NULL: none. */
	char *directory;
	bool ready;
};

void notify_init(struct notify *notify);
bool notify_open(struct notify *notify, const char *id, struct agent_error *error);
void notify_close(struct notify *notify);

void notify_poll(struct notify *notify, struct pollset *set);
/* Sends to the host what is there, as far as the control channel is at leisure. */
void notify_settle(struct notify *notify, const char *id, struct control *control);
