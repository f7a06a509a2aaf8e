/* SPDX-License-Identifier: GPL-2.0-only */
/* The record of a container, and the state that OCI defines. */
#include "oci/state.h"

#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "oci/annotations.h"
#include "oci/id.h"

#define STATE_NAME "state.json"

enum {
	STATE_SIZE_MAX = 4 << 20,
};

static const char *const status_names[] = {
	[OCI_STATUS_CREATING] = "creating",
	[OCI_STATUS_CREATED] = "created",
	[OCI_STATUS_RUNNING] = "running",
	[OCI_STATUS_PAUSED] = "paused",
	[OCI_STATUS_STOPPED] = "stopped",
};

const char *oci_status_name(enum oci_status status)
{
	return status_names[status];
}

struct oci_state *oci_state_new(void)
{
	struct oci_state *state = g_new0(struct oci_state, 1);

	state->annotations = oci_annotations_new();
	return state;
}

void oci_state_free(struct oci_state *state)
{
	if (state == NULL)
		return;
	g_free(state->oci_version);
	g_free(state->id);
	g_free(state->bundle);
	g_free(state->rootfs);
	g_free(state->created);
	g_free(state->owner);
	g_clear_pointer(&state->annotations, g_hash_table_unref);
	g_free(state->sandbox);
	g_free(state->logs);
	g_free(state);
}

/* Where the texts of the record are, in the struct and in the file. */
struct text_field {
	const char *name;
	gsize offset;
	gboolean is_id;
	/* Records of older versions have none. */
	gboolean may_be_missing;
};

static const struct text_field text_fields[] = {
	{"ociVersion", G_STRUCT_OFFSET(struct oci_state, oci_version), FALSE},
	{"id", G_STRUCT_OFFSET(struct oci_state, id), TRUE},
	{"bundle", G_STRUCT_OFFSET(struct oci_state, bundle), FALSE},
	{"rootfs", G_STRUCT_OFFSET(struct oci_state, rootfs), FALSE},
	{"created", G_STRUCT_OFFSET(struct oci_state, created), FALSE},
	{"owner", G_STRUCT_OFFSET(struct oci_state, owner), FALSE},
	{"sandbox", G_STRUCT_OFFSET(struct oci_state, sandbox), TRUE},
	{"logs", G_STRUCT_OFFSET(struct oci_state, logs), FALSE, .may_be_missing = TRUE},
};

/* Ids lead to directories, so also those that we have written ourselves are checked. */
static gboolean read_texts(struct oci_state *state, JsonObject *record, GError **error)
{
	for (gsize i = 0; i < G_N_ELEMENTS(text_fields); i++) {
		const struct text_field *field = &text_fields[i];
		const char *text = NULL;

		if (!json_get_string(record, "", field->name, &text, error))
			return FALSE;
		if (text == NULL && field->may_be_missing)
			text = "";
		if (text == NULL && !json_require_string(record, "", field->name, &text, error))
			return FALSE;
		if (field->is_id && !oci_id_check(text, error)) {
			g_prefix_error(error, "%s: ", field->name);
			return FALSE;
		}
		G_STRUCT_MEMBER(char *, state, field->offset) = g_strdup(text);
	}
	return TRUE;
}

static gboolean parse_status(
	const char *member, const char *name, enum oci_status *out_status, GError **error)
{
	for (gsize i = 0; i < G_N_ELEMENTS(status_names); i++) {
		if (strcmp(name, status_names[i]) == 0) {
			*out_status = (enum oci_status)i;
			return TRUE;
		}
	}

	g_autofree char *quoted = json_quote(name);

	g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "%s: unknown: %s", member, quoted);
	return FALSE;
}

static gboolean read_status(struct oci_state *state, JsonObject *record, GError **error)
{
	const char *name = NULL;
	const char *paused = oci_status_name(OCI_STATUS_RUNNING);

	return json_require_string(record, "", "status", &name, error) &&
	       json_get_string(record, "", "pausedStatus", &paused, error) &&
	       parse_status("status", name, &state->recorded_status, error) &&
	       parse_status("pausedStatus", paused, &state->paused_status, error);
}

static gboolean read_vm(struct oci_state *state, JsonObject *record, GError **error)
{
	JsonObject *vm = NULL;

	return json_get_object(record, "", "vm", &vm, error) &&
	       (vm == NULL || (json_get_integer(vm, "vm", "memory", 0, G_MAXINT32,
				       &state->vm_memory_mib, error) &&
				      json_get_integer(vm, "vm", "cpus", 0, G_MAXINT32,
					      &state->vm_cpus, error)));
}

static gboolean read_record(struct oci_state *state, JsonObject *record, GError **error)
{
	return read_texts(state, record, error) && read_status(state, record, error) &&
	       read_vm(state, record, error) &&
	       oci_annotations_parse(record, state->annotations, error) &&
	       json_get_boolean(record, "", "terminal", &state->terminal, error) &&
	       process_ref_parse(record, "", "shim", &state->shim, error) &&
	       process_ref_parse(record, "", "proxy", &state->proxy, error);
}

struct oci_state *oci_state_parse(const char *data, gsize size, const char *path, GError **error)
{
	g_autoptr(JsonNode) node = json_parse_object(data, size, error);
	g_autoptr(oci_state) state = oci_state_new();

	if (node == NULL || !read_record(state, json_node_get_object(node), error)) {
		g_prefix_error(error, "%s: ", path);
		return NULL;
	}
	return g_steal_pointer(&state);
}

struct oci_state *oci_state_load(const char *directory, GError **error)
{
	g_autofree char *path = g_build_filename(directory, STATE_NAME, NULL);
	g_autofree char *data = NULL;
	gsize size;

	return file_read(path, STATE_SIZE_MAX, &data, &size, error)
		       ? oci_state_parse(data, size, path, error)
		       : NULL;
}

static JsonObject *vm_to_json(const struct oci_state *state)
{
	JsonObject *vm = json_object_new();

	json_object_set_int_member(vm, "memory", state->vm_memory_mib);
	json_object_set_int_member(vm, "cpus", state->vm_cpus);
	return vm;
}

static JsonObject *record_to_json(const struct oci_state *state)
{
	JsonObject *record = json_object_new();

	for (gsize i = 0; i < G_N_ELEMENTS(text_fields); i++) {
		const char *text = G_STRUCT_MEMBER(char *, state, text_fields[i].offset);

		json_object_set_string_member(
			record, text_fields[i].name, text != NULL ? text : "");
	}
	json_object_set_string_member(record, "status", oci_status_name(state->recorded_status));
	if (state->recorded_status == OCI_STATUS_PAUSED)
		json_object_set_string_member(
			record, "pausedStatus", oci_status_name(state->paused_status));
	json_object_set_object_member(record, "vm", vm_to_json(state));
	json_object_set_boolean_member(record, "terminal", state->terminal);
	json_object_set_object_member(record, "shim", process_ref_to_json(&state->shim));
	json_object_set_object_member(record, "proxy", process_ref_to_json(&state->proxy));
	json_object_set_object_member(
		record, "annotations", oci_annotations_to_json(state->annotations));
	return record;
}

gboolean oci_state_save(const struct oci_state *state, const char *directory, GError **error)
{
	g_autofree char *path = g_build_filename(directory, STATE_NAME, NULL);
	g_autofree char *text = json_format_object(record_to_json(state), FALSE);

	return file_write_atomic(path, text, strlen(text), 0600, error);
}

enum oci_status oci_state_status(const struct oci_state *state)
{
	/* `create` writes its first record before there is a shim. */
	if (state->recorded_status == OCI_STATUS_CREATING && state->shim.pid == 0)
		return OCI_STATUS_CREATING;
	return process_is_alive(&state->shim) ? state->recorded_status : OCI_STATUS_STOPPED;
}

static void set_text(JsonObject *object, const char *name, const char *text)
{
	json_object_set_string_member(object, name, text != NULL ? text : "");
}

JsonObject *oci_state_to_json(const struct oci_state *state)
{
	enum oci_status status = oci_state_status(state);
	JsonObject *object = json_object_new();

	set_text(object, "ociVersion", state->oci_version);
	set_text(object, "id", state->id);
	json_object_set_int_member(
		object, "pid", status == OCI_STATUS_STOPPED ? 0 : state->shim.pid);
	set_text(object, "status", oci_status_name(status));
	set_text(object, "bundle", state->bundle);
	set_text(object, "rootfs", state->rootfs);
	set_text(object, "created", state->created);
	if (g_hash_table_size(state->annotations) > 0)
		json_object_set_object_member(
			object, "annotations", oci_annotations_to_json(state->annotations));
	set_text(object, "owner", state->owner);
	return object;
}
