/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A name server that answers only inside the container's network namespace on the host, at the same
 * address in the guest (docs/agent-protocol.md, "netplan").
 *
 * Questions go to the host as they are, and its answers come back; nothing is kept of them. A
 * container can ask as much as it likes: at most DNS_QUESTIONS_MAX are under way, and what goes
 * beyond is dropped, as a network would.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "agent/control.h"
#include "agent/error.h"
#include "agent/pollset.h"

enum {
	DNS_QUESTIONS_MAX = 64,
	DNS_CONNECTIONS_MAX = 16,
	DNS_PORT = 53,
};

struct dns_connection {
	int fd;
	/* When it is closed, unless it asks again. */
	int64_t deadline;
	/* Length and message, as far as they have come. */
	uint8_t *in;
	size_t used;
	/* The question in `in` has gone to the host. */
	bool asked;
};

/* A question that the host has, and who waits for its answer. */
struct dns_question {
	/* 0: none. */
	uint32_t id;
	int64_t deadline;
	/* NULL: it came from `peer`, by UDP. */
	struct dns_connection *connection;
	struct sockaddr_in peer;
};

struct dns {
	struct in_addr address;
	int datagrams;
	int listener;
	uint32_t last_id;
	struct control *control;
	struct dns_question questions[DNS_QUESTIONS_MAX];
	struct dns_connection connections[DNS_CONNECTIONS_MAX];
};

void dns_init(struct dns *dns, struct control *control);
/* Serves that address from now on, "127.0.0.11"; NULL: none. */
bool dns_serve(struct dns *dns, const char *address, struct agent_error *error);
void dns_close(struct dns *dns);
void dns_poll(struct dns *dns, struct pollset *set);
/* The host's answer; one that comes too late is dropped. */
void dns_answer(struct dns *dns, uint32_t id, const uint8_t *data, size_t size);
