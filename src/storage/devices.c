/* SPDX-License-Identifier: GPL-2.0-only */
/* Finds block devices of the host among a container's. */
#include "storage/devices.h"

#include <string.h>

#include "base/error.h"
#include "base/log.h"

/* The types were checked when the document was parsed. */
static JsonObject *get_object(JsonObject *object, const char *name)
{
	JsonNode *node = object != NULL ? json_object_get_member(object, name) : NULL;

	return node != NULL && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

static JsonArray *get_array(JsonObject *object, const char *name)
{
	JsonNode *node = object != NULL ? json_object_get_member(object, name) : NULL;

	return node != NULL && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
}

static guint length(JsonArray *array)
{
	return array != NULL ? json_array_get_length(array) : 0;
}

/* A rule of the device cgroup that allows all of them. */
static gboolean allows_all(JsonObject *rule)
{
	const char *type = json_object_get_string_member_with_default(rule, "type", "a");

	return json_object_get_boolean_member_with_default(rule, "allow", FALSE) &&
	       (strcmp(type, "a") == 0 || *type == '\0') &&
	       !json_object_has_member(rule, "major") && !json_object_has_member(rule, "minor");
}

static gboolean is_privileged(JsonObject *section)
{
	JsonArray *rules = get_array(get_object(section, "resources"), "devices");

	for (guint i = 0; i < length(rules); i++)
		if (allows_all(json_array_get_object_element(rules, i)))
			return TRUE;
	return FALSE;
}

static gboolean is_of_host(JsonObject *device, const char *directory, char **out_number)
{
	if (strcmp(json_object_get_string_member(device, "type"), "b") != 0)
		return FALSE;
	*out_number = g_strdup_printf("%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT,
		json_object_get_int_member(device, "major"),
		json_object_get_int_member(device, "minor"));

	g_autofree char *path = g_build_filename(directory, *out_number, NULL);

	return g_file_test(path, G_FILE_TEST_EXISTS);
}

gboolean storage_check_devices(const struct oci_spec *spec, const char *directory, GError **error)
{
	JsonObject *section = get_object(json_node_get_object(spec->document), "linux");
	JsonArray *devices = get_array(section, "devices");

	for (guint i = 0; i < length(devices); i++) {
		g_autofree char *number = NULL;

		if (!is_of_host(json_array_get_object_element(devices, i), directory, &number))
			continue;
		if (!is_privileged(section)) {
			g_set_error(error, CC_ERROR, CC_ERROR_INVALID,
				"%s/" OCI_CONFIG_NAME
				": linux.devices[%u]: not possible: block device %s of the host "
				"is not passed into a guest",
				spec->bundle, i, number);
			return FALSE;
		}
		log_warning("%s/" OCI_CONFIG_NAME
			    ": linux.devices[%u]: block device %s of the host is not the guest's",
			spec->bundle, i, number);
	}
	return TRUE;
}
