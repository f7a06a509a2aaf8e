/* SPDX-License-Identifier: GPL-2.0-only */
/* Merges resources. */
#include "oci/update.h"

#include <string.h>

/* Of these, 0 says something. */
static gboolean is_switch(const char *name)
{
	return strcmp(name, "idle") == 0 || strcmp(name, "swappiness") == 0;
}

static gboolean is_given(const char *name, JsonNode *node)
{
	if (JSON_NODE_HOLDS_NULL(node))
		return FALSE;
	if (!JSON_NODE_HOLDS_VALUE(node))
		return TRUE;
	if (json_node_get_value_type(node) == G_TYPE_INT64)
		return json_node_get_int(node) != 0 || is_switch(name);
	return json_node_get_value_type(node) != G_TYPE_STRING ||
	       *json_node_get_string(node) != '\0';
}

/* The object that is a member, made if it is not there. */
static JsonObject *get_object(JsonObject *object, const char *name)
{
	JsonNode *node = json_object_get_member(object, name);

	if (node == NULL || !JSON_NODE_HOLDS_OBJECT(node))
		json_object_set_object_member(object, name, json_object_new());
	return json_object_get_object_member(object, name);
}

/* The parser has bounded the depth. */
static void merge(JsonObject *into, JsonObject *from)
{
	g_autoptr(GList) names = json_object_get_members(from);

	for (GList *name = names; name != NULL; name = name->next) {
		JsonNode *node = json_object_get_member(from, name->data);

		if (JSON_NODE_HOLDS_OBJECT(node))
			merge(get_object(into, name->data), json_node_get_object(node));
		else if (is_given(name->data, node))
			json_object_set_member(into, name->data, json_node_copy(node));
	}
}

void oci_resources_merge(JsonObject *config, JsonObject *update)
{
	merge(get_object(get_object(config, "linux"), "resources"), update);
}
