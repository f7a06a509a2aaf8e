/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Members of JSON objects with their types checked.
 *
 * A member that is absent or null leaves the output as it was, so the caller sets the default
 * first; a member of another type is an error that names it. Strings and arrays handed out are
 * borrowed and live as long as the object.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/error.h"

/* The whole text must be one object; the caller owns it. NULL on error. */
json_t *json_parse_object(const void *text, size_t size, struct agent_error *error);

bool json_get_string(
	const json_t *object, const char *key, const char **out, struct agent_error *error);
/* As above, but absent or empty is an error. */
bool json_need_string(
	const json_t *object, const char *key, const char **out, struct agent_error *error);
bool json_get_boolean(const json_t *object, const char *key, bool *out, struct agent_error *error);
bool json_get_integer(const json_t *object, const char *key, int64_t least, int64_t most,
	int64_t *out, struct agent_error *error);
bool json_get_object(
	const json_t *object, const char *key, json_t **out, struct agent_error *error);
/* An absent array is NULL, which the jansson calls treat as an empty one. */
bool json_get_array(const json_t *object, const char *key, json_t **out, struct agent_error *error);

/*
 * An array of strings as a NULL-terminated vector: the vector is the caller's, the strings are
 * borrowed. Absent gives an empty vector.
 */
bool json_get_strings(
	const json_t *object, const char *key, char ***out, struct agent_error *error);
