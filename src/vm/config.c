/* SPDX-License-Identifier: GPL-2.0-only */
/* The `vm` object, in both its shapes. */
#include "vm/config.h"

#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/timeouts.h"
#include "vm/lookup.h"

#define VM_CONFIG_NAME "vm.json"

enum {
	MEMORY_MIB_DEFAULT = 256,
	/* Less, and no guest of ours comes up; more, and the number is a mistake. */
	MEMORY_MIB_MIN = 32,
	MEMORY_MIB_MAX = 16 << 20,
	CPUS_MAX = 255,
	TEMPLATE_LIMIT_MIB_DEFAULT = 1024,
	TEMPLATE_LIMIT_MIB_MAX = 1 << 20,
	AGENT_TIMEOUT_SECONDS_MAX = TIMEOUT_AGENT_READY_MAX_MS / 1000,
};

static const gint64 mib = 1 << 20;

/* What is being read, and where from. */
struct reader {
	JsonObject *vm;
	const char *source;
	const char *directory;
};

struct known_keys {
	/* "" for the object itself. */
	const char *section;
	const char *const *names;
};

static const struct known_keys known_keys[] = {
	{"", (const char *const[]){"path", "image", "initrd", "kernel", "hypervisor", "hwConfig",
		     "machine", "accel", "network", "hotplug", "memory", "memoryMax", "cpus",
		     "cpusMax", "agentTimeout", "template", "templateDirectory", "templateLimit",
		     NULL}},
	{"hypervisor", (const char *const[]){"path", "parameters", NULL}},
	{"kernel", (const char *const[]){"path", "parameters", "initrd", NULL}},
	{"image", (const char *const[]){"path", "format", NULL}},
	{"hwConfig", (const char *const[]){"vcpus", "memory", NULL}},
};

static void warn_unknown(const struct reader *reader, const struct known_keys *known)
{
	JsonObject *object = reader->vm;

	if (*known->section != '\0') {
		JsonNode *node = json_object_get_member(reader->vm, known->section);

		if (node == NULL || !JSON_NODE_HOLDS_OBJECT(node))
			return;
		object = json_node_get_object(node);
	}

	g_autoptr(GList) names = json_object_get_members(object);

	for (GList *name = names; name != NULL; name = name->next) {
		if (g_strv_contains(known->names, name->data))
			continue;

		g_autofree char *where = json_path(known->section, name->data);

		log_warning("%s: unknown key: vm.%s", reader->source, where);
	}
}

static gboolean set_invalid(GError **error, const char *where, const char *text)
{
	g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "%s: %s", where, text);
	return FALSE;
}

/* The member of a section of the object; a section or member that is missing is no error. */
static gboolean get_text(const struct reader *reader, const char *section, const char *member,
	const char **out_text, GError **error)
{
	JsonObject *object = reader->vm;

	if (*section != '\0' && !json_get_object(reader->vm, "", section, &object, error))
		return FALSE;
	if (object == reader->vm && *section != '\0')
		return TRUE;

	const char *text = NULL;

	if (!json_get_string(object, section, member, &text, error))
		return FALSE;
	if (text != NULL && *text != '\0')
		*out_text = text;
	return TRUE;
}

static char *resolve(const struct reader *reader, const char *path)
{
	return path != NULL ? g_canonicalize_filename(path, reader->directory) : NULL;
}

static gboolean read_hypervisor(
	struct vm_config *config, const struct reader *reader, GError **error)
{
	JsonObject *section = NULL;
	const char *path = NULL;

	if (!get_text(reader, "", "path", &path, error) ||
		!get_text(reader, "hypervisor", "path", &path, error) ||
		!json_get_object(reader->vm, "", "hypervisor", &section, error))
		return FALSE;
	if (path == NULL)
		return set_invalid(error, "path", "missing (the hypervisor)");
	config->hypervisor_path =
		strchr(path, '/') != NULL ? resolve(reader, path) : g_strdup(path);
	if (section != NULL && !json_get_strings(section, "hypervisor", "parameters",
				       &config->hypervisor_parameters, error))
		return FALSE;
	if (config->hypervisor_parameters == NULL)
		config->hypervisor_parameters = g_new0(char *, 1);
	return TRUE;
}

/* A string in one shape, an array of strings in the other. */
static gboolean read_kernel_parameters(struct vm_config *config, JsonObject *kernel, GError **error)
{
	JsonNode *node = json_object_get_member(kernel, "parameters");
	g_auto(GStrv) words = NULL;
	const char *text = "";

	if (node == NULL || !JSON_NODE_HOLDS_ARRAY(node)) {
		if (!json_get_string(kernel, "kernel", "parameters", &text, error))
			return FALSE;
		config->kernel_parameters = g_strdup(text);
		return TRUE;
	}
	if (!json_get_strings(kernel, "kernel", "parameters", &words, error))
		return FALSE;
	config->kernel_parameters = g_strjoinv(" ", words);
	return TRUE;
}

static gboolean read_kernel(struct vm_config *config, const struct reader *reader, GError **error)
{
	JsonObject *kernel = NULL;
	const char *path = NULL;
	const char *initrd = NULL;

	if (!json_get_object(reader->vm, "", "kernel", &kernel, error) ||
		!get_text(reader, "kernel", "path", &path, error) ||
		!get_text(reader, "", "initrd", &initrd, error) ||
		!get_text(reader, "kernel", "initrd", &initrd, error))
		return FALSE;
	if (path == NULL)
		return set_invalid(error, "kernel.path", "missing");
	config->kernel_path = resolve(reader, path);
	config->initrd_path = resolve(reader, initrd);
	return read_kernel_parameters(config, kernel, error);
}

/* The image is mapped into the guest as it is, so it can only be raw. */
static gboolean check_image_format(const struct reader *reader, GError **error)
{
	const char *format = "raw";

	if (!get_text(reader, "image", "format", &format, error))
		return FALSE;
	if (strcmp(format, "raw") != 0) {
		g_autofree char *quoted = json_quote(format);
		g_autofree char *text = g_strdup_printf("not supported: %s (raw is)", quoted);

		return set_invalid(error, "image.format", text);
	}
	return TRUE;
}

static gboolean read_image(struct vm_config *config, const struct reader *reader, GError **error)
{
	JsonNode *node = json_object_get_member(reader->vm, "image");
	const char *path = NULL;

	if (node != NULL && JSON_NODE_HOLDS_OBJECT(node)) {
		if (!get_text(reader, "image", "path", &path, error) ||
			!check_image_format(reader, error))
			return FALSE;
	} else if (!get_text(reader, "", "image", &path, error)) {
		return FALSE;
	}
	config->image_path = resolve(reader, path);
	if (config->image_path == NULL && config->initrd_path == NULL)
		return set_invalid(error, "initrd", "missing (and there is no image either)");
	return TRUE;
}

static gboolean read_size(struct vm_config *config, const struct reader *reader, GError **error)
{
	JsonObject *hardware = NULL;
	gint64 memory = MEMORY_MIB_DEFAULT;
	gint64 memory_max = 0;
	gint64 cpus = 1;
	gint64 cpus_max = 0;

	if (!json_get_integer(
		    reader->vm, "", "memory", MEMORY_MIB_MIN, MEMORY_MIB_MAX, &memory, error) ||
		!json_get_integer(reader->vm, "", "cpus", 1, CPUS_MAX, &cpus, error) ||
		!json_get_integer(reader->vm, "", "memoryMax", MEMORY_MIB_MIN, MEMORY_MIB_MAX,
			&memory_max, error) ||
		!json_get_integer(reader->vm, "", "cpusMax", 1, CPUS_MAX, &cpus_max, error) ||
		!json_get_object(reader->vm, "", "hwConfig", &hardware, error))
		return FALSE;
	if (hardware != NULL) {
		gint64 bytes = memory * mib;

		if (!json_get_integer(hardware, "hwConfig", "memory", MEMORY_MIB_MIN * mib,
			    MEMORY_MIB_MAX * mib, &bytes, error) ||
			!json_get_integer(hardware, "hwConfig", "vcpus", 1, CPUS_MAX, &cpus, error))
			return FALSE;
		memory = (bytes + mib - 1) / mib;
	}
	config->memory_mib = (guint)memory;
	config->cpus = (guint)cpus;
	config->memory_max_mib = (guint)memory_max;
	config->cpus_max = (guint)cpus_max;
	return TRUE;
}

static gboolean read_machine(struct vm_config *config, const struct reader *reader, GError **error)
{
	const char *machine = "auto";
	const char *accel = "auto";
	const char *network = "auto";
	gint64 seconds = TIMEOUT_AGENT_READY_MS / 1000;

	if (!get_text(reader, "", "machine", &machine, error) ||
		!get_text(reader, "", "accel", &accel, error) ||
		!get_text(reader, "", "network", &network, error) ||
		!json_get_boolean(reader->vm, "", "hotplug", &config->hotplug, error) ||
		!json_get_integer(reader->vm, "", "agentTimeout", 1, AGENT_TIMEOUT_SECONDS_MAX,
			&seconds, error))
		return FALSE;
	if (!vm_accel_parse(accel, &config->accel, error)) {
		g_prefix_error(error, "accel: ");
		return FALSE;
	}
	if (!vm_network_parse(network, &config->network, error)) {
		g_prefix_error(error, "network: ");
		return FALSE;
	}
	config->machine = g_strdup(machine);
	config->agent_timeout = seconds * 1000;
	return TRUE;
}

gboolean vm_template_mode_parse(const char *name, enum vm_template_mode *out_mode, GError **error)
{
	static const char *const names[] = {
		[VM_TEMPLATE_AUTO] = "auto",
		[VM_TEMPLATE_NEVER] = "never",
		[VM_TEMPLATE_REQUIRE] = "require",
	};

	for (gsize i = VM_TEMPLATE_AUTO; i < G_N_ELEMENTS(names); i++) {
		if (strcmp(name, names[i]) == 0) {
			*out_mode = (enum vm_template_mode)i;
			return TRUE;
		}
	}

	g_autofree char *quoted = json_quote(name);

	g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "expected auto, never or require, found %s",
		quoted);
	return FALSE;
}

static gboolean read_template(struct vm_config *config, const struct reader *reader, GError **error)
{
	const char *mode = "auto";
	const char *directory = NULL;
	gint64 limit = TEMPLATE_LIMIT_MIB_DEFAULT;

	if (!get_text(reader, "", "template", &mode, error) ||
		!get_text(reader, "", "templateDirectory", &directory, error) ||
		!json_get_integer(
			reader->vm, "", "templateLimit", 0, TEMPLATE_LIMIT_MIB_MAX, &limit, error))
		return FALSE;
	if (!vm_template_mode_parse(mode, &config->template_mode, error)) {
		g_prefix_error(error, "template: ");
		return FALSE;
	}
	config->template_directory = resolve(reader, directory);
	config->template_limit_mib = (guint)limit;
	return TRUE;
}

struct vm_config *vm_config_from_json(
	JsonObject *vm, const char *source, const char *directory, GError **error)
{
	const struct reader reader = {.vm = vm, .source = source, .directory = directory};
	g_autoptr(vm_config) config = g_new0(struct vm_config, 1);

	config->source = g_strdup(source);
	for (gsize i = 0; i < G_N_ELEMENTS(known_keys); i++)
		warn_unknown(&reader, &known_keys[i]);
	if (!read_hypervisor(config, &reader, error) || !read_kernel(config, &reader, error) ||
		!read_image(config, &reader, error) || !read_size(config, &reader, error) ||
		!read_machine(config, &reader, error) || !read_template(config, &reader, error)) {
		g_prefix_error(error, "%s: vm.", source);
		return NULL;
	}
	return g_steal_pointer(&config);
}

static struct vm_config *load_file(const char *path, GError **error)
{
	g_autoptr(JsonNode) root = json_load_object(path, error);
	g_autofree char *directory = g_path_get_dirname(path);
	JsonObject *vm = NULL;

	if (root == NULL)
		return NULL;
	if (!json_require_object(json_node_get_object(root), "", "vm", &vm, error)) {
		g_prefix_error(error, "%s: ", path);
		return NULL;
	}
	return vm_config_from_json(vm, path, directory, error);
}

/* What a container says for itself goes before any file. */
static gboolean apply_annotations(
	struct vm_config *config, const struct oci_spec *spec, GError **error)
{
	const char *machine = g_hash_table_lookup(spec->annotations, VM_ANNOTATION_MACHINE);
	const char *accel = g_hash_table_lookup(spec->annotations, VM_ANNOTATION_ACCEL);
	const char *template = g_hash_table_lookup(spec->annotations, VM_ANNOTATION_TEMPLATE);
	const char *network = g_hash_table_lookup(spec->annotations, VM_ANNOTATION_NETWORK);
	const char *ports = g_hash_table_lookup(spec->annotations, VM_ANNOTATION_PORTS);

	if (machine != NULL && *machine == '\0')
		return set_invalid(error, "annotations." VM_ANNOTATION_MACHINE, "empty");
	if (template != NULL && !vm_template_mode_parse(template, &config->template_mode, error)) {
		g_prefix_error(error, "annotations." VM_ANNOTATION_TEMPLATE ": ");
		return FALSE;
	}
	if (accel != NULL && !vm_accel_parse(accel, &config->accel, error)) {
		g_prefix_error(error, "annotations." VM_ANNOTATION_ACCEL ": ");
		return FALSE;
	}
	if (ports != NULL && (config->ports = vm_network_parse_ports(ports, error)) == NULL) {
		g_prefix_error(error, "annotations." VM_ANNOTATION_PORTS ": ");
		return FALSE;
	}
	if (network != NULL && !vm_network_parse(network, &config->network, error)) {
		g_prefix_error(error, "annotations." VM_ANNOTATION_NETWORK ": ");
		return FALSE;
	}
	if (machine != NULL) {
		g_free(config->machine);
		config->machine = g_strdup(machine);
	}
	return TRUE;
}

struct vm_config *vm_config_load(
	const struct vm_lookup *lookup, const struct oci_spec *spec, GError **error)
{
	g_autofree char *path = NULL;
	g_autoptr(vm_config) config = NULL;

	if (spec != NULL && spec->vm != NULL) {
		path = g_build_filename(spec->bundle, OCI_CONFIG_NAME, NULL);
		config = vm_config_from_json(spec->vm, path, spec->bundle, error);
	} else {
		path = vm_lookup_require(lookup, VM_CONFIG_NAME, error);
		if (path == NULL)
			return NULL;
		config = load_file(path, error);
	}
	if (config == NULL)
		return NULL;
	if (spec != NULL && !apply_annotations(config, spec, error)) {
		g_prefix_error(error, "%s/" OCI_CONFIG_NAME ": ", spec->bundle);
		return NULL;
	}
	log_info("vm configuration: %s", path);
	return g_steal_pointer(&config);
}

void vm_config_free(struct vm_config *config)
{
	if (config == NULL)
		return;
	g_free(config->source);
	g_free(config->hypervisor_path);
	g_strfreev(config->ports);
	g_strfreev(config->hypervisor_parameters);
	g_free(config->kernel_path);
	g_free(config->kernel_parameters);
	g_free(config->initrd_path);
	g_free(config->image_path);
	g_free(config->machine);
	g_free(config->template_directory);
	g_free(config);
}
