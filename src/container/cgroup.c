/* SPDX-License-Identifier: GPL-2.0-only */
/* The life of a container's host cgroups. */
#include "container/cgroup.h"

#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "cgroup/apply.h"
#include "cgroup/hierarchy.h"
#include "cgroup/systemd.h"

#define RECORD_NAME "cgroup.json"

static gboolean save_record(
	const struct container_cgroup *cgroup, const char *directory, GError **error)
{
	g_autofree char *path = g_build_filename(directory, RECORD_NAME, NULL);
	g_autofree char *text = NULL;
	JsonObject *record = json_object_new();
	JsonArray *directories = json_array_new();

	for (guint i = 0; i < cgroup->places->len; i++)
		json_array_add_string_element(
			directories, ((const struct cgroup_place *)cgroup->places->pdata[i])->path);
	json_object_set_array_member(record, "directories", directories);
	if (cgroup->unit.name != NULL)
		json_object_set_string_member(record, "unit", cgroup->unit.name);
	json_object_set_boolean_member(record, "emulated", cgroup->vm.emulated);
	text = json_format_object(record, FALSE);
	return file_write_atomic(path, text, strlen(text), 0600, error);
}

static GPtrArray *directories_of(const GPtrArray *places)
{
	GPtrArray *directories = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < places->len; i++)
		g_ptr_array_add(directories,
			g_strdup(((const struct cgroup_place *)places->pdata[i])->path));
	return directories;
}

static gboolean make_and_open(
	const struct oci_spec *spec, struct container_cgroup *cgroup, GError **error)
{
	g_autoptr(GPtrArray) writes = NULL;
	g_autoptr(GPtrArray) directories = NULL;

	if (!cgroup_make(cgroup->places, error))
		return FALSE;
	writes = cgroup_limits(cgroup->places, spec->resources, &cgroup->vm);
	if (!cgroup_write_all(writes, error))
		return FALSE;
	directories = directories_of(cgroup->places);
	cgroup->members = cgroup_open_members(directories, error);
	return cgroup->members != NULL;
}

/* Without a cgroupsPath. Containers of one id may be in several roots: each has its own. */
static char *default_name(const struct settings *settings, const char *id)
{
	enum {
		DIGITS = 8,
	};
	g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, settings->root, -1);

	return g_strdup_printf("%s-%.*s", id, DIGITS, sum);
}

static gboolean plan(const struct settings *settings, const struct oci_spec *spec, const char *id,
	struct container_cgroup *cgroup, GError **error)
{
	g_autoptr(GPtrArray) hierarchies = NULL;
	g_autofree char *name = default_name(settings, id);

	if (settings->systemd_cgroup &&
		(!cgroup_systemd_check(CGROUP_SYSTEMD_RUN, error) ||
			!cgroup_unit_parse(spec->cgroups_path, name, &cgroup->unit, error)))
		return FALSE;
	hierarchies = cgroup_hierarchies_load(error);
	if (hierarchies == NULL)
		return FALSE;
	cgroup->places = settings->systemd_cgroup
				 ? cgroup_places_of_unit(hierarchies, &cgroup->unit)
				 : cgroup_places(hierarchies, spec->cgroups_path, name);
	return TRUE;
}

gboolean container_cgroup_make(const struct settings *settings, const struct oci_spec *spec,
	const char *id, const char *directory, struct container_cgroup *cgroup, GError **error)
{
	return plan(settings, spec, id, cgroup, error) && save_record(cgroup, directory, error) &&
	       (cgroup->unit.name != NULL || make_and_open(spec, cgroup, error));
}

gboolean container_cgroup_adopt(
	const struct oci_spec *spec, pid_t pid, struct container_cgroup *cgroup, GError **error)
{
	g_autoptr(GDBusConnection) bus = NULL;

	if (cgroup->unit.name == NULL)
		return TRUE;
	bus = cgroup_systemd_bus(error);
	return bus != NULL &&
	       cgroup_systemd_start(bus,
		       cgroup_systemd_arguments(&cgroup->unit, pid, spec->resources, &cgroup->vm),
		       error) &&
	       make_and_open(spec, cgroup, error) && cgroup_move(cgroup->members, pid, error);
}

gboolean container_cgroup_limit_cpu(
	const struct oci_spec *spec, const struct container_cgroup *cgroup, GError **error)
{
	g_autoptr(GPtrArray) writes = cgroup_limits_of_cpu(cgroup->places, spec->resources);

	return cgroup_write_all(writes, error);
}

void container_cgroup_clear(struct container_cgroup *cgroup)
{
	g_clear_pointer(&cgroup->members, cgroup_close_members);
	g_clear_pointer(&cgroup->places, g_ptr_array_unref);
	cgroup_unit_clear(&cgroup->unit);
}

/* What is recorded beside the directories. */
struct record {
	/* NULL: none. */
	char *unit;
	gboolean emulated;
};

static void record_clear(struct record *record)
{
	g_free(record->unit);
}

typedef struct record cgroup_record;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(cgroup_record, record_clear)

static GPtrArray *load_record(const char *directory, struct record *out_record, GError **error)
{
	g_autofree char *path = g_build_filename(directory, RECORD_NAME, NULL);
	g_autoptr(GPtrArray) directories = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GError) cause = NULL;
	g_autoptr(JsonNode) node = json_load_object(path, &cause);
	g_auto(GStrv) paths = NULL;
	const char *unit = NULL;

	if (node == NULL && g_error_matches(cause, CC_ERROR, CC_ERROR_NOT_FOUND))
		return g_steal_pointer(&directories);
	if (node == NULL ||
		!json_get_strings(json_node_get_object(node), "", "directories", &paths, &cause) ||
		!json_get_string(json_node_get_object(node), "", "unit", &unit, &cause) ||
		!json_get_boolean(json_node_get_object(node), "", "emulated", &out_record->emulated,
			&cause)) {
		g_propagate_error(error, g_steal_pointer(&cause));
		return NULL;
	}
	for (char **text = paths; text != NULL && *text != NULL; text++)
		g_ptr_array_add(directories, g_strdup(*text));
	out_record->unit = g_strdup(unit);
	return g_steal_pointer(&directories);
}

GPtrArray *container_cgroup_directories(const char *directory, GError **error)
{
	g_auto(cgroup_record) record = {NULL};

	return load_record(directory, &record, error);
}

GArray *container_cgroup_open(const char *directory, GError **error)
{
	g_autoptr(GPtrArray) directories = container_cgroup_directories(directory, error);

	return directories != NULL ? cgroup_open_members(directories, error) : NULL;
}

gboolean container_cgroup_update(const char *directory, const struct oci_resources *resources,
	const struct cgroup_vm *vm, GError **error)
{
	g_auto(cgroup_record) record = {NULL};
	g_autoptr(GPtrArray) directories = load_record(directory, &record, error);
	g_autoptr(GPtrArray) hierarchies = NULL;
	g_autoptr(GPtrArray) places = NULL;
	g_autoptr(GPtrArray) writes = NULL;
	g_autoptr(GPtrArray) writes_of_cpu = NULL;

	if (directories == NULL)
		return FALSE;
	hierarchies = cgroup_hierarchies_load(error);
	if (hierarchies == NULL)
		return FALSE;
	places = cgroup_places_of_directories(hierarchies, directories);

	const struct cgroup_vm host_vm = {vm->memory_mib, record.emulated};

	writes = cgroup_limits(places, resources, &host_vm);
	writes_of_cpu = cgroup_limits_of_cpu(places, resources);
	return cgroup_write_all(writes, error) && cgroup_write_all(writes_of_cpu, error);
}

static gboolean stop_unit(const char *unit, GError **error)
{
	g_autoptr(GDBusConnection) bus = cgroup_systemd_bus(error);

	return bus != NULL && cgroup_systemd_stop(bus, unit, error);
}

gboolean container_cgroup_remove(const char *directory, GError **error)
{
	g_auto(cgroup_record) record = {NULL};
	g_autoptr(GPtrArray) directories = load_record(directory, &record, error);

	return directories != NULL && (record.unit == NULL || stop_unit(record.unit, error)) &&
	       cgroup_remove(directories, error);
}
