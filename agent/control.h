/* SPDX-License-Identifier: GPL-2.0-only */
/* The control channel: requests in, one at a time; answers, NEXT and events out. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "agent/error.h"
#include "agent/pollset.h"
#include "agent/port.h"
#include "agent/spans.h"
#include "wire/buffer.h"
#include "wire/frame.h"

struct control {
	struct port *port;
	struct buffer in;
	struct buffer out;
};

/* The port remains the caller's. */
void control_init(struct control *control, struct port *port);
void control_clear(struct control *control);
void control_poll(struct control *control, struct pollset *set);
/* Sends what the port takes now. */
void control_flush(struct control *control);

/* The first request that is there; its payload lives until control_drop(). */
enum frame_result control_peek(
	struct control *control, struct control_frame *out_frame, size_t *out_used);
void control_drop(struct control *control, size_t used);

/* False when it cannot be queued; then nothing of it was. */
bool control_send(struct control *control, uint32_t type, const void *payload, size_t size);
bool control_send_error(struct control *control, const struct agent_error *error);
/* OOM: so many processes of the container have been killed for want of memory by now. */
bool control_send_oom(struct control *control, const char *container, uint64_t kills);
/* PROCESSASYNCEVENT of a process that has ended. */
bool control_send_exit(
	struct control *control, const char *container, const char *process, int status);
/* TRACEEVENT. */
bool control_send_span(struct control *control, const struct span *span);
