/* SPDX-License-Identifier: GPL-2.0-only */
/* Takes requests one at a time, and sends exactly one answer to each. */
#include "agent/request.h"

#include <stdlib.h>

#include "agent/log.h"
#include "agent/pollset.h"
#include "wire/message.h"

static bool ping(struct agent *agent, struct request *request, struct agent_error *error)
{
	(void)agent;
	(void)request;
	(void)error;
	return true;
}

/* What is not here is unknown or not supported yet, and says so. */
static const struct {
	uint32_t type;
	bool (*handle)(struct agent *agent, struct request *request, struct agent_error *error);
} handlers[] = {
	{MESSAGE_GETVERSION, request_get_version},
	{MESSAGE_CLONE, request_clone},
	{MESSAGE_STARTPOD, request_start_pod},
	{MESSAGE_DESTROYPOD, request_destroy_pod},
	{MESSAGE_TRACE, request_trace},
	{MESSAGE_READY, request_rescan},
	{MESSAGE_PING, ping},
	{MESSAGE_NEWCONTAINER, request_new_container},
	{MESSAGE_START, request_start},
	{MESSAGE_EXECCMD, request_exec},
	{MESSAGE_WINSIZE, request_resize},
	{MESSAGE_KILLCONTAINER, request_kill},
	{MESSAGE_SIGNALPROCESS, request_signal},
	{MESSAGE_REMOVECONTAINER, request_remove},
	{MESSAGE_STATS, request_stats},
	{MESSAGE_PAUSE, request_pause},
	{MESSAGE_RESUME, request_resume},
	{MESSAGE_UPDATE, request_update},
	{MESSAGE_PS, request_ps},
	{MESSAGE_NETPLAN, request_net_plan},
	{MESSAGE_DNSREPLY, request_dns_reply},
	{MESSAGE_WRITEFILE, request_write_file},
	{MESSAGE_READFILE, request_read_file},
};

static bool refuse(uint32_t type, struct agent_error *error)
{
	const struct message_info *info = message_by_type(type);

	if (info == NULL || !(info->direction & MESSAGE_TO_GUEST))
		return agent_error_set(
			error, AGENT_CODE_FAILED, "request %u: unknown", (unsigned)type);
	return agent_error_set(error, AGENT_CODE_FAILED, "%s: not supported yet", info->name);
}

static bool handle(
	struct agent *agent, uint32_t type, struct request *request, struct agent_error *error)
{
	for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++)
		if (handlers[i].type == type)
			return handlers[i].handle(agent, request, error);
	return refuse(type, error);
}

/* There is always space: the channel is not read while answers pile up. */
static void answer(struct agent *agent, bool done, const struct request *request,
	const struct agent_error *error)
{
	bool sent = done ? control_send(&agent->control, MESSAGE_ACK, request->reply,
				   request->reply_size)
			 : control_send_error(&agent->control, error);
	struct span span;

	if (!sent)
		agent_log("an answer is lost: out of memory");
	/* Behind the answer, and no loss. */
	if (spans_end(&agent->spans, &span))
		(void)control_send_span(&agent->control, &span);
}

static void serve(struct agent *agent, const struct control_frame *frame)
{
	struct request request = {.payload = frame->payload, .size = frame->payload_size};
	struct agent_error error = {.text = ""};
	bool done;

	spans_begin(&agent->spans, frame->type);
	done = handle(agent, frame->type, &request, &error);
	if (!done || agent->pending.check == NULL)
		answer(agent, done, &request, &error);
	free(request.reply);
}

/* Answers the pending request when it is done. False: it is not. */
static bool settle_pending(struct agent *agent)
{
	struct agent_error error = {.text = ""};
	const struct request empty = {.payload = NULL};
	bool expired = pollset_now() >= agent->pending.deadline;
	enum progress progress = agent->pending.check(agent, expired, &error);

	if (progress == PROGRESS_WAIT)
		return false;
	json_decref(agent->pending.containers);
	agent->pending = (struct pending){.check = NULL};
	answer(agent, progress == PROGRESS_DONE, &empty, &error);
	return true;
}

bool request_settle(struct agent *agent, struct agent_error *error)
{
	struct control_frame frame;
	size_t used;

	while (!agent->ending) {
		if (agent->pending.check != NULL && !settle_pending(agent))
			return true;
		if (agent->ending)
			return true;
		switch (control_peek(&agent->control, &frame, &used)) {
		case FRAME_SHORT:
			return true;
		case FRAME_BAD:
			return agent_error_set(
				error, AGENT_CODE_FAILED, "control channel: a bad frame length");
		case FRAME_OK:
			serve(agent, &frame);
			control_drop(&agent->control, used);
		}
	}
	return true;
}
