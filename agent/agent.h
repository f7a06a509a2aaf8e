/* SPDX-License-Identifier: GPL-2.0-only */
/* The whole of a running agent, and the request that it is working on. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "agent/container.h"
#include "agent/control.h"
#include "agent/dns.h"
#include "agent/error.h"
#include "agent/network.h"
#include "agent/port.h"
#include "agent/spans.h"
#include "agent/tty.h"

struct agent;

enum progress {
	PROGRESS_WAIT,
	PROGRESS_DONE,
	PROGRESS_FAILED,
};

/* A request that is answered later; the next one waits for it. */
struct pending {
	/* Looked at each turn; expired: the deadline has passed. NULL: nothing is pending. */
	enum progress (*check)(struct agent *agent, bool expired, struct agent_error *error);
	int64_t deadline;
	/* What is waited for; borrowed. */
	struct container *container;
	struct process *process;
	/* STARTPOD: containers that are still to be made, from `next_container` on. Owned. */
	json_t *containers;
	size_t next_container;
};

struct agent {
	struct port control_port;
	struct port tty_port;
	struct control control;
	struct tty tty;
	struct pod pod;
	struct network network;
	struct dns dns;
	struct pending pending;
	struct spans spans;
	/* What GETVERSION says of us. Made once: in a clone it is the template's. */
	char *announcement;
	/* DESTROYPOD is done: send what is queued, and end the VM. */
	bool ending;
};
