/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * JSON from files and peers that are not trusted: parsing with limits, and members fetched by type.
 *
 * Every accessor takes the path of its object ("process", "linux.namespaces[2]", "" for the root),
 * so that its error names the place: `process.cwd: expected a string, found a number`. A member
 * that is null counts as missing. What is handed out belongs to the document, unless said
 * otherwise.
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

enum {
	/* Arrays and objects within each other; json-glib's parser recurses. */
	JSON_DEPTH_MAX = 64,
};

/*
 * Parses the whole of the bytes, which must be UTF-8 without NULs (raw or as \u0000). The caller
 * owns the node.
 */
JsonNode *json_parse(const char *data, gsize size, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same, and the document must be an object. */
JsonNode *json_parse_object(const char *data, gsize size, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* As json_parse_object, of a file of at most 4 MiB; errors name the path. */
JsonNode *json_load_object(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Path of a member: "a" and "b" make "a.b", "" and "b" make "b". The caller frees. */
char *json_path(const char *path, const char *member);
/* Path of an element: "a[3]". The caller frees. */
char *json_path_index(const char *path, guint index);

/* Missing: the output keeps the value that the caller has put there. */
gboolean json_get_string(JsonObject *object, const char *path, const char *member,
	const char **out_value, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean json_get_boolean(JsonObject *object, const char *path, const char *member,
	gboolean *out_value, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A whole number within the bounds. */
gboolean json_get_integer(JsonObject *object, const char *path, const char *member, gint64 minimum,
	gint64 maximum, gint64 *out_value, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean json_get_object(JsonObject *object, const char *path, const char *member,
	JsonObject **out_value, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean json_get_array(JsonObject *object, const char *path, const char *member,
	JsonArray **out_value, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* An array of strings, as a new NULL-terminated vector, the caller's. */
gboolean json_get_strings(JsonObject *object, const char *path, const char *member,
	GStrv *out_value, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Missing: an error, `process.args: missing`. */
gboolean json_require_string(JsonObject *object, const char *path, const char *member,
	const char **out_value, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean json_require_object(JsonObject *object, const char *path, const char *member,
	JsonObject **out_value, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean json_require_integer(JsonObject *object, const char *path, const char *member,
	gint64 minimum, gint64 maximum, gint64 *out_value,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The object at an index of an array; an error when it is something else. */
gboolean json_element_object(JsonArray *array, const char *path, guint index,
	JsonObject **out_value, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Compact, or indented with two spaces as runc prints. The caller frees. */
char *json_format(JsonNode *node, gboolean pretty);
/* Takes over the object. */
char *json_format_object(JsonObject *object, gboolean pretty);
/* The string as a JSON string, quotes included. Invalid UTF-8 is replaced. The caller frees. */
char *json_quote(const char *text);
