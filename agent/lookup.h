/* SPDX-License-Identifier: GPL-2.0-only */
/* Looks up what execve(2) needs in the file system that the caller sees: programs and homes. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "agent/error.h"

/* The value of a variable in a NULL-terminated environment, or NULL. */
const char *lookup_variable(char *const *env, const char *name);

/*
 * The path of the program that args[0] means, by the PATH of the process's own environment; the
 * caller owns it. NULL with runc's words and the codes exec-not-found and exec-denied.
 */
char *lookup_program(const char *name, char *const *env, struct agent_error *error);

/*
 * The fields of the line of a file like passwd or group whose field `key` is `value`; copied into
 * `line`. Returns how many fields there are, 0 when there is no such line.
 */
enum {
	LOOKUP_LINE_MAX = 1024,
	LOOKUP_FIELDS_MAX = 7,
};
size_t lookup_record(int file, unsigned key, const char *value, char line[LOOKUP_LINE_MAX],
	char *fields[LOOKUP_FIELDS_MAX]);

/* The user's home as /etc/passwd has it, "/" when it has none; the caller owns it. */
char *lookup_home(uid_t uid);
