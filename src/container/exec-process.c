/* SPDX-License-Identifier: GPL-2.0-only */
/* The process that exec's flags describe. */
#include <string.h>

#include "base/error.h"
#include "container/container.h"
#include "container/directory.h"
#include "oci/capabilities.h"
#include "oci/spec.h"

static gboolean parse_number(const char *text, gint64 *out_number)
{
	guint64 number;

	if (!g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT32 - 1, &number, NULL))
		return FALSE;
	*out_number = (gint64)number;
	return TRUE;
}

/* A copy of the process as it stands in config.json. */
static JsonObject *copy_members(JsonObject *from)
{
	JsonObject *copy = json_object_new();
	g_autoptr(GList) members = json_object_get_members(from);

	for (GList *member = members; member != NULL; member = member->next)
		json_object_set_member(copy, member->data,
			json_node_copy(json_object_get_member(from, member->data)));
	return copy;
}

/* So that the terminal has its size from the start. */
static void set_console_size(JsonObject *process, const struct exec_flags *flags)
{
	JsonObject *size;

	json_object_remove_member(process, "consoleSize");
	if (!flags->terminal || flags->rows == 0 || flags->columns == 0)
		return;
	size = json_object_new();
	json_object_set_int_member(size, "height", flags->rows);
	json_object_set_int_member(size, "width", flags->columns);
	json_object_set_object_member(process, "consoleSize", size);
}

/* As runc: the groups stay as they are unless a group is given. */
static gboolean set_user(JsonObject *process, const char *user, GError **error)
{
	g_auto(GStrv) parts = g_strsplit(user, ":", 2);
	JsonNode *given = json_object_get_member(process, "user");
	JsonObject *object = given != NULL && JSON_NODE_HOLDS_OBJECT(given)
				     ? copy_members(json_node_get_object(given))
				     : json_object_new();
	gint64 uid = 0;
	gint64 gid = 0;

	if (!parse_number(parts[0], &uid) || (parts[1] != NULL && !parse_number(parts[1], &gid))) {
		json_object_unref(object);
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID,
			"--user: expected UID or UID:GID, found \"%s\"", user);
		return FALSE;
	}
	json_object_set_int_member(object, "uid", uid);
	if (parts[1] != NULL)
		json_object_set_int_member(object, "gid", gid);
	json_object_set_object_member(process, "user", object);
	return TRUE;
}

static gboolean set_gids(JsonObject *process, char **gids, GError **error)
{
	JsonArray *array = json_array_new();
	JsonNode *given = json_object_get_member(process, "user");
	JsonObject *user = given != NULL && JSON_NODE_HOLDS_OBJECT(given)
				   ? copy_members(json_node_get_object(given))
				   : json_object_new();

	json_object_set_array_member(user, "additionalGids", array);
	json_object_set_object_member(process, "user", user);
	for (; *gids != NULL; gids++) {
		gint64 gid;

		if (!parse_number(*gids, &gid)) {
			g_set_error(error, CC_ERROR, CC_ERROR_INVALID,
				"--additional-gids: expected a group id, found \"%s\"", *gids);
			return FALSE;
		}
		json_array_add_int_element(array, gid);
	}
	return TRUE;
}

static gboolean holds_string(JsonArray *array, const char *text)
{
	for (guint i = 0; i < json_array_get_length(array); i++)
		if (g_strcmp0(json_array_get_string_element(array, i), text) == 0)
			return TRUE;
	return FALSE;
}

/* A copy of the set with the names in addition. */
static JsonArray *extend_set(JsonObject *sets, const char *name, char **names)
{
	JsonArray *extended = json_array_new();
	JsonNode *given = sets != NULL ? json_object_get_member(sets, name) : NULL;

	if (given != NULL && JSON_NODE_HOLDS_ARRAY(given)) {
		JsonArray *array = json_node_get_array(given);

		for (guint i = 0; i < json_array_get_length(array); i++)
			json_array_add_element(
				extended, json_node_copy(json_array_get_element(array, i)));
	}
	for (; *names != NULL; names++)
		if (!holds_string(extended, *names))
			json_array_add_string_element(extended, *names);
	return extended;
}

/* As runc since 1.1.2: not the inheritable ones (CVE-2022-29162). */
static void add_capabilities(JsonObject *process, char **names)
{
	static const char *const set_names[] = {"bounding", "effective", "permitted", "ambient"};
	JsonNode *given = json_object_get_member(process, "capabilities");
	JsonObject *sets =
		given != NULL && JSON_NODE_HOLDS_OBJECT(given) ? json_node_get_object(given) : NULL;
	JsonObject *extended = sets != NULL ? copy_members(sets) : json_object_new();

	for (gsize i = 0; i < G_N_ELEMENTS(set_names); i++)
		json_object_set_array_member(
			extended, set_names[i], extend_set(sets, set_names[i], names));
	json_object_set_object_member(process, "capabilities", extended);
}

static void append_strings(JsonArray *array, char **strings)
{
	for (; strings != NULL && *strings != NULL; strings++)
		json_array_add_string_element(array, *strings);
}

static gboolean is_set_in(char **env, const char *entry)
{
	gsize name_size = strcspn(entry, "=") + 1;

	for (; env != NULL && *env != NULL; env++)
		if (strncmp(*env, entry, name_size) == 0)
			return TRUE;
	return FALSE;
}

/* The flags' variables take the place of the container's. */
static JsonArray *merge_env(char **base, char **flags)
{
	JsonArray *env = json_array_new();

	for (; base != NULL && *base != NULL; base++)
		if (!is_set_in(flags, *base))
			json_array_add_string_element(env, *base);
	append_strings(env, flags);
	return env;
}

static gboolean apply_flags(
	JsonObject *process, char **base_env, const struct exec_flags *flags, GError **error)
{
	JsonArray *args = json_array_new();

	append_strings(args, flags->args);
	json_object_set_array_member(process, "args", args);
	json_object_set_array_member(process, "env", merge_env(base_env, flags->env));
	json_object_set_boolean_member(process, "terminal", flags->terminal);
	set_console_size(process, flags);
	if (flags->cwd != NULL)
		json_object_set_string_member(process, "cwd", flags->cwd);
	if (flags->no_new_privileges)
		json_object_set_boolean_member(process, "noNewPrivileges", TRUE);
	if (flags->capabilities != NULL)
		add_capabilities(process, flags->capabilities);
	return (flags->user == NULL || set_user(process, flags->user, error)) &&
	       (flags->additional_gids == NULL || set_gids(process, flags->additional_gids, error));
}

static struct oci_process *process_in_vm(const struct exec_flags *flags, GError **error)
{
	static const char *const env[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root",
		"TERM=xterm", NULL};
	g_autoptr(JsonObject) process = json_object_new();

	json_object_set_string_member(process, "cwd", "/");
	add_capabilities(process, (char **)oci_capability_names);
	if (!apply_flags(process, (char **)env, flags, error))
		return NULL;
	return oci_process_from_json(process, "process", error);
}

struct oci_process *container_exec_process(const struct settings *settings, const char *id,
	const struct exec_flags *flags, GError **error)
{
	g_autoptr(oci_state) state = container_state(settings, id, error);
	g_autofree char *directory = NULL;
	g_autoptr(oci_spec) spec = NULL;
	g_autoptr(JsonObject) process = NULL;

	if (state == NULL)
		return NULL;
	if (flags->in_vm)
		return process_in_vm(flags, error);
	directory = directory_path(settings, id);
	spec = oci_spec_load_kept(directory, state->bundle, error);
	if (spec == NULL)
		return NULL;
	process = copy_members(json_node_get_object(spec->process->json));
	if (!apply_flags(process, spec->process->env, flags, error))
		return NULL;
	return oci_process_from_json(process, "process", error);
}
