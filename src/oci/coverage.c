/* SPDX-License-Identifier: GPL-2.0-only */
/* Finds the parts of config.json that are not honoured yet. */
#include "oci/coverage.h"

/* Section and member; NULL: a member of the document. */
static const struct {
	const char *section;
	const char *group;
	const char *member;
} unhonoured[] = {
	{NULL, "hooks", "createContainer"},
	{NULL, "hooks", "startContainer"},
	{"process", NULL, "apparmorProfile"},
	{"process", NULL, "selinuxLabel"},
	{"process", NULL, "scheduler"},
	{"process", NULL, "ioPriority"},
	{"linux", NULL, "seccomp"},
	{"linux", NULL, "intelRdt"},
	{"linux", NULL, "mountLabel"},
	{"linux", NULL, "personality"},
	{"linux", NULL, "timeOffsets"},
	{"linux", "resources", "memory"},
	{"linux", "resources", "cpu"},
	{"linux", "resources", "pids"},
	{"linux", "resources", "blockIO"},
	{"linux", "resources", "hugepageLimits"},
	{"linux", "resources", "unified"},
};

static JsonObject *member_object(JsonObject *object, const char *name)
{
	JsonNode *node = object != NULL ? json_object_get_member(object, name) : NULL;

	return node != NULL && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

/* Engines write empty objects, arrays and strings for what was not asked for. */
static gboolean says_something(JsonObject *object, const char *name)
{
	JsonNode *node = object != NULL ? json_object_get_member(object, name) : NULL;

	if (node == NULL || JSON_NODE_HOLDS_NULL(node))
		return FALSE;
	if (JSON_NODE_HOLDS_OBJECT(node))
		return json_object_get_size(json_node_get_object(node)) > 0;
	if (JSON_NODE_HOLDS_ARRAY(node))
		return json_array_get_length(json_node_get_array(node)) > 0;
	return json_node_get_value_type(node) != G_TYPE_STRING ||
	       *json_node_get_string(node) != '\0';
}

char *oci_spec_unhonoured(const struct oci_spec *spec)
{
	g_autoptr(GString) list = g_string_new(NULL);

	for (gsize i = 0; i < G_N_ELEMENTS(unhonoured); i++) {
		JsonObject *object = json_node_get_object(spec->document);
		const char *section = unhonoured[i].section;
		const char *group = unhonoured[i].group;

		if (section != NULL)
			object = member_object(object, section);
		if (group != NULL)
			object = member_object(object, group);
		if (!says_something(object, unhonoured[i].member))
			continue;
		g_string_append_printf(list, "%s%s%s%s%s%s", list->len > 0 ? ", " : "",
			section != NULL ? section : "", section != NULL ? "." : "",
			group != NULL ? group : "", group != NULL ? "." : "", unhonoured[i].member);
	}
	return list->len > 0 ? g_string_free(g_steal_pointer(&list), FALSE) : NULL;
}
