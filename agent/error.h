/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The agent's error: a text for people and a code for the host.
 *
 * It is plain data, so a child can send it to the agent as it is. What can fail takes a
 * `struct agent_error *` last (never NULL), returns bool and fills it in only when it returns
 * false. Each hop puts what it was doing in front: `container c1: mount /proc: no such device`.
 */
#pragma once

#include <stdbool.h>

/* What the host acts on; the names are in wire/message.h. */
enum agent_code {
	AGENT_CODE_FAILED,
	AGENT_CODE_NOT_FOUND,
	AGENT_CODE_EXEC_NOT_FOUND,
	AGENT_CODE_EXEC_DENIED,
};

struct agent_error {
	enum agent_code code;
	char text[1024];
};

/* All three return false, so that a failure is one statement: `return agent_error_set(…)`. */
bool agent_error_set(struct agent_error *error, enum agent_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The text is `<format>: <words for error_number>`, the code AGENT_CODE_FAILED. */
bool agent_error_errno(struct agent_error *error, int error_number, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Puts `<format>: ` in front; what does not fit is cut off at the end. */
bool agent_error_prefix(struct agent_error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The code's name on the wire. */
const char *agent_code_name(enum agent_code code);

enum {
	AGENT_ERRNO_TEXT_SIZE = 64,
};

/* strerror(3) in the manner of Go and so of runc: without a capital. Returns its buffer. */
const char *agent_errno_text(int error_number, char out[AGENT_ERRNO_TEXT_SIZE]);
