/* SPDX-License-Identifier: GPL-2.0-only */
/* Walks a document by the table of fields. */
#include "oci/coverage.h"

#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "oci/fields.h"

/* An object, or a member of it, on the way. */
struct spot {
	/* As the table spells it, "process.rlimits[]", and as people do, "process.rlimits[2]". */
	const char *pattern;
	const char *place;
	/* What is above has been warned of, with all that is in it. */
	gboolean told;
};

static gboolean walk_object(
	JsonObject *object, const struct spot *spot, GPtrArray *warnings, GError **error);

static gboolean says_something(JsonNode *node);

static gboolean object_says_something(JsonObject *object)
{
	g_autoptr(GList) values = json_object_get_values(object);

	for (GList *value = values; value != NULL; value = value->next)
		if (says_something(value->data))
			return TRUE;
	return FALSE;
}

/* Engines write empty objects, arrays and strings, zero and false for what was not asked for. */
static gboolean says_something(JsonNode *node)
{
	if (JSON_NODE_HOLDS_NULL(node))
		return FALSE;
	if (JSON_NODE_HOLDS_OBJECT(node))
		return object_says_something(json_node_get_object(node));
	if (JSON_NODE_HOLDS_ARRAY(node))
		return json_array_get_length(json_node_get_array(node)) > 0;
	switch (json_node_get_value_type(node)) {
	case G_TYPE_STRING:
		return *json_node_get_string(node) != '\0';
	case G_TYPE_BOOLEAN:
		return json_node_get_boolean(node);
	case G_TYPE_INT64:
		return json_node_get_int(node) != 0;
	default:
		return TRUE;
	}
}

static gboolean check_value(const struct oci_field *field, const char *value, const char *place,
	GPtrArray *warnings, GError **error)
{
	if (field->values == NULL || g_strv_contains(field->values, value))
		return TRUE;

	g_autofree char *quoted = json_quote(value);

	if (field->lenient) {
		g_ptr_array_add(
			warnings, g_strdup_printf("%s: unknown, ignored: %s", place, quoted));
		return TRUE;
	}
	g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "%s: unknown: %s", place, quoted);
	return FALSE;
}

static gboolean check_string(JsonObject *object, const char *name, const struct oci_field *field,
	const struct spot *above, const char *place, GPtrArray *warnings, GError **error)
{
	const char *value = NULL;

	return json_get_string(object, above->place, name, &value, error) &&
	       (value == NULL || check_value(field, value, place, warnings, error));
}

static gboolean check_strings(JsonObject *object, const char *name, const struct oci_field *field,
	const struct spot *above, const char *place, GPtrArray *warnings, GError **error)
{
	g_auto(GStrv) values = NULL;

	if (!json_get_strings(object, above->place, name, &values, error))
		return FALSE;
	for (guint i = 0; values != NULL && values[i] != NULL; i++) {
		g_autofree char *element = json_path_index(place, i);

		if (!check_value(field, values[i], element, warnings, error))
			return FALSE;
	}
	return TRUE;
}

static void get_bounds(const struct oci_field *field, gint64 *out_least, gint64 *out_most)
{
	gboolean any = field->least == 0 && field->most == 0;

	*out_least = any ? G_MININT64 : field->least;
	*out_most = any ? G_MAXINT64 : field->most;
}

static gboolean check_integer(JsonObject *object, const char *name, const struct oci_field *field,
	const struct spot *above, const char *place, GPtrArray *warnings, GError **error)
{
	gint64 least;
	gint64 most;
	gint64 value;

	(void)warnings;
	(void)place;
	get_bounds(field, &least, &most);
	return json_get_integer(object, above->place, name, least, most, &value, error);
}

static gboolean check_integers(JsonObject *object, const char *name, const struct oci_field *field,
	const struct spot *above, const char *place, GPtrArray *warnings, GError **error)
{
	JsonArray *array = NULL;

	(void)warnings;
	if (!json_get_array(object, above->place, name, &array, error))
		return FALSE;
	for (guint i = 0; array != NULL && i < json_array_get_length(array); i++) {
		g_autofree char *element = json_path_index(place, i);
		JsonNode *node = json_array_get_element(array, i);
		gint64 least;
		gint64 most;

		get_bounds(field, &least, &most);
		if (JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_INT64 &&
			json_node_get_int(node) >= least && json_node_get_int(node) <= most)
			continue;
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID,
			"%s: expected a whole number between %" G_GINT64_FORMAT
			" and %" G_GINT64_FORMAT,
			element, least, most);
		return FALSE;
	}
	return TRUE;
}

static gboolean check_boolean(JsonObject *object, const char *name, const struct oci_field *field,
	const struct spot *above, const char *place, GPtrArray *warnings, GError **error)
{
	gboolean value;

	(void)field;
	(void)warnings;
	(void)place;
	return json_get_boolean(object, above->place, name, &value, error);
}

static gboolean check_string_map(JsonObject *object, const char *name,
	const struct oci_field *field, const struct spot *above, const char *place,
	GPtrArray *warnings, GError **error)
{
	JsonObject *map = NULL;

	(void)warnings;
	(void)field;
	if (!json_get_object(object, above->place, name, &map, error))
		return FALSE;
	if (map == NULL)
		return TRUE;

	g_autoptr(GList) names = json_object_get_members(map);

	for (GList *key = names; key != NULL; key = key->next) {
		const char *value = NULL;

		if (!json_require_string(map, place, key->data, &value, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean check_any(JsonObject *object, const char *name, const struct oci_field *field,
	const struct spot *above, const char *place, GPtrArray *warnings, GError **error)
{
	(void)object;
	(void)name;
	(void)field;
	(void)above;
	(void)warnings;
	(void)place;
	(void)error;
	return TRUE;
}

/* Of those without objects inside. */
static gboolean (*const checks[])(JsonObject *object, const char *name,
	const struct oci_field *field, const struct spot *above, const char *place,
	GPtrArray *warnings, GError **error) = {
	[OCI_STRING] = check_string,
	[OCI_BOOLEAN] = check_boolean,
	[OCI_INTEGER] = check_integer,
	[OCI_STRINGS] = check_strings,
	[OCI_INTEGERS] = check_integers,
	[OCI_STRING_MAP] = check_string_map,
	[OCI_ANY] = check_any,
};

/* The objects of an array, at `pattern[]`. */
static gboolean walk_objects(
	JsonArray *array, const struct spot *spot, GPtrArray *warnings, GError **error)
{
	g_autofree char *pattern = g_strconcat(spot->pattern, "[]", NULL);

	for (guint i = 0; i < json_array_get_length(array); i++) {
		g_autofree char *place = json_path_index(spot->place, i);
		const struct spot element = {pattern, place, spot->told};
		JsonObject *object = NULL;

		if (!json_element_object(array, spot->place, i, &object, error) ||
			!walk_object(object, &element, warnings, error))
			return FALSE;
	}
	return TRUE;
}

/* The objects of a map, at `pattern{}`. */
static gboolean walk_map(
	JsonObject *map, const struct spot *spot, GPtrArray *warnings, GError **error)
{
	g_autofree char *pattern = g_strconcat(spot->pattern, "{}", NULL);
	g_autoptr(GList) names = json_object_get_members(map);

	for (GList *name = names; name != NULL; name = name->next) {
		g_autofree char *place = json_path(spot->place, name->data);
		const struct spot value = {pattern, place, spot->told};
		JsonObject *object = NULL;

		if (!json_require_object(map, spot->place, name->data, &object, error) ||
			!walk_object(object, &value, warnings, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean check_content(JsonObject *object, const char *name, const struct oci_field *field,
	const struct spot *above, const struct spot *spot, GPtrArray *warnings, GError **error)
{
	JsonObject *inner = NULL;
	JsonArray *array = NULL;

	switch (field->type) {
	case OCI_OBJECT:
		return json_get_object(object, above->place, name, &inner, error) &&
		       (inner == NULL || walk_object(inner, spot, warnings, error));
	case OCI_OBJECT_MAP:
		return json_get_object(object, above->place, name, &inner, error) &&
		       (inner == NULL || walk_map(inner, spot, warnings, error));
	case OCI_OBJECTS:
		return json_get_array(object, above->place, name, &array, error) &&
		       (array == NULL || walk_objects(array, spot, warnings, error));
	default:
		return checks[field->type](
			object, name, field, above, spot->place, warnings, error);
	}
}

/* What the table says of a field that is given: an error, a warning, or nothing to say. */
static gboolean take_notice(const struct oci_field *field, JsonNode *node, struct spot *spot,
	GPtrArray *warnings, GError **error)
{
	if (field->coverage < OCI_REFUSED || !says_something(node))
		return TRUE;
	if (field->coverage == OCI_REFUSED) {
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "%s: not possible: %s", spot->place,
			field->reason);
		return FALSE;
	}
	if (!spot->told)
		g_ptr_array_add(warnings, g_strdup_printf("%s: %s", spot->place, field->reason));
	spot->told = TRUE;
	return TRUE;
}

static gboolean walk_member(JsonObject *object, const char *name, const struct spot *above,
	GPtrArray *warnings, GError **error)
{
	g_autofree char *pattern = json_path(above->pattern, name);
	g_autofree char *place = json_path(above->place, name);
	const struct oci_field *field = oci_field_find(pattern);
	struct spot spot = {pattern, place, above->told};

	if (field == NULL) {
		g_ptr_array_add(warnings, g_strdup_printf("%s: unknown, ignored", place));
		return TRUE;
	}
	return take_notice(field, json_object_get_member(object, name), &spot, warnings, error) &&
	       check_content(object, name, field, above, &spot, warnings, error);
}

/* Whether the field is a member of the object that `pattern` is. */
static gboolean is_member(const struct oci_field *field, const char *pattern)
{
	const char *name = field->path;
	gsize size = strlen(pattern);

	if (size > 0) {
		if (strncmp(name, pattern, size) != 0 || name[size] != '.')
			return FALSE;
		name += size + 1;
	}
	return strpbrk(name, ".[{") == NULL;
}

static gboolean check_required(JsonObject *object, const struct spot *spot, GError **error)
{
	for (gsize i = 0; oci_fields[i] != NULL; i++) {
		for (const struct oci_field *field = oci_fields[i]; field->path != NULL; field++) {
			const char *dot = strrchr(field->path, '.');
			const char *name = dot != NULL ? dot + 1 : field->path;
			JsonNode *node;

			if (!field->required || !is_member(field, spot->pattern))
				continue;
			node = json_object_get_member(object, name);
			if (node != NULL && !JSON_NODE_HOLDS_NULL(node))
				continue;

			g_autofree char *place = json_path(spot->place, name);

			g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "%s: missing", place);
			return FALSE;
		}
	}
	return TRUE;
}

static gboolean walk_object(
	JsonObject *object, const struct spot *spot, GPtrArray *warnings, GError **error)
{
	g_autoptr(GList) names = json_object_get_members(object);

	for (GList *name = names; name != NULL; name = name->next)
		if (!walk_member(object, name->data, spot, warnings, error))
			return FALSE;
	return check_required(object, spot, error);
}

gboolean oci_coverage_check(JsonObject *object, const char *section, const char *place,
	GPtrArray *warnings, GError **error)
{
	const struct spot spot = {section, place, FALSE};

	return walk_object(object, &spot, warnings, error);
}
