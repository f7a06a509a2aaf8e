/* SPDX-License-Identifier: GPL-2.0-only */
/* `annotations` as a hash table and back. */
#include "oci/annotations.h"

#include <string.h>

#include "base/json.h"

GHashTable *oci_annotations_new(void)
{
	return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

gboolean oci_annotations_parse(JsonObject *object, GHashTable *annotations, GError **error)
{
	JsonObject *section = NULL;

	if (!json_get_object(object, "", "annotations", &section, error))
		return FALSE;
	if (section == NULL)
		return TRUE;

	g_autoptr(GList) names = json_object_get_members(section);

	for (GList *name = names; name != NULL; name = name->next) {
		const char *value = "";

		if (!json_get_string(section, "annotations", name->data, &value, error))
			return FALSE;
		g_hash_table_insert(annotations, g_strdup(name->data), g_strdup(value));
	}
	return TRUE;
}

JsonObject *oci_annotations_to_json(GHashTable *annotations)
{
	JsonObject *object = json_object_new();
	g_autoptr(GList) names = g_hash_table_get_keys(annotations);

	names = g_list_sort(names, (GCompareFunc)strcmp);
	for (GList *name = names; name != NULL; name = name->next)
		json_object_set_string_member(
			object, name->data, g_hash_table_lookup(annotations, name->data));
	return object;
}
