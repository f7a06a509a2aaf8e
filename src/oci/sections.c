/* SPDX-License-Identifier: GPL-2.0-only */
/* The sections of config.json that the guest gets. */
#include "oci/sections.h"

#include <string.h>

static const char *const copied_sections[] = {"ociVersion", "process", "root", "hostname",
	"domainname", "mounts", "linux", "annotations", NULL};

/* The kinds that run in the container's namespaces. */
static const char *const guest_hooks[] = {"createContainer", "startContainer", NULL};

static JsonNode *copy_node(JsonNode *node);

static JsonNode *copy_object(JsonObject *object)
{
	g_autoptr(GList) names = json_object_get_members(object);
	JsonObject *copy = json_object_new();
	JsonNode *node = json_node_new(JSON_NODE_OBJECT);

	for (GList *name = names; name != NULL; name = name->next)
		json_object_set_member(
			copy, name->data, copy_node(json_object_get_member(object, name->data)));
	json_node_take_object(node, copy);
	return node;
}

static JsonNode *copy_array(JsonArray *array)
{
	JsonArray *copy = json_array_new();
	JsonNode *node = json_node_new(JSON_NODE_ARRAY);

	for (guint i = 0; i < json_array_get_length(array); i++)
		json_array_add_element(copy, copy_node(json_array_get_element(array, i)));
	json_node_take_array(node, copy);
	return node;
}

/* json_node_copy shares objects and arrays. The parser has bounded the depth. */
static JsonNode *copy_node(JsonNode *node)
{
	if (JSON_NODE_HOLDS_OBJECT(node))
		return copy_object(json_node_get_object(node));
	if (JSON_NODE_HOLDS_ARRAY(node))
		return copy_array(json_node_get_array(node));
	return json_node_copy(node);
}

static void place_mounts(
	const struct oci_spec *spec, JsonArray *mounts, const char *const *bind_sources)
{
	for (guint i = 0; i < spec->n_mounts; i++) {
		JsonObject *mount = json_array_get_object_element(mounts, i);

		json_object_set_string_member(mount, "destination", spec->mounts[i].destination);
		if (bind_sources[i] != NULL)
			json_object_set_string_member(mount, "source", bind_sources[i]);
	}
}

static void copy_hooks(JsonObject *root, JsonObject *sections)
{
	JsonNode *node = json_object_get_member(root, "hooks");
	JsonObject *hooks = json_object_new();

	for (const char *const *kind = guest_hooks; *kind != NULL; kind++) {
		JsonNode *list = node != NULL && JSON_NODE_HOLDS_OBJECT(node)
					 ? json_object_get_member(json_node_get_object(node), *kind)
					 : NULL;

		if (list != NULL)
			json_object_set_member(hooks, *kind, copy_node(list));
	}
	json_object_set_object_member(sections, "hooks", hooks);
}

JsonObject *oci_spec_guest_sections(const struct oci_spec *spec, const char *const *bind_sources)
{
	JsonObject *root = json_node_get_object(spec->document);
	JsonObject *sections = json_object_new();

	for (const char *const *name = copied_sections; *name != NULL; name++) {
		JsonNode *node = json_object_get_member(root, *name);

		if (node != NULL && !JSON_NODE_HOLDS_NULL(node))
			json_object_set_member(sections, *name, copy_node(node));
	}
	copy_hooks(root, sections);
	/* What hooks read of the state. */
	json_object_set_string_member(sections, "bundle", spec->bundle);
	if (spec->n_mounts > 0)
		place_mounts(spec, json_object_get_array_member(sections, "mounts"), bind_sources);
	return sections;
}

void oci_sections_place_namespaces(JsonObject *sections, GPtrArray *owners)
{
	JsonArray *namespaces;

	if (owners->len == 0)
		return;
	namespaces = json_object_get_array_member(
		json_object_get_object_member(sections, "linux"), "namespaces");
	for (guint i = 0; i < owners->len; i++) {
		JsonObject *namespace = json_array_get_object_element(namespaces, i);
		const char *owner = g_ptr_array_index(owners, i);

		if (owner != NULL)
			json_object_set_string_member(namespace, "path", owner);
		else if (json_object_has_member(namespace, "path"))
			json_object_remove_member(namespace, "path");
	}
}

void oci_sections_set_variable(JsonObject *sections, const char *variable)
{
	JsonObject *process = json_object_get_object_member(sections, "process");
	g_autofree char *name = g_strndup(variable, (gsize)(strchr(variable, '=') + 1 - variable));
	JsonArray *env = json_array_new();

	JsonNode *old_env = json_object_get_member(process, "env");

	if (old_env != NULL && JSON_NODE_HOLDS_ARRAY(old_env)) {
		JsonArray *old = json_node_get_array(old_env);

		for (guint i = 0; i < json_array_get_length(old); i++) {
			const char *other = json_array_get_string_element(old, i);

			if (!g_str_has_prefix(other, name))
				json_array_add_string_element(env, other);
		}
	}
	json_array_add_string_element(env, variable);
	json_object_set_array_member(process, "env", env);
}
