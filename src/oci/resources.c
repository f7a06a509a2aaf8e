/* SPDX-License-Identifier: GPL-2.0-only */
/* Parses `linux.resources`. */
#include "oci/resources.h"

#include <string.h>

#include "base/error.h"
#include "base/json.h"

enum {
	QUOTA_MIN = 1000,
	PERIOD_MIN = 1000,
	PERIOD_MAX = 1000 * 1000,
	SWAPPINESS_MAX = 100,
	IO_WEIGHT_MIN = 10,
	IO_WEIGHT_MAX = 1000,
	DEVICE_MAJOR_MAX = (1 << 12) - 1,
	DEVICE_MINOR_MAX = (1 << 20) - 1,
};

/* Whole numbers, by section. */
struct number_field {
	const char *section;
	const char *name;
	gsize offset;
	gint64 least;
	gint64 most;
};

#define FIELD(member) G_STRUCT_OFFSET(struct oci_resources, member)

static const struct number_field number_fields[] = {
	{"memory", "limit", FIELD(memory_limit), -1, G_MAXINT64},
	{"memory", "reservation", FIELD(memory_reservation), -1, G_MAXINT64},
	{"memory", "swap", FIELD(memory_swap), -1, G_MAXINT64},
	{"memory", "swappiness", FIELD(memory_swappiness), 0, SWAPPINESS_MAX},
	{"cpu", "shares", FIELD(cpu_shares), 0, G_MAXINT64},
	{"cpu", "quota", FIELD(cpu_quota), -1, G_MAXINT64},
	{"cpu", "period", FIELD(cpu_period), 0, PERIOD_MAX},
	{"cpu", "burst", FIELD(cpu_burst), 0, G_MAXINT64},
	{"cpu", "idle", FIELD(cpu_idle), 0, 1},
	{"pids", "limit", FIELD(pids_limit), -1, G_MAXINT64},
	{"blockIO", "weight", FIELD(io_weight), 0, IO_WEIGHT_MAX},
};

static const struct {
	const char *name;
	const char *value_name;
	enum oci_io_kind kind;
} io_arrays[] = {
	{"throttleReadBpsDevice", "rate", OCI_IO_READ_BPS},
	{"throttleWriteBpsDevice", "rate", OCI_IO_WRITE_BPS},
	{"throttleReadIOPSDevice", "rate", OCI_IO_READ_IOPS},
	{"throttleWriteIOPSDevice", "rate", OCI_IO_WRITE_IOPS},
	{"weightDevice", "weight", OCI_IO_WEIGHT},
};

/* What is being read, and where it stands. */
struct reader {
	JsonObject *object;
	const char *path;
	struct oci_resources *out;
};

static gboolean set_invalid(
	GError **error, const struct reader *reader, const char *member, const char *text)
{
	g_autofree char *where = json_path(reader->path, member);

	g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "%s: %s", where, text);
	return FALSE;
}

/* A section's object (NULL when missing) and its path, the caller's. */
static gboolean get_section(const struct reader *reader, const char *name, JsonObject **out_section,
	char **out_path, GError **error)
{
	*out_section = NULL;
	*out_path = json_path(reader->path, name);
	return json_get_object(reader->object, reader->path, name, out_section, error);
}

static gboolean read_numbers(const struct reader *reader, GError **error)
{
	for (gsize i = 0; i < G_N_ELEMENTS(number_fields); i++) {
		const struct number_field *field = &number_fields[i];
		gint64 *value = &G_STRUCT_MEMBER(gint64, reader->out, field->offset);
		g_autofree char *path = NULL;
		JsonObject *section;

		if (!get_section(reader, field->section, &section, &path, error) ||
			(section != NULL && !json_get_integer(section, path, field->name,
						    field->least, field->most, value, error)))
			return FALSE;
	}
	return TRUE;
}

static gboolean read_flags(const struct reader *reader, GError **error)
{
	g_autofree char *path = NULL;
	JsonObject *memory;

	return get_section(reader, "memory", &memory, &path, error) &&
	       (memory == NULL || json_get_boolean(memory, path, "checkBeforeUpdate",
					  &reader->out->check_before_update, error));
}

/* "" is what engines write for none. */
static gboolean read_list(
	JsonObject *cpu, const char *path, const char *name, char **out_list, GError **error)
{
	const char *text = "";
	g_autoptr(GArray) list = NULL;

	if (!json_get_string(cpu, path, name, &text, error))
		return FALSE;
	if (*text == '\0')
		return TRUE;
	list = oci_cpu_list_parse(text, error);
	if (list == NULL) {
		g_prefix_error(error, "%s.%s: ", path, name);
		return FALSE;
	}
	*out_list = g_strdup(text);
	return TRUE;
}

static gboolean read_cpuset(const struct reader *reader, GError **error)
{
	g_autofree char *path = NULL;
	JsonObject *cpu;

	if (!get_section(reader, "cpu", &cpu, &path, error))
		return FALSE;
	return cpu == NULL ||
	       (read_list(cpu, path, "cpus", &reader->out->cpuset_cpus, error) &&
		       read_list(cpu, path, "mems", &reader->out->cpuset_mems, error));
}

static gboolean read_io_limit(JsonObject *object, const char *path, const char *value_name,
	gint64 most, struct oci_io_limit *out, GError **error)
{
	gint64 numbers[2] = {0, 0};

	if (!json_require_integer(object, path, "major", 0, DEVICE_MAJOR_MAX, &numbers[0], error) ||
		!json_require_integer(
			object, path, "minor", 0, DEVICE_MINOR_MAX, &numbers[1], error) ||
		!json_get_integer(object, path, value_name, 0, most, &out->value, error))
		return FALSE;
	out->major = (guint)numbers[0];
	out->minor = (guint)numbers[1];
	return TRUE;
}

static gboolean read_io_array(JsonObject *section, const char *section_path, gsize index,
	struct oci_io_limits *out, GError **error)
{
	g_autofree char *path = json_path(section_path, io_arrays[index].name);
	gint64 most = io_arrays[index].kind == OCI_IO_WEIGHT ? IO_WEIGHT_MAX : G_MAXINT64;
	JsonArray *array = NULL;

	if (!json_get_array(section, section_path, io_arrays[index].name, &array, error))
		return FALSE;
	if (array == NULL)
		return TRUE;
	out->items = g_new0(struct oci_io_limit, json_array_get_length(array));
	for (; out->n < json_array_get_length(array); out->n++) {
		g_autofree char *place = json_path_index(path, (guint)out->n);
		JsonObject *object = NULL;

		if (!json_element_object(array, path, (guint)out->n, &object, error) ||
			!read_io_limit(object, place, io_arrays[index].value_name, most,
				&out->items[out->n], error))
			return FALSE;
	}
	return TRUE;
}

static gboolean read_block_io(const struct reader *reader, GError **error)
{
	g_autofree char *path = NULL;
	JsonObject *section;

	if (!get_section(reader, "blockIO", &section, &path, error))
		return FALSE;
	for (gsize i = 0; section != NULL && i < G_N_ELEMENTS(io_arrays); i++)
		if (!read_io_array(section, path, i, &reader->out->io[io_arrays[i].kind], error))
			return FALSE;
	return reader->out->io_weight == 0 || reader->out->io_weight >= IO_WEIGHT_MIN ||
	       set_invalid(error, reader, "blockIO.weight", "less than 10");
}

static gboolean read_priorities(
	JsonObject *section, const char *section_path, struct oci_resources *out, GError **error)
{
	g_autofree char *path = json_path(section_path, "priorities");
	JsonArray *array = NULL;

	if (!json_get_array(section, section_path, "priorities", &array, error))
		return FALSE;
	if (array == NULL)
		return TRUE;
	out->priorities = g_new0(struct oci_priority, json_array_get_length(array));
	for (; out->n_priorities < json_array_get_length(array); out->n_priorities++) {
		guint index = (guint)out->n_priorities;
		g_autofree char *place = json_path_index(path, index);
		JsonObject *object = NULL;
		const char *name = NULL;
		gint64 value = 0;

		if (!json_element_object(array, path, index, &object, error) ||
			!json_require_string(object, place, "name", &name, error) ||
			!json_require_integer(
				object, place, "priority", 0, G_MAXUINT32, &value, error))
			return FALSE;
		out->priorities[index].interface = g_strdup(name);
		out->priorities[index].value = (guint32)value;
	}
	return TRUE;
}

static gboolean read_network(const struct reader *reader, GError **error)
{
	g_autofree char *path = NULL;
	JsonObject *section;
	gint64 class = 0;

	if (!get_section(reader, "network", &section, &path, error))
		return FALSE;
	if (section == NULL)
		return TRUE;
	if (!json_get_integer(section, path, "classID", 0, G_MAXUINT32, &class, error))
		return FALSE;
	reader->out->network_class = (guint32) class;
	return read_priorities(section, path, reader->out, error);
}

static gboolean check_page_size(const char *size)
{
	gsize digits = strspn(size, "0123456789");

	return digits > 0 && *size != '0' && size[digits] != '\0' &&
	       strchr("KMG", size[digits]) != NULL && strcmp(size + digits + 1, "B") == 0;
}

/* The guest's: only the form is ours to check. */
static gboolean check_hugepages(const struct reader *reader, GError **error)
{
	g_autofree char *path = json_path(reader->path, "hugepageLimits");
	JsonArray *array = NULL;

	if (!json_get_array(reader->object, reader->path, "hugepageLimits", &array, error))
		return FALSE;
	for (guint i = 0; array != NULL && i < json_array_get_length(array); i++) {
		g_autofree char *place = json_path_index(path, i);
		JsonObject *object = NULL;
		const char *size = NULL;
		gint64 limit = 0;

		if (!json_element_object(array, path, i, &object, error) ||
			!json_require_string(object, place, "pageSize", &size, error) ||
			!json_require_integer(object, place, "limit", 0, G_MAXINT64, &limit, error))
			return FALSE;
		if (!check_page_size(size)) {
			g_set_error(error, CC_ERROR, CC_ERROR_INVALID,
				"%s.pageSize: expected a size such as 2MB", place);
			return FALSE;
		}
	}
	return TRUE;
}

static gboolean check_unified(const struct reader *reader, GError **error)
{
	JsonObject *section = NULL;
	g_autofree char *path = json_path(reader->path, "unified");

	if (!json_get_object(reader->object, reader->path, "unified", &section, error))
		return FALSE;
	if (section == NULL)
		return TRUE;

	g_autoptr(GList) names = json_object_get_members(section);

	for (GList *name = names; name != NULL; name = name->next) {
		const char *file = name->data;
		const char *value = NULL;

		if (!json_require_string(section, path, file, &value, error))
			return FALSE;
		if (*file != '\0' && *file != '.' && strchr(file, '/') == NULL)
			continue;

		g_autofree char *quoted = json_quote(file);

		g_set_error(error, CC_ERROR, CC_ERROR_INVALID,
			"%s: expected names of files of a cgroup, found %s", path, quoted);
		return FALSE;
	}
	return TRUE;
}

gboolean oci_resources_check(const struct oci_resources *out, const char *path, GError **error)
{
	const struct reader place = {.path = path};
	const struct reader *reader = &place;

	if (out->memory_swap > 0 && out->memory_limit <= 0)
		return set_invalid(error, reader, "memory.swap",
			"a limit of memory and swap needs one of memory (memory.limit)");
	if (out->memory_swap > 0 && out->memory_swap < out->memory_limit)
		return set_invalid(error, reader, "memory.swap",
			"it counts memory and swap, and is less than memory.limit");
	if (out->cpu_quota > 0 && out->cpu_quota < QUOTA_MIN)
		return set_invalid(error, reader, "cpu.quota", "less than 1000 µs");
	if (out->cpu_period > 0 && out->cpu_period < PERIOD_MIN)
		return set_invalid(error, reader, "cpu.period", "less than 1000 µs");
	if (out->cpu_burst > 0 && out->cpu_burst > out->cpu_quota)
		return set_invalid(error, reader, "cpu.burst", "more than cpu.quota");
	return TRUE;
}

struct oci_resources *oci_resources_parse(JsonObject *object, const char *path, GError **error)
{
	g_autoptr(oci_resources) resources = g_new0(struct oci_resources, 1);
	const struct reader reader = {.object = object, .path = path, .out = resources};

	resources->memory_swappiness = -1;
	resources->cpu_idle = -1;
	if (object != NULL &&
		(!read_numbers(&reader, error) || !read_flags(&reader, error) ||
			!read_cpuset(&reader, error) || !read_block_io(&reader, error) ||
			!read_network(&reader, error) || !check_hugepages(&reader, error) ||
			!check_unified(&reader, error)))
		return NULL;
	return g_steal_pointer(&resources);
}

struct oci_resources *oci_resources_of_document(JsonObject *document, GError **error)
{
	JsonObject *section = NULL;
	JsonObject *resources = NULL;

	if (!json_get_object(document, "", "linux", &section, error) ||
		(section != NULL &&
			!json_get_object(section, "linux", "resources", &resources, error)))
		return NULL;

	g_autoptr(oci_resources) parsed = oci_resources_parse(resources, "linux.resources", error);

	if (parsed == NULL || !oci_resources_check(parsed, "linux.resources", error))
		return NULL;
	return g_steal_pointer(&parsed);
}

void oci_resources_free(struct oci_resources *resources)
{
	if (resources == NULL)
		return;
	g_free(resources->cpuset_cpus);
	g_free(resources->cpuset_mems);
	for (gsize i = 0; i < OCI_IO_KINDS; i++)
		g_free(resources->io[i].items);
	for (gsize i = 0; i < resources->n_priorities; i++)
		g_free(resources->priorities[i].interface);
	g_free(resources->priorities);
	g_free(resources);
}
