/* SPDX-License-Identifier: GPL-2.0-only */
/* `hooks` of config.json. */
#include "oci/hooks.h"

#include "base/error.h"
#include "base/json.h"

static const char *const names[OCI_HOOK_KINDS] = {
	[OCI_HOOK_PRESTART] = "prestart",
	[OCI_HOOK_CREATE_RUNTIME] = "createRuntime",
	[OCI_HOOK_CREATE_CONTAINER] = "createContainer",
	[OCI_HOOK_START_CONTAINER] = "startContainer",
	[OCI_HOOK_POSTSTART] = "poststart",
	[OCI_HOOK_POSTSTOP] = "poststop",
};

const char *oci_hook_name(enum oci_hook_kind kind)
{
	return names[kind];
}

static void hook_free(struct oci_hook *hook)
{
	g_free(hook->path);
	g_strfreev(hook->args);
	g_strfreev(hook->env);
	g_free(hook);
}

static gboolean read_path(
	struct oci_hook *hook, JsonObject *object, const char *place, GError **error)
{
	const char *path = NULL;

	if (!json_require_string(object, place, "path", &path, error))
		return FALSE;
	if (*path != '/') {
		g_autofree char *quoted = json_quote(path);

		g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "%s.path: not absolute: %s", place,
			quoted);
		return FALSE;
	}
	hook->path = g_strdup(path);
	return TRUE;
}

static gboolean read_hook(
	struct oci_hook *hook, JsonObject *object, const char *place, GError **error)
{
	if (!read_path(hook, object, place, error) ||
		!json_get_strings(object, place, "args", &hook->args, error) ||
		!json_get_strings(object, place, "env", &hook->env, error) ||
		!json_get_integer(object, place, "timeout", 1, G_MAXINT32, &hook->timeout, error))
		return FALSE;
	if (hook->args == NULL || hook->args[0] == NULL) {
		g_strfreev(hook->args);
		hook->args = g_new0(char *, 2);
		hook->args[0] = g_strdup(hook->path);
	}
	if (hook->env == NULL)
		hook->env = g_new0(char *, 1);
	return TRUE;
}

static gboolean read_list(GPtrArray *list, JsonObject *section, const char *name, GError **error)
{
	g_autofree char *list_path = json_path("hooks", name);
	JsonArray *array = NULL;

	if (!json_get_array(section, "hooks", name, &array, error))
		return FALSE;
	for (guint i = 0; array != NULL && i < json_array_get_length(array); i++) {
		g_autofree char *place = json_path_index(list_path, i);
		JsonObject *object = NULL;

		if (!json_element_object(array, list_path, i, &object, error))
			return FALSE;
		/* In the list first: what is half read is freed with it. */
		g_ptr_array_add(list, g_new0(struct oci_hook, 1));
		if (!read_hook(list->pdata[i], object, place, error))
			return FALSE;
	}
	return TRUE;
}

struct oci_hooks *oci_hooks_parse(JsonObject *root, GError **error)
{
	g_autoptr(oci_hooks) hooks = g_new0(struct oci_hooks, 1);
	JsonObject *section = NULL;

	for (int kind = 0; kind < OCI_HOOK_KINDS; kind++)
		hooks->lists[kind] = g_ptr_array_new_with_free_func((GDestroyNotify)hook_free);
	if (!json_get_object(root, "", "hooks", &section, error))
		return NULL;
	for (int kind = 0; section != NULL && kind < OCI_HOOK_KINDS; kind++)
		if (!read_list(hooks->lists[kind], section, names[kind], error))
			return NULL;
	return g_steal_pointer(&hooks);
}

gint64 oci_hooks_time(const struct oci_hooks *hooks, enum oci_hook_kind kind, gint64 usual)
{
	gint64 time = 0;

	for (guint i = 0; i < hooks->lists[kind]->len && time < G_MAXINT32; i++) {
		const struct oci_hook *hook = hooks->lists[kind]->pdata[i];

		time += hook->timeout > 0 ? hook->timeout * 1000 : usual;
	}
	return MIN(time, G_MAXINT32);
}

void oci_hooks_free(struct oci_hooks *hooks)
{
	if (hooks == NULL)
		return;
	for (int kind = 0; kind < OCI_HOOK_KINDS; kind++)
		g_clear_pointer(&hooks->lists[kind], g_ptr_array_unref);
	g_free(hooks);
}
