/* SPDX-License-Identifier: GPL-2.0-only */
/* Checks and hands out members of JSON objects. */
#include "agent/json.h"

#include <stdlib.h>

#include "agent/cleanup.h"

/* The member, or NULL when it is absent or null. */
static json_t *member(const json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	return json_is_null(value) ? NULL : value;
}

static bool wrong_type(const char *key, const char *expected, struct agent_error *error)
{
	return agent_error_set(error, AGENT_CODE_FAILED, "%s: not %s", key, expected);
}

json_t *json_parse_object(const void *text, size_t size, struct agent_error *error)
{
	json_error_t where;
	json_t *json = json_loadb(text, size, 0, &where);

	if (json == NULL) {
		agent_error_set(error, AGENT_CODE_FAILED, "bad JSON at byte %d: %s", where.position,
			where.text);
		return NULL;
	}
	if (!json_is_object(json)) {
		json_decref(json);
		agent_error_set(error, AGENT_CODE_FAILED, "bad JSON: not an object");
		return NULL;
	}
	return json;
}

bool json_get_string(
	const json_t *object, const char *key, const char **out, struct agent_error *error)
{
	json_t *value = member(object, key);

	if (value == NULL)
		return true;
	if (!json_is_string(value))
		return wrong_type(key, "a string", error);
	*out = json_string_value(value);
	return true;
}

bool json_need_string(
	const json_t *object, const char *key, const char **out, struct agent_error *error)
{
	const char *value = NULL;

	if (!json_get_string(object, key, &value, error))
		return false;
	if (value == NULL || *value == '\0')
		return agent_error_set(error, AGENT_CODE_FAILED, "%s: missing", key);
	*out = value;
	return true;
}

bool json_get_boolean(const json_t *object, const char *key, bool *out, struct agent_error *error)
{
	json_t *value = member(object, key);

	if (value == NULL)
		return true;
	if (!json_is_boolean(value))
		return wrong_type(key, "a boolean", error);
	*out = json_is_true(value);
	return true;
}

bool json_get_integer(const json_t *object, const char *key, int64_t least, int64_t most,
	int64_t *out, struct agent_error *error)
{
	json_t *value = member(object, key);

	if (value == NULL)
		return true;
	if (!json_is_integer(value))
		return wrong_type(key, "an integer", error);

	int64_t integer = json_integer_value(value);

	if (integer < least || integer > most)
		return agent_error_set(error, AGENT_CODE_FAILED, "%s: %lld is out of range", key,
			(long long)integer);
	*out = integer;
	return true;
}

bool json_get_object(const json_t *object, const char *key, json_t **out, struct agent_error *error)
{
	json_t *value = member(object, key);

	if (value == NULL)
		return true;
	if (!json_is_object(value))
		return wrong_type(key, "an object", error);
	*out = value;
	return true;
}

bool json_get_array(const json_t *object, const char *key, json_t **out, struct agent_error *error)
{
	json_t *value = member(object, key);

	if (value == NULL)
		return true;
	if (!json_is_array(value))
		return wrong_type(key, "an array", error);
	*out = value;
	return true;
}

bool json_get_strings(const json_t *object, const char *key, char ***out, struct agent_error *error)
{
	json_t *array = NULL;

	if (!json_get_array(object, key, &array, error))
		return false;

	size_t n = json_array_size(array);
	char **strings = calloc(n + 1, sizeof *strings);

	if (strings == NULL)
		return agent_error_set(error, AGENT_CODE_FAILED, "%s: out of memory", key);
	for (size_t i = 0; i < n; i++) {
		json_t *value = json_array_get(array, i);

		if (!json_is_string(value)) {
			free(strings);
			return agent_error_set(
				error, AGENT_CODE_FAILED, "%s[%zu]: not a string", key, i);
		}
		strings[i] = (char *)json_string_value(value);
	}
	*out = strings;
	return true;
}
