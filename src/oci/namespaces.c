/* SPDX-License-Identifier: GPL-2.0-only */
/* `linux.namespaces` of config.json. */
#include "oci/namespaces.h"

#include <string.h>

#include "base/error.h"
#include "base/json.h"

static const char list_path[] = "linux.namespaces";

static const char *const known_types[] = {
	"pid", "network", "mount", "ipc", "uts", "user", "cgroup", "time", NULL};

static gboolean set_invalid(
	GError **error, const char *path, const char *member, const char *text, const char *value)
{
	g_autofree char *quoted = json_quote(value);

	g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "%s.%s: %s: %s", path, member, text, quoted);
	return FALSE;
}

/* `earlier` are the n namespaces before this one. */
static gboolean check_type(const char *type, const struct oci_namespace *earlier, gsize n,
	const char *path, GError **error)
{
	if (!g_strv_contains(known_types, type))
		return set_invalid(error, path, "type", "unknown", type);
	for (gsize i = 0; i < n; i++)
		if (strcmp(earlier[i].type, type) == 0)
			return set_invalid(error, path, "type", "given twice", type);
	return TRUE;
}

static gboolean read_namespace(
	struct oci_namespace *namespaces, guint index, JsonObject *object, GError **error)
{
	g_autofree char *place = json_path_index(list_path, index);
	const char *type = NULL;
	const char *path = "";

	if (!json_require_string(object, place, "type", &type, error) ||
		!check_type(type, namespaces, index, place, error) ||
		!json_get_string(object, place, "path", &path, error))
		return FALSE;
	if (*path != '\0' && *path != '/')
		return set_invalid(error, place, "path", "not absolute", path);
	namespaces[index].type = g_strdup(type);
	namespaces[index].path = *path != '\0' ? g_strdup(path) : NULL;
	return TRUE;
}

static gboolean read_namespaces(
	struct oci_namespace *namespaces, gsize n, JsonArray *array, GError **error)
{
	for (guint i = 0; i < n; i++) {
		JsonObject *object = NULL;

		if (!json_element_object(array, list_path, i, &object, error) ||
			!read_namespace(namespaces, i, object, error))
			return FALSE;
	}
	return TRUE;
}

gboolean oci_namespaces_parse(
	JsonObject *root, struct oci_namespace **out_namespaces, gsize *out_n, GError **error)
{
	JsonObject *linux_section = NULL;
	JsonArray *array = NULL;

	if (!json_get_object(root, "", "linux", &linux_section, error))
		return FALSE;
	if (linux_section != NULL &&
		!json_get_array(linux_section, "linux", "namespaces", &array, error))
		return FALSE;

	gsize n = array != NULL ? json_array_get_length(array) : 0;
	struct oci_namespace *namespaces = g_new0(struct oci_namespace, n);

	if (!read_namespaces(namespaces, n, array, error)) {
		oci_namespaces_free(namespaces, n);
		return FALSE;
	}
	*out_namespaces = namespaces;
	*out_n = n;
	return TRUE;
}

void oci_namespaces_free(struct oci_namespace *namespaces, gsize n)
{
	for (gsize i = 0; i < n; i++) {
		g_free(namespaces[i].type);
		g_free(namespaces[i].path);
	}
	g_free(namespaces);
}
