/* SPDX-License-Identifier: GPL-2.0-only */
/* Asks agent and proxy for a container's processes. */
#include "sandbox/processes.h"

#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/timeouts.h"
#include "sandbox/private.h"

static void process_free(struct guest_process *process)
{
	g_free(process->name);
	g_free(process->command);
	g_free(process);
}

static const struct {
	const char *member;
	gsize offset;
	gint64 least;
} small_numbers[] = {
	{"pid", G_STRUCT_OFFSET(struct guest_process, pid), 0},
	{"ppid", G_STRUCT_OFFSET(struct guest_process, ppid), 0},
	{"pgid", G_STRUCT_OFFSET(struct guest_process, pgid), 0},
	{"sid", G_STRUCT_OFFSET(struct guest_process, sid), 0},
	{"tty", G_STRUCT_OFFSET(struct guest_process, tty), 0},
	{"nice", G_STRUCT_OFFSET(struct guest_process, nice), -20},
	{"threads", G_STRUCT_OFFSET(struct guest_process, threads), 0},
};

static const struct {
	const char *member;
	gsize offset;
} large_numbers[] = {
	{"cpuMs", G_STRUCT_OFFSET(struct guest_process, cpu_ms)},
	{"startMs", G_STRUCT_OFFSET(struct guest_process, start_ms)},
	{"virtual", G_STRUCT_OFFSET(struct guest_process, virtual_size)},
	{"resident", G_STRUCT_OFFSET(struct guest_process, resident_size)},
};

static gboolean read_numbers(
	struct guest_process *process, JsonObject *object, const char *path, GError **error)
{
	for (gsize i = 0; i < G_N_ELEMENTS(small_numbers); i++) {
		gint64 number = 0;

		if (!json_require_integer(object, path, small_numbers[i].member,
			    small_numbers[i].least, G_MAXINT32, &number, error))
			return FALSE;
		G_STRUCT_MEMBER(int, process, small_numbers[i].offset) = (int)number;
	}
	for (gsize i = 0; i < G_N_ELEMENTS(large_numbers); i++)
		if (!json_require_integer(object, path, large_numbers[i].member, 0, G_MAXINT64,
			    &G_STRUCT_MEMBER(gint64, process, large_numbers[i].offset), error))
			return FALSE;
	return TRUE;
}

static gboolean read_ids(
	struct guest_process *process, JsonObject *object, const char *path, GError **error)
{
	gint64 uid = 0;
	gint64 gid = 0;

	if (!json_require_integer(object, path, "uid", 0, G_MAXUINT32, &uid, error) ||
		!json_require_integer(object, path, "gid", 0, G_MAXUINT32, &gid, error))
		return FALSE;
	process->uid = (guint32)uid;
	process->gid = (guint32)gid;
	return TRUE;
}

/* It is shown on somebody's terminal. */
static char *printable(const char *text)
{
	char *copy = g_strdup(text);

	for (char *c = copy; *c != '\0'; c++)
		if (g_ascii_iscntrl(*c))
			*c = '?';
	return copy;
}

static gboolean read_texts(
	struct guest_process *process, JsonObject *object, const char *path, GError **error)
{
	const char *state = NULL;
	const char *name = NULL;
	const char *command = NULL;

	if (!json_require_string(object, path, "state", &state, error) ||
		!json_require_string(object, path, "name", &name, error) ||
		!json_require_string(object, path, "command", &command, error))
		return FALSE;
	process->state = g_ascii_isalpha(*state) ? *state : '?';
	process->name = printable(name);
	process->command = printable(command);
	return TRUE;
}

static GPtrArray *read_processes(JsonArray *array, GError **error)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)process_free);

	for (guint i = 0; array != NULL && i < json_array_get_length(array); i++) {
		g_autofree char *path = json_path_index("processes", i);
		struct guest_process *process = g_new0(struct guest_process, 1);
		JsonObject *object = NULL;

		g_ptr_array_add(list, process);
		if (!json_element_object(array, "processes", i, &object, error) ||
			!read_numbers(process, object, path, error) ||
			!read_ids(process, object, path, error) ||
			!read_texts(process, object, path, error)) {
			g_prefix_error(error, "the agent's answer to PS: ");
			return NULL;
		}
	}
	return g_steal_pointer(&list);
}

GPtrArray *sandbox_list_processes(struct sandbox *sandbox, const char *container, GError **error)
{
	g_autoptr(JsonNode) reply = NULL;
	JsonObject *payload = NULL;
	JsonArray *array = NULL;

	if (!sandbox->has_ps) {
		g_set_error(error, CC_ERROR, CC_ERROR_FAILED,
			"the agent in the guest (version %" G_GINT64_FORMAT
			") cannot list processes",
			sandbox->agent_version);
		return NULL;
	}
	reply = sandbox_ask_agent(sandbox, "PS", sandbox_container_reference(container), error);
	if (reply == NULL ||
		!json_require_object(json_node_get_object(reply), "", "payload", &payload, error) ||
		!json_get_array(payload, "", "processes", &array, error))
		return NULL;
	return read_processes(array, error);
}

static gboolean add_shim(
	GArray *shims, JsonObject *entry, const char *path, const char *container, GError **error)
{
	const char *owner = NULL;
	struct process_ref shim;

	if (!json_require_string(entry, path, "container", &owner, error) ||
		!process_ref_parse(entry, path, "shim", &shim, error))
		return FALSE;
	if (strcmp(owner, container) == 0 && process_is_alive(&shim))
		g_array_append_val(shims, shim);
	return TRUE;
}

GArray *sandbox_list_shims(struct sandbox *sandbox, const char *container, GError **error)
{
	g_autoptr(JsonNode) reply = sandbox_call(
		sandbox, sandbox_request(PROXY_STATUS), TIMEOUT_PROXY_REQUEST_MS, NULL, error);
	g_autoptr(GArray) shims = g_array_new(FALSE, FALSE, sizeof(struct process_ref));
	JsonArray *array = NULL;

	if (reply == NULL ||
		!json_get_array(json_node_get_object(reply), "", "processes", &array, error))
		return NULL;
	for (guint i = 0; array != NULL && i < json_array_get_length(array); i++) {
		g_autofree char *path = json_path_index("processes", i);
		JsonObject *entry = NULL;

		if (!json_element_object(array, "processes", i, &entry, error) ||
			!add_shim(shims, entry, path, container, error))
			return NULL;
	}
	return g_steal_pointer(&shims);
}
