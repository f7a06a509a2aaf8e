/* SPDX-License-Identifier: GPL-2.0-only */
/* The `mounts` of config.json. */
#include "oci/mounts.h"

#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/log.h"

/* Later options win, as for mount(8). */
static void read_options(struct oci_mount *mount)
{
	if (strcmp(mount->type, "bind") == 0)
		mount->is_bind = TRUE;
	for (char **option = mount->options; *option != NULL; option++) {
		if (strcmp(*option, "bind") == 0) {
			mount->is_bind = TRUE;
		} else if (strcmp(*option, "rbind") == 0) {
			mount->is_bind = TRUE;
			mount->is_recursive = TRUE;
		} else if (strcmp(*option, "ro") == 0 || strcmp(*option, "rro") == 0) {
			mount->is_readonly = TRUE;
		} else if (strcmp(*option, "rw") == 0) {
			mount->is_readonly = FALSE;
		}
	}
	/* What is mounted already is the guest's alone to change. */
	if (g_strv_contains((const char *const *)mount->options, "remount"))
		mount->is_bind = FALSE;
}

static gboolean read_destination(
	struct oci_mount *mount, JsonObject *object, const char *path, GError **error)
{
	const char *destination = NULL;

	if (!json_require_string(object, path, "destination", &destination, error))
		return FALSE;
	if (*destination == '\0') {
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "%s.destination: empty", path);
		return FALSE;
	}
	if (*destination == '/') {
		mount->destination = g_strdup(destination);
		return TRUE;
	}
	log_warning("%s.destination: not absolute, taken as /%s", path, destination);
	mount->destination = g_strconcat("/", destination, NULL);
	return TRUE;
}

static gboolean read_source(struct oci_mount *mount, JsonObject *object, const char *path,
	const char *bundle, GError **error)
{
	const char *source = NULL;

	if (!json_get_string(object, path, "source", &source, error))
		return FALSE;
	if (!mount->is_bind) {
		mount->source = g_strdup(source);
		return TRUE;
	}
	if (source == NULL || *source == '\0') {
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "%s.source: missing", path);
		return FALSE;
	}
	mount->source = g_canonicalize_filename(source, bundle);
	return TRUE;
}

static gboolean read_mount(struct oci_mount *mount, JsonObject *object, const char *path,
	const char *bundle, GError **error)
{
	const char *type = "";

	if (!read_destination(mount, object, path, error) ||
		!json_get_string(object, path, "type", &type, error) ||
		!json_get_strings(object, path, "options", &mount->options, error))
		return FALSE;
	mount->type = g_strdup(type);
	if (mount->options == NULL)
		mount->options = g_new0(char *, 1);
	read_options(mount);
	return read_source(mount, object, path, bundle, error);
}

static gboolean read_mounts(
	struct oci_mount *mounts, gsize n, JsonArray *array, const char *bundle, GError **error)
{
	for (guint i = 0; i < n; i++) {
		g_autofree char *path = json_path_index("mounts", i);
		JsonObject *object = NULL;

		if (!json_element_object(array, "mounts", i, &object, error) ||
			!read_mount(&mounts[i], object, path, bundle, error))
			return FALSE;
	}
	return TRUE;
}

gboolean oci_mounts_parse(JsonObject *root, const char *bundle, struct oci_mount **out_mounts,
	gsize *out_n, GError **error)
{
	JsonArray *array = NULL;

	if (!json_get_array(root, "", "mounts", &array, error))
		return FALSE;

	gsize n = array != NULL ? json_array_get_length(array) : 0;
	struct oci_mount *mounts = g_new0(struct oci_mount, n);

	if (!read_mounts(mounts, n, array, bundle, error)) {
		oci_mounts_free(mounts, n);
		return FALSE;
	}
	*out_mounts = mounts;
	*out_n = n;
	return TRUE;
}

void oci_mounts_free(struct oci_mount *mounts, gsize n)
{
	for (gsize i = 0; i < n; i++) {
		g_free(mounts[i].destination);
		g_free(mounts[i].type);
		g_free(mounts[i].source);
		g_strfreev(mounts[i].options);
	}
	g_free(mounts);
}
