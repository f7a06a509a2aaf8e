/* SPDX-License-Identifier: GPL-2.0-only */
/* The requests of the control channel: a table, and the two halves of serving one. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/agent.h"
#include "agent/error.h"

struct request {
	const uint8_t *payload;
	size_t size;
	/* What the ACK carries; owned by the handler's caller, freed with free(3). */
	uint8_t *reply;
	size_t reply_size;
};

/*
 * Handlers: true means ACK, with the reply if there is one, or that agent->pending was set and
 * decides; false means ERROR. They never block for longer than a system call takes.
 */
bool request_get_version(struct agent *agent, struct request *request, struct agent_error *error);
bool request_clone(struct agent *agent, struct request *request, struct agent_error *error);
bool request_start_pod(struct agent *agent, struct request *request, struct agent_error *error);
bool request_destroy_pod(struct agent *agent, struct request *request, struct agent_error *error);
bool request_trace(struct agent *agent, struct request *request, struct agent_error *error);
bool request_rescan(struct agent *agent, struct request *request, struct agent_error *error);
bool request_new_container(struct agent *agent, struct request *request, struct agent_error *error);
bool request_start(struct agent *agent, struct request *request, struct agent_error *error);
bool request_exec(struct agent *agent, struct request *request, struct agent_error *error);
bool request_resize(struct agent *agent, struct request *request, struct agent_error *error);
bool request_kill(struct agent *agent, struct request *request, struct agent_error *error);
bool request_signal(struct agent *agent, struct request *request, struct agent_error *error);
bool request_remove(struct agent *agent, struct request *request, struct agent_error *error);
bool request_ps(struct agent *agent, struct request *request, struct agent_error *error);
bool request_net_plan(struct agent *agent, struct request *request, struct agent_error *error);
bool request_stats(struct agent *agent, struct request *request, struct agent_error *error);
bool request_pause(struct agent *agent, struct request *request, struct agent_error *error);
bool request_resume(struct agent *agent, struct request *request, struct agent_error *error);
bool request_update(struct agent *agent, struct request *request, struct agent_error *error);
bool request_dns_reply(struct agent *agent, struct request *request, struct agent_error *error);
bool request_write_file(struct agent *agent, struct request *request, struct agent_error *error);
bool request_read_file(struct agent *agent, struct request *request, struct agent_error *error);

/* Starts to make one container; sets agent->pending to wait for it. */
bool container_request_begin(
	struct agent *agent, const json_t *container, struct agent_error *error);
/* The check of that: a container that failed is gone afterwards. */
enum progress container_request_check(struct agent *agent, bool expired, struct agent_error *error);

/*
 * Serves what has come, in order, and answers what was pending; after the handlers of a turn.
 * False: the protocol is broken.
 */
bool request_settle(struct agent *agent, struct agent_error *error);
