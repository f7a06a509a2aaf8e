/* SPDX-License-Identifier: GPL-2.0-only */
/* The `process` object of config.json and of process.json. */
#include "oci/process.h"

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "oci/coverage.h"
#include "oci/rules.h"

enum {
	/* (uid_t)-1 means "unchanged" to the kernel: it is nobody's id. */
	ID_MAX = G_MAXUINT32 - 1,
	PROCESS_SIZE_MAX = 4 << 20,
};

static gboolean set_invalid(GError **error, const char *path, const char *member, const char *text)
{
	g_autofree char *where = json_path(path, member);

	g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "%s: %s", where, text);
	return FALSE;
}

static gboolean read_args(
	struct oci_process *process, JsonObject *object, const char *path, GError **error)
{
	if (!json_get_strings(object, path, "args", &process->args, error))
		return FALSE;
	if (process->args == NULL)
		return set_invalid(error, path, "args", "missing");
	if (process->args[0] == NULL)
		return set_invalid(error, path, "args", "empty");
	if (*process->args[0] == '\0')
		return set_invalid(error, path, "args[0]", "empty");
	return TRUE;
}

static gboolean read_cwd(
	struct oci_process *process, JsonObject *object, const char *path, GError **error)
{
	const char *cwd = NULL;

	if (!json_require_string(object, path, "cwd", &cwd, error))
		return FALSE;
	if (*cwd != '/') {
		g_autofree char *quoted = json_quote(cwd);
		g_autofree char *text = g_strdup_printf("not absolute: %s", quoted);

		return set_invalid(error, path, "cwd", text);
	}
	process->cwd = g_strdup(cwd);
	return TRUE;
}

static gboolean read_gids(
	struct oci_process *process, JsonObject *user, const char *path, GError **error)
{
	JsonArray *array = NULL;

	if (!json_get_array(user, path, "additionalGids", &array, error))
		return FALSE;
	if (array == NULL)
		return TRUE;

	guint n = json_array_get_length(array);

	process->additional_gids = g_new0(guint32, n);
	process->n_additional_gids = n;
	for (guint i = 0; i < n; i++) {
		JsonNode *node = json_array_get_element(array, i);
		gint64 gid = -1;

		if (JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_INT64)
			gid = json_node_get_int(node);
		if (gid < 0 || gid > ID_MAX) {
			g_autofree char *element = json_path_index("additionalGids", i);

			return set_invalid(error, path, element, "not a group id");
		}
		process->additional_gids[i] = (guint32)gid;
	}
	return TRUE;
}

static gboolean read_user(
	struct oci_process *process, JsonObject *object, const char *path, GError **error)
{
	g_autofree char *user_path = json_path(path, "user");
	JsonObject *user = NULL;
	gint64 uid = 0;
	gint64 gid = 0;

	if (!json_get_object(object, path, "user", &user, error))
		return FALSE;
	if (user == NULL)
		return TRUE;
	if (!json_get_integer(user, user_path, "uid", 0, ID_MAX, &uid, error) ||
		!json_get_integer(user, user_path, "gid", 0, ID_MAX, &gid, error))
		return FALSE;
	process->uid = (guint32)uid;
	process->gid = (guint32)gid;
	return read_gids(process, user, user_path, error);
}

static gboolean read_terminal(
	struct oci_process *process, JsonObject *object, const char *path, GError **error)
{
	g_autofree char *size_path = json_path(path, "consoleSize");
	JsonObject *size = NULL;
	gint64 rows = 0;
	gint64 columns = 0;

	if (!json_get_boolean(object, path, "terminal", &process->terminal, error) ||
		!json_get_object(object, path, "consoleSize", &size, error))
		return FALSE;
	if (size == NULL)
		return TRUE;
	if (!json_get_integer(size, size_path, "height", 0, G_MAXUINT16, &rows, error) ||
		!json_get_integer(size, size_path, "width", 0, G_MAXUINT16, &columns, error))
		return FALSE;
	process->rows = (guint16)rows;
	process->columns = (guint16)columns;
	return TRUE;
}

struct oci_process *oci_process_from_json(JsonObject *object, const char *path, GError **error)
{
	g_autoptr(oci_process) process = g_new0(struct oci_process, 1);

	if (!read_args(process, object, path, error) || !read_cwd(process, object, path, error) ||
		!json_get_strings(object, path, "env", &process->env, error) ||
		!read_user(process, object, path, error) ||
		!read_terminal(process, object, path, error))
		return NULL;
	if (process->env == NULL)
		process->env = g_new0(char *, 1);
	process->json = json_node_new(JSON_NODE_OBJECT);
	json_node_set_object(process->json, object);
	return g_steal_pointer(&process);
}

static struct oci_process *read_root(JsonObject *root, GError **error)
{
	g_autoptr(oci_process) process = oci_process_from_json(root, "", error);

	if (process == NULL)
		return NULL;
	process->warnings = g_ptr_array_new_with_free_func(g_free);
	if (!oci_coverage_check(root, "process", "", process->warnings, error) ||
		!oci_rules_check_process(root, "", error))
		return NULL;
	return g_steal_pointer(&process);
}

struct oci_process *oci_process_parse(
	const char *data, gsize size, const char *file, GError **error)
{
	g_autoptr(JsonNode) root = json_parse_object(data, size, error);
	struct oci_process *process =
		root != NULL ? read_root(json_node_get_object(root), error) : NULL;

	if (process == NULL) {
		g_prefix_error(error, "%s: ", file);
		return NULL;
	}
	for (guint i = 0; i < process->warnings->len; i++) {
		g_autofree char *text = g_ptr_array_index(process->warnings, i);

		g_ptr_array_index(process->warnings, i) = g_strdup_printf("%s: %s", file, text);
	}
	return process;
}

struct oci_process *oci_process_load(const char *file, GError **error)
{
	g_autofree char *data = NULL;
	gsize size;

	return file_read(file, PROCESS_SIZE_MAX, &data, &size, error)
		       ? oci_process_parse(data, size, file, error)
		       : NULL;
}

void oci_process_free(struct oci_process *process)
{
	if (process == NULL)
		return;
	g_strfreev(process->args);
	g_strfreev(process->env);
	g_free(process->cwd);
	g_free(process->additional_gids);
	g_clear_pointer(&process->json, json_node_unref);
	g_clear_pointer(&process->warnings, g_ptr_array_unref);
	g_free(process);
}
