/* SPDX-License-Identifier: GPL-2.0-only */
/* JSON with limits and places. */
#include "base/json.h"

#include <string.h>

#include "base/error.h"
#include "base/file.h"

enum {
	JSON_FILE_MAX = 4 << 20,
};

static gboolean invalid(GError **error, const char *text)
{
	g_set_error_literal(error, CC_ERROR, CC_ERROR_INVALID, text);
	return FALSE;
}

/* Where a scan over the text has got to. */
struct scan {
	gboolean in_string;
	gboolean ended;
	int depth;
};

/* One byte outside strings. */
static gboolean scan_plain(struct scan *scan, char c, GError **error)
{
	if (scan->ended && !g_ascii_isspace(c))
		return invalid(error, "not JSON: more behind its end");
	switch (c) {
	case '"':
		scan->in_string = TRUE;
		return TRUE;
	case '/':
	case '\'':
	case '#':
		return invalid(error, "not JSON: a comment or single quote");
	case '{':
	case '[':
		if (++scan->depth > JSON_DEPTH_MAX)
			return invalid(error, "not accepted: nested too deep");
		return TRUE;
	case '}':
	case ']':
		scan->ended = --scan->depth <= 0;
		return TRUE;
	default:
		return TRUE;
	}
}

/*
 * What json-glib does not guard itself against: NULs, and depth (it recurses). It also takes what
 * is no JSON: a second document behind the first, and comments and single quotes, which would hide
 * brackets from this count.
 */
static gboolean check_text(const char *data, gsize size, GError **error)
{
	struct scan scan = {0};

	if (memchr(data, '\0', size) != NULL)
		return invalid(error, "not JSON: a NUL byte");
	if (!g_utf8_validate(data, (gssize)size, NULL))
		return invalid(error, "not JSON: not UTF-8");
	for (gsize i = 0; i < size; i++) {
		if (!scan.in_string) {
			if (!scan_plain(&scan, data[i], error))
				return FALSE;
		} else if (data[i] == '"') {
			scan.in_string = FALSE;
		} else if (data[i] == '\\') {
			i++;
			if (size - i >= 5 && memcmp(data + i, "u0000", 5) == 0)
				return invalid(error, "not accepted: a string with \\u0000");
		}
	}
	return TRUE;
}

/* json-glib's message without the name of its stream, which tells a user nothing. */
static void set_parse_error(GError **error, const GError *cause)
{
	const char *text = cause->message;

	if (g_str_has_prefix(text, "<data>:"))
		text += strlen("<data>:");
	g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "not JSON: line %s", text);
}

JsonNode *json_parse(const char *data, gsize size, GError **error)
{
	g_autoptr(JsonParser) parser = json_parser_new_immutable();
	g_autoptr(GError) cause = NULL;

	if (!check_text(data, size, error))
		return NULL;
	if (!json_parser_load_from_data(parser, data, (gssize)size, &cause)) {
		set_parse_error(error, cause);
		return NULL;
	}

	JsonNode *root = json_parser_get_root(parser);

	if (root == NULL) {
		invalid(error, "not JSON: empty");
		return NULL;
	}
	return json_node_ref(root);
}

JsonNode *json_parse_object(const char *data, gsize size, GError **error)
{
	g_autoptr(JsonNode) node = json_parse(data, size, error);

	if (node != NULL && !JSON_NODE_HOLDS_OBJECT(node)) {
		invalid(error, "expected an object");
		return NULL;
	}
	return g_steal_pointer(&node);
}

JsonNode *json_load_object(const char *path, GError **error)
{
	g_autofree char *data = NULL;
	gsize size;

	if (!file_read(path, JSON_FILE_MAX, &data, &size, error))
		return NULL;

	JsonNode *node = json_parse_object(data, size, error);

	if (node == NULL)
		g_prefix_error(error, "%s: ", path);
	return node;
}

char *json_path(const char *path, const char *member)
{
	return *path == '\0' ? g_strdup(member) : g_strdup_printf("%s.%s", path, member);
}

char *json_path_index(const char *path, guint index)
{
	return g_strdup_printf("%s[%u]", path, index);
}

static const char *describe(JsonNode *node)
{
	switch (json_node_get_node_type(node)) {
	case JSON_NODE_OBJECT:
		return "an object";
	case JSON_NODE_ARRAY:
		return "an array";
	case JSON_NODE_NULL:
		return "null";
	case JSON_NODE_VALUE:
		break;
	}
	switch (json_node_get_value_type(node)) {
	case G_TYPE_STRING:
		return "a string";
	case G_TYPE_BOOLEAN:
		return "true or false";
	default:
		return "a number";
	}
}

static void set_type_error(
	GError **error, const char *path, const char *member, const char *expected, JsonNode *node)
{
	g_autofree char *where = json_path(path, member);

	g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "%s: expected %s, found %s", where, expected,
		describe(node));
}

static gboolean missing(GError **error, const char *path, const char *member)
{
	g_autofree char *where = json_path(path, member);

	g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "%s: missing", where);
	return FALSE;
}

/* The member, or NULL when it is missing or null. */
static JsonNode *find(JsonObject *object, const char *member)
{
	JsonNode *node = json_object_get_member(object, member);

	return node != NULL && !JSON_NODE_HOLDS_NULL(node) ? node : NULL;
}

static gboolean holds(JsonNode *node, GType type)
{
	return JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == type;
}

gboolean json_get_string(JsonObject *object, const char *path, const char *member,
	const char **out_value, GError **error)
{
	JsonNode *node = find(object, member);

	if (node == NULL)
		return TRUE;
	if (!holds(node, G_TYPE_STRING)) {
		set_type_error(error, path, member, "a string", node);
		return FALSE;
	}
	*out_value = json_node_get_string(node);
	return TRUE;
}

gboolean json_get_boolean(JsonObject *object, const char *path, const char *member,
	gboolean *out_value, GError **error)
{
	JsonNode *node = find(object, member);

	if (node == NULL)
		return TRUE;
	if (!holds(node, G_TYPE_BOOLEAN)) {
		set_type_error(error, path, member, "true or false", node);
		return FALSE;
	}
	*out_value = json_node_get_boolean(node);
	return TRUE;
}

gboolean json_get_integer(JsonObject *object, const char *path, const char *member, gint64 minimum,
	gint64 maximum, gint64 *out_value, GError **error)
{
	JsonNode *node = find(object, member);

	if (node == NULL)
		return TRUE;
	if (!holds(node, G_TYPE_INT64)) {
		set_type_error(error, path, member, "a whole number", node);
		return FALSE;
	}

	gint64 value = json_node_get_int(node);

	if (value < minimum || value > maximum) {
		g_autofree char *where = json_path(path, member);

		g_set_error(error, CC_ERROR, CC_ERROR_INVALID,
			"%s: %" G_GINT64_FORMAT " is not between %" G_GINT64_FORMAT
			" and %" G_GINT64_FORMAT,
			where, value, minimum, maximum);
		return FALSE;
	}
	*out_value = value;
	return TRUE;
}

gboolean json_get_object(JsonObject *object, const char *path, const char *member,
	JsonObject **out_value, GError **error)
{
	JsonNode *node = find(object, member);

	if (node == NULL)
		return TRUE;
	if (!JSON_NODE_HOLDS_OBJECT(node)) {
		set_type_error(error, path, member, "an object", node);
		return FALSE;
	}
	*out_value = json_node_get_object(node);
	return TRUE;
}

gboolean json_get_array(JsonObject *object, const char *path, const char *member,
	JsonArray **out_value, GError **error)
{
	JsonNode *node = find(object, member);

	if (node == NULL)
		return TRUE;
	if (!JSON_NODE_HOLDS_ARRAY(node)) {
		set_type_error(error, path, member, "an array", node);
		return FALSE;
	}
	*out_value = json_node_get_array(node);
	return TRUE;
}

gboolean json_get_strings(
	JsonObject *object, const char *path, const char *member, GStrv *out_value, GError **error)
{
	JsonArray *array = NULL;

	if (!json_get_array(object, path, member, &array, error))
		return FALSE;
	if (array == NULL)
		return TRUE;

	g_autoptr(GStrvBuilder) strings = g_strv_builder_new();

	for (guint i = 0; i < json_array_get_length(array); i++) {
		JsonNode *node = json_array_get_element(array, i);

		if (!holds(node, G_TYPE_STRING)) {
			g_autofree char *element = json_path_index(member, i);

			set_type_error(error, path, element, "a string", node);
			return FALSE;
		}
		g_strv_builder_add(strings, json_node_get_string(node));
	}
	*out_value = g_strv_builder_end(strings);
	return TRUE;
}

gboolean json_require_string(JsonObject *object, const char *path, const char *member,
	const char **out_value, GError **error)
{
	if (find(object, member) == NULL)
		return missing(error, path, member);
	return json_get_string(object, path, member, out_value, error);
}

gboolean json_require_object(JsonObject *object, const char *path, const char *member,
	JsonObject **out_value, GError **error)
{
	if (find(object, member) == NULL)
		return missing(error, path, member);
	return json_get_object(object, path, member, out_value, error);
}

gboolean json_require_integer(JsonObject *object, const char *path, const char *member,
	gint64 minimum, gint64 maximum, gint64 *out_value, GError **error)
{
	if (find(object, member) == NULL)
		return missing(error, path, member);
	return json_get_integer(object, path, member, minimum, maximum, out_value, error);
}

gboolean json_element_object(
	JsonArray *array, const char *path, guint index, JsonObject **out_value, GError **error)
{
	JsonNode *node = json_array_get_element(array, index);

	if (!JSON_NODE_HOLDS_OBJECT(node)) {
		g_autofree char *element = json_path_index(path, index);

		set_type_error(error, "", element, "an object", node);
		return FALSE;
	}
	*out_value = json_node_get_object(node);
	return TRUE;
}

/* `"key" : value` as `"key": value`: the blank in front of each colon that is in no string. */
static void close_up(char *text)
{
	gboolean in_string = FALSE;
	char *to = text;

	for (const char *from = text; *from != '\0'; from++) {
		if (*from == '"')
			in_string = !in_string;
		if (in_string && *from == '\\')
			*to++ = *from++;
		if (in_string || *from != ' ' || from[1] != ':')
			*to++ = *from;
	}
	*to = '\0';
}

char *json_format(JsonNode *node, gboolean pretty)
{
	char *text = json_to_string(node, pretty);

	if (pretty)
		close_up(text);
	return text;
}

char *json_format_object(JsonObject *object, gboolean pretty)
{
	g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);

	json_node_take_object(node, object);
	return json_format(node, pretty);
}

char *json_quote(const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	g_autoptr(JsonNode) node = json_node_new(JSON_NODE_VALUE);

	json_node_set_string(node, valid);
	return json_format(node, FALSE);
}
