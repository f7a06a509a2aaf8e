/* SPDX-License-Identifier: GPL-2.0-only */
/* Parses the sections of config.json that describe a container's surroundings. */
#include "agent/spec.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "agent/file.h"
#include "agent/json.h"
#include "agent/userns.h"

/* Namespaces that the agent makes, and those that are the VM's own business (flag 0). */
static const struct {
	const char *type;
	int flag;
	/* In /proc/PID/ns, where another container's can be joined. */
	const char *file;
} namespace_types[] = {
	{"cgroup", CLONE_NEWCGROUP, NULL},
	{"ipc", CLONE_NEWIPC, "ipc"},
	{"mount", CLONE_NEWNS, NULL},
	{"network", 0, NULL},
	{"pid", CLONE_NEWPID, "pid"},
	{"time", CLONE_NEWTIME, NULL},
	{"user", CLONE_NEWUSER, NULL},
	{"uts", CLONE_NEWUTS, "uts"},
};

static const struct {
	const char *type;
	mode_t mode;
} device_types[] = {
	{"b", S_IFBLK},
	{"c", S_IFCHR},
	{"p", S_IFIFO},
	{"u", S_IFCHR},
};

#define N(table) (sizeof(table) / sizeof *(table))

/* A path is the id of a container of this VM; the host knows whose namespace it is. */
static bool add_join(
	struct container_spec *spec, size_t type, const char *path, struct agent_error *error)
{
	if (namespace_types[type].file == NULL || !path_is_name(path))
		return agent_error_set(error, AGENT_CODE_FAILED,
			"path: %s: no %s namespace that could be joined here", path,
			namespace_types[type].type);
	if (spec->n_joins == SPEC_JOINS_MAX)
		return agent_error_set(error, AGENT_CODE_FAILED, "too many namespaces");
	spec->joins[spec->n_joins++] = (struct spec_join){
		.flag = namespace_types[type].flag,
		.name = namespace_types[type].file,
		.container = path,
	};
	return true;
}

static bool parse_namespace(
	struct container_spec *spec, const json_t *object, struct agent_error *error)
{
	const char *type = NULL;
	const char *path = "";

	if (!json_need_string(object, "type", &type, error) ||
		!json_get_string(object, "path", &path, error))
		return false;
	for (size_t i = 0; i < N(namespace_types); i++) {
		if (strcmp(namespace_types[i].type, type) != 0)
			continue;
		if (namespace_types[i].flag != 0 && *path != '\0')
			return add_join(spec, i, path, error);
		spec->namespaces |= namespace_types[i].flag;
		return true;
	}
	return agent_error_set(error, AGENT_CODE_FAILED, "type: unknown: %s", type);
}

static bool parse_namespaces(
	struct container_spec *spec, const json_t *section, struct agent_error *error)
{
	json_t *array = NULL;

	if (!json_get_array(section, "namespaces", &array, error))
		return false;
	for (size_t i = 0; i < json_array_size(array); i++)
		if (!parse_namespace(spec, json_array_get(array, i), error))
			return agent_error_prefix(error, "namespaces[%zu]", i);
	spec->namespaces |= CLONE_NEWNS;
	return true;
}

/* The source of a bind mount is below the share; one slash in front of it is no harm. */
static bool check_bind_source(struct spec_mount *mount, struct agent_error *error)
{
	mount->source += strspn(mount->source, "/");
	if (path_is_below(mount->source))
		return true;
	return agent_error_set(
		error, AGENT_CODE_FAILED, "source: \"%s\" is not below the share", mount->source);
}

static bool parse_mount(struct spec_mount *out, const json_t *object, struct agent_error *error)
{
	struct spec_mount mount = {.type = "", .source = ""};
	char **options = NULL;

	if (!json_need_string(object, "destination", &mount.destination, error) ||
		!json_get_string(object, "type", &mount.type, error) ||
		!json_get_string(object, "source", &mount.source, error) ||
		!json_get_strings(object, "options", &options, error))
		return false;

	bool parsed = mount_options_parse(&mount.options, options, error);

	free(options);
	if (!parsed)
		return false;
	if (*mount.destination != '/') {
		mount_options_clear(&mount.options);
		return agent_error_set(error, AGENT_CODE_FAILED, "destination: not absolute");
	}
	if (strcmp(mount.type, "bind") == 0)
		mount.options.bind = true;
	if (mount.options.bind && !mount.options.remount && !check_bind_source(&mount, error)) {
		mount_options_clear(&mount.options);
		return false;
	}
	*out = mount;
	return true;
}

static bool parse_mounts(struct container_spec *spec, const json_t *oci, struct agent_error *error)
{
	json_t *array = NULL;

	if (!json_get_array(oci, "mounts", &array, error))
		return false;
	spec->mounts = calloc(json_array_size(array) + 1, sizeof *spec->mounts);
	if (spec->mounts == NULL)
		return agent_error_set(error, AGENT_CODE_FAILED, "mounts: out of memory");
	for (; spec->n_mounts < json_array_size(array); spec->n_mounts++)
		if (!parse_mount(&spec->mounts[spec->n_mounts],
			    json_array_get(array, spec->n_mounts), error))
			return agent_error_prefix(error, "mounts[%zu]", spec->n_mounts);
	return true;
}

static bool parse_device(struct spec_device *out, const json_t *object, struct agent_error *error)
{
	const char *type = NULL;
	int64_t numbers[2] = {0, 0};
	int64_t mode = 0666;
	int64_t owner[2] = {0, 0};

	if (!json_need_string(object, "path", &out->path, error) ||
		!json_need_string(object, "type", &type, error) ||
		!json_get_integer(object, "major", 0, UINT32_MAX, &numbers[0], error) ||
		!json_get_integer(object, "minor", 0, UINT32_MAX, &numbers[1], error) ||
		!json_get_integer(object, "fileMode", 0, UINT32_MAX, &mode, error) ||
		!json_get_integer(object, "uid", 0, UINT32_MAX - 1, &owner[0], error) ||
		!json_get_integer(object, "gid", 0, UINT32_MAX - 1, &owner[1], error))
		return false;
	if (*out->path != '/')
		return agent_error_set(error, AGENT_CODE_FAILED, "path: not an absolute path");
	out->device = makedev((unsigned)numbers[0], (unsigned)numbers[1]);
	out->uid = (uid_t)owner[0];
	out->gid = (gid_t)owner[1];
	for (size_t i = 0; i < N(device_types); i++) {
		if (strcmp(device_types[i].type, type) != 0)
			continue;
		out->mode = device_types[i].mode | ((mode_t)mode & 07777);
		return true;
	}
	return agent_error_set(error, AGENT_CODE_FAILED, "type: unknown device type %s", type);
}

static bool parse_devices(
	struct container_spec *spec, const json_t *section, struct agent_error *error)
{
	json_t *array = NULL;

	if (!json_get_array(section, "devices", &array, error))
		return false;
	spec->devices = calloc(json_array_size(array) + 1, sizeof *spec->devices);
	if (spec->devices == NULL)
		return agent_error_set(error, AGENT_CODE_FAILED, "devices: out of memory");
	for (; spec->n_devices < json_array_size(array); spec->n_devices++)
		if (!parse_device(&spec->devices[spec->n_devices],
			    json_array_get(array, spec->n_devices), error))
			return agent_error_prefix(error, "devices[%zu]", spec->n_devices);
	return true;
}

static bool parse_sysctl(
	struct container_spec *spec, const json_t *section, struct agent_error *error)
{
	const char *name;
	json_t *value;

	if (!json_get_object(section, "sysctl", &spec->sysctl, error))
		return false;
	json_object_foreach (spec->sysctl, name, value)
		if (!json_is_string(value) || !path_is_below(name))
			return agent_error_set(error, AGENT_CODE_FAILED,
				"sysctl: %s: not a name and a string", name);
	return true;
}

static bool parse_propagation(unsigned long *out, const json_t *section, struct agent_error *error)
{
	const char *name = "";

	if (!json_get_string(section, "rootfsPropagation", &name, error))
		return false;
	*out = mount_propagation_parse(name);
	if (*out == 0 && *name != '\0')
		return agent_error_set(
			error, AGENT_CODE_FAILED, "rootfsPropagation: unknown value %s", name);
	return true;
}

static bool parse_maps(
	struct container_spec *spec, const json_t *section, struct agent_error *error)
{
	bool has_user = spec->namespaces & CLONE_NEWUSER;

	if (!id_maps_parse(&spec->uid_maps, section, "uidMappings", error) ||
		!id_maps_parse(&spec->gid_maps, section, "gidMappings", error))
		return false;
	if (has_user == (spec->uid_maps.n > 0) && has_user == (spec->gid_maps.n > 0))
		return true;
	return agent_error_set(error, AGENT_CODE_FAILED,
		"uidMappings, gidMappings: belong to a user namespace, which needs both");
}

static bool parse_time_offset(struct container_spec *spec, const char *clock, const json_t *object,
	struct agent_error *error)
{
	struct spec_time_offset offset = {.clock = clock};

	if (strcmp(clock, "monotonic") != 0 && strcmp(clock, "boottime") != 0)
		return agent_error_set(error, AGENT_CODE_FAILED, "unknown clock");
	if (!json_get_integer(object, "secs", INT64_MIN, INT64_MAX, &offset.seconds, error) ||
		!json_get_integer(object, "nanosecs", 0, 999999999, &offset.nanoseconds, error))
		return false;
	spec->time_offsets[spec->n_time_offsets++] = offset;
	return true;
}

static bool parse_time_offsets(
	struct container_spec *spec, const json_t *section, struct agent_error *error)
{
	json_t *offsets = NULL;
	const char *clock;
	json_t *offset;

	if (!json_get_object(section, "timeOffsets", &offsets, error))
		return false;
	if (json_object_size(offsets) > 0 && !(spec->namespaces & CLONE_NEWTIME))
		return agent_error_set(
			error, AGENT_CODE_FAILED, "timeOffsets: belong to a time namespace");
	json_object_foreach (offsets, clock, offset)
		if (!parse_time_offset(spec, clock, offset, error))
			return agent_error_prefix(error, "timeOffsets: %s", clock);
	return true;
}

static bool parse_personality(
	struct container_spec *spec, const json_t *section, struct agent_error *error)
{
	json_t *object = NULL;
	const char *domain = NULL;

	spec->personality = -1;
	if (!json_get_object(section, "personality", &object, error))
		return false;
	if (object == NULL)
		return true;
	if (!json_need_string(object, "domain", &domain, error))
		return agent_error_prefix(error, "personality");
	if (strcmp(domain, "LINUX") == 0)
		spec->personality = PER_LINUX;
	else if (strcmp(domain, "LINUX32") == 0)
		spec->personality = PER_LINUX32;
	else
		return agent_error_set(
			error, AGENT_CODE_FAILED, "personality: domain: unknown: %s", domain);
	return true;
}

static bool parse_seccomp(
	struct container_spec *spec, const json_t *section, struct agent_error *error)
{
	json_t *seccomp = NULL;

	return json_get_object(section, "seccomp", &seccomp, error) &&
	       seccomp_filter_parse(&spec->seccomp, seccomp, error);
}

static bool parse_linux(
	struct container_spec *spec, const json_t *section, struct agent_error *error)
{
	return parse_namespaces(spec, section, error) && parse_devices(spec, section, error) &&
	       parse_sysctl(spec, section, error) &&
	       parse_propagation(&spec->propagation, section, error) &&
	       parse_maps(spec, section, error) && parse_time_offsets(spec, section, error) &&
	       parse_personality(spec, section, error) && parse_seccomp(spec, section, error) &&
	       json_get_strings(section, "maskedPaths", &spec->masked_paths, error) &&
	       json_get_strings(section, "readonlyPaths", &spec->read_only_paths, error);
}

static bool parse(struct container_spec *spec, const json_t *oci, struct agent_error *error)
{
	json_t *process = NULL;
	json_t *root = NULL;
	json_t *section = NULL;

	if (!json_get_object(oci, "process", &process, error) ||
		!json_get_object(oci, "root", &root, error) ||
		!json_get_object(oci, "linux", &section, error) ||
		!json_get_string(oci, "hostname", &spec->hostname, error) ||
		!json_get_string(oci, "domainname", &spec->domainname, error) ||
		!json_get_boolean(root, "readonly", &spec->read_only, error))
		return false;
	if (process == NULL)
		return agent_error_set(error, AGENT_CODE_FAILED, "process: missing");
	if (!process_spec_parse(&spec->process, process, error) ||
		!parse_mounts(spec, oci, error) || !hooks_spec_parse(&spec->hooks, oci, error))
		return false;
	return parse_linux(spec, section, error) || agent_error_prefix(error, "linux");
}

bool container_spec_parse(struct container_spec *out, json_t *oci, struct agent_error *error)
{
	struct container_spec spec = {.json = json_incref(oci)};

	if (!parse(&spec, oci, error)) {
		container_spec_clear(&spec);
		return false;
	}
	*out = spec;
	return true;
}

void container_spec_clear(struct container_spec *spec)
{
	process_spec_clear(&spec->process);
	for (size_t i = 0; i < spec->n_mounts; i++)
		mount_options_clear(&spec->mounts[i].options);
	free(spec->mounts);
	free(spec->devices);
	free(spec->masked_paths);
	free(spec->read_only_paths);
	id_maps_clear(&spec->uid_maps);
	id_maps_clear(&spec->gid_maps);
	seccomp_filter_free(spec->seccomp);
	hooks_spec_clear(&spec->hooks);
	json_decref(spec->json);
	*spec = (struct container_spec){0};
}
