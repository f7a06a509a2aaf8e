/* SPDX-License-Identifier: GPL-2.0-only */
/* Builds the agent's errors. */
#include "agent/error.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "wire/message.h"

static const char *const code_names[] = {
	[AGENT_CODE_FAILED] = AGENT_ERROR_FAILED,
	[AGENT_CODE_NOT_FOUND] = AGENT_ERROR_NOT_FOUND,
	[AGENT_CODE_EXEC_NOT_FOUND] = AGENT_ERROR_EXEC_ENOENT,
	[AGENT_CODE_EXEC_DENIED] = AGENT_ERROR_EXEC_EACCES,
};

/* Appends as much as there is room for. */
static void append(struct agent_error *error, const char *text)
{
	size_t length = strlen(error->text);

	snprintf(error->text + length, sizeof error->text - length, "%s", text);
}

bool agent_error_set(struct agent_error *error, enum agent_code code, const char *format, ...)
{
	va_list arguments;

	error->code = code;
	va_start(arguments, format);
	vsnprintf(error->text, sizeof error->text, format, arguments);
	va_end(arguments);
	return false;
}

bool agent_error_errno(struct agent_error *error, int error_number, const char *format, ...)
{
	char words[AGENT_ERRNO_TEXT_SIZE];
	va_list arguments;

	error->code = AGENT_CODE_FAILED;
	va_start(arguments, format);
	vsnprintf(error->text, sizeof error->text, format, arguments);
	va_end(arguments);
	append(error, ": ");
	append(error, agent_errno_text(error_number, words));
	return false;
}

bool agent_error_prefix(struct agent_error *error, const char *format, ...)
{
	char rest[sizeof error->text];
	va_list arguments;

	memcpy(rest, error->text, sizeof rest);
	va_start(arguments, format);
	vsnprintf(error->text, sizeof error->text, format, arguments);
	va_end(arguments);
	append(error, ": ");
	append(error, rest);
	return false;
}

const char *agent_code_name(enum agent_code code)
{
	return code < sizeof code_names / sizeof *code_names ? code_names[code]
							     : AGENT_ERROR_FAILED;
}

const char *agent_errno_text(int error_number, char out[AGENT_ERRNO_TEXT_SIZE])
{
	snprintf(out, AGENT_ERRNO_TEXT_SIZE, "%s", strerror(error_number));
	/* "No such file", but "RPC struct is bad" as it is. */
	if (!isupper((unsigned char)out[1]))
		out[0] = (char)tolower((unsigned char)out[0]);
	return out;
}
