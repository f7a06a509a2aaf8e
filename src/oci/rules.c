/* SPDX-License-Identifier: GPL-2.0-only */
/* The rules between fields of config.json. */
#include "oci/rules.h"

#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "oci/resources.h"

enum {
	/* Of Linux: __NEW_UTS_LEN. */
	HOSTNAME_MAX = 64,
};

static gboolean refuse(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static gboolean refuse(GError **error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_autofree char *text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_set_error_literal(error, CC_ERROR, CC_ERROR_INVALID, text);
	return FALSE;
}

/* ---- members, whose types have been checked; null counts as missing */

static JsonNode *find(JsonObject *object, const char *name)
{
	JsonNode *node = object != NULL ? json_object_get_member(object, name) : NULL;

	return node != NULL && !JSON_NODE_HOLDS_NULL(node) ? node : NULL;
}

static JsonObject *get_object(JsonObject *object, const char *name)
{
	JsonNode *node = find(object, name);

	return node != NULL ? json_node_get_object(node) : NULL;
}

static const char *get_string(JsonObject *object, const char *name)
{
	JsonNode *node = find(object, name);

	return node != NULL ? json_node_get_string(node) : "";
}

static gint64 get_integer(JsonObject *object, const char *name)
{
	JsonNode *node = find(object, name);

	return node != NULL ? json_node_get_int(node) : 0;
}

static guint array_size(JsonObject *object, const char *name)
{
	JsonNode *node = find(object, name);

	return node != NULL ? json_array_get_length(json_node_get_array(node)) : 0;
}

static JsonObject *element(JsonObject *object, const char *name, guint index)
{
	return json_array_get_object_element(json_node_get_array(find(object, name)), index);
}

static const char *string_element(JsonObject *object, const char *name, guint index)
{
	return json_array_get_string_element(json_node_get_array(find(object, name)), index);
}

static gboolean has_namespace(JsonObject *root, const char *type)
{
	JsonObject *section = get_object(root, "linux");

	for (guint i = 0; i < array_size(section, "namespaces"); i++)
		if (strcmp(get_string(element(section, "namespaces", i), "type"), type) == 0)
			return TRUE;
	return FALSE;
}

/* ---- process */

static gboolean check_rlimits(JsonObject *process, const char *place, GError **error)
{
	for (guint i = 0; i < array_size(process, "rlimits"); i++) {
		JsonObject *limit = element(process, "rlimits", i);
		guint64 soft = (guint64)get_integer(limit, "soft");
		guint64 hard = (guint64)get_integer(limit, "hard");

		if (soft > hard)
			return refuse(error, "%s[%u].soft: more than hard", place, i);
		for (guint j = 0; j < i; j++)
			if (strcmp(get_string(element(process, "rlimits", j), "type"),
				    get_string(limit, "type")) == 0)
				return refuse(error, "%s[%u].type: given twice", place, i);
	}
	return TRUE;
}

/* sched(7): a real-time policy needs a priority, the others have none. */
static gboolean check_scheduler(JsonObject *process, const char *place, GError **error)
{
	JsonObject *scheduler = get_object(process, "scheduler");
	const char *policy = get_string(scheduler, "policy");
	gboolean needs = strcmp(policy, "SCHED_FIFO") == 0 || strcmp(policy, "SCHED_RR") == 0;

	if (scheduler == NULL || needs == (get_integer(scheduler, "priority") > 0))
		return TRUE;
	return refuse(error, "%s.priority: %s", place,
		needs ? "needed by this policy" : "of no use to this policy");
}

static gboolean check_affinity(JsonObject *process, const char *place, GError **error)
{
	static const char *const members[] = {"initial", "final"};
	JsonObject *affinity = get_object(process, "execCPUAffinity");

	for (gsize i = 0; i < G_N_ELEMENTS(members); i++) {
		const char *list = get_string(affinity, members[i]);
		g_autoptr(GArray) cpus = *list != '\0' ? oci_cpu_list_parse(list, error) : NULL;

		if (*list != '\0' && cpus == NULL) {
			g_prefix_error(error, "%s.%s: ", place, members[i]);
			return FALSE;
		}
	}
	return TRUE;
}

static const struct {
	const char *member;
	gboolean (*check)(JsonObject *process, const char *place, GError **error);
} process_rules[] = {
	{"rlimits", check_rlimits},
	{"scheduler", check_scheduler},
	{"execCPUAffinity", check_affinity},
};

gboolean oci_rules_check_process(JsonObject *process, const char *place, GError **error)
{
	for (gsize i = 0; i < G_N_ELEMENTS(process_rules); i++) {
		g_autofree char *path = json_path(place, process_rules[i].member);

		if (!process_rules[i].check(process, path, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean check_process(JsonObject *root, GError **error)
{
	return oci_rules_check_process(get_object(root, "process"), "process", error);
}

/* ---- names */

/* Without a namespace of its own the host name is the VM's, which is set; the domain name is not.
 */
static gboolean check_names(JsonObject *root, GError **error)
{
	static const char *const members[] = {"hostname", "domainname"};

	for (gsize i = 0; i < G_N_ELEMENTS(members); i++)
		if (strlen(get_string(root, members[i])) > HOSTNAME_MAX)
			return refuse(error, "%s: longer than %d bytes", members[i], HOSTNAME_MAX);
	if (*get_string(root, "domainname") != '\0' && !has_namespace(root, "uts"))
		return refuse(error, "domainname: linux.namespaces has no uts namespace for it");
	return TRUE;
}

/* ---- mounts */

static gboolean check_mounts(JsonObject *root, GError **error)
{
	for (guint i = 0; i < array_size(root, "mounts"); i++) {
		JsonObject *mount = element(root, "mounts", i);

		for (guint j = 0; j < array_size(mount, "options"); j++) {
			const char *option = string_element(mount, "options", j);

			if (strcmp(option, "idmap") == 0 || strcmp(option, "ridmap") == 0)
				return refuse(error,
					"mounts[%u].options[%u]: not possible: 9p, by which the "
					"guest sees the host's files, has no id-mapped mounts",
					i, j);
		}
	}
	return TRUE;
}

/* ---- linux.sysctl: those of the container's own namespaces, as runc */

static const struct {
	/* A name, or with a dot at its end what begins names. */
	const char *name;
	const char *namespace;
} known_sysctl[] = {
	{"fs.mqueue.", "ipc"},
	{"kernel.domainname", "uts"},
	{"kernel.msgmax", "ipc"},
	{"kernel.msgmnb", "ipc"},
	{"kernel.msgmni", "ipc"},
	{"kernel.sem", "ipc"},
	{"kernel.shm_rmid_forced", "ipc"},
	{"kernel.shmall", "ipc"},
	{"kernel.shmmax", "ipc"},
	{"kernel.shmmni", "ipc"},
	{"net.", "network"},
};

/* With slashes as separators, "net/ipv4/conf/eth0.1/forwarding", they change places. */
static char *dotted_name(const char *name)
{
	char *dotted = g_strdup(name);
	char *first = strpbrk(dotted, "./");

	for (char *c = dotted; first != NULL && *first == '/' && *c != '\0'; c++)
		*c = *c == '/' ? '.' : *c == '.' ? '/' : *c;
	return dotted;
}

static const char *sysctl_namespace(const char *name)
{
	for (gsize i = 0; i < G_N_ELEMENTS(known_sysctl); i++) {
		const char *known = known_sysctl[i].name;

		if (g_str_has_suffix(known, ".") ? g_str_has_prefix(name, known)
						 : strcmp(name, known) == 0)
			return known_sysctl[i].namespace;
	}
	return NULL;
}

static gboolean check_one_sysctl(JsonObject *root, const char *name, GError **error)
{
	g_autofree char *dotted = dotted_name(name);
	const char *namespace = sysctl_namespace(dotted);

	if (strstr(dotted, "..") != NULL || strstr(dotted, "//") != NULL)
		return refuse(error, "linux.sysctl: not a name: %s", name);
	if (namespace == NULL)
		return refuse(error, "linux.sysctl.%s: not of a namespace", name);
	if (!has_namespace(root, namespace))
		return refuse(error, "linux.sysctl.%s: linux.namespaces has no %s namespace for it",
			name, namespace);
	return TRUE;
}

static gboolean check_sysctl(JsonObject *root, GError **error)
{
	JsonObject *sysctl = get_object(get_object(root, "linux"), "sysctl");
	g_autoptr(GList) names = sysctl != NULL ? json_object_get_members(sysctl) : NULL;

	for (GList *name = names; name != NULL; name = name->next)
		if (!check_one_sysctl(root, name->data, error))
			return FALSE;
	return TRUE;
}

/* ---- linux.devices */

static gboolean check_devices(JsonObject *root, GError **error)
{
	static const char *const numbers[] = {"major", "minor"};
	JsonObject *section = get_object(root, "linux");

	for (guint i = 0; i < array_size(section, "devices"); i++) {
		JsonObject *device = element(section, "devices", i);

		if (*get_string(device, "path") != '/')
			return refuse(error, "linux.devices[%u].path: not absolute", i);
		for (gsize j = 0; j < G_N_ELEMENTS(numbers); j++)
			if (strcmp(get_string(device, "type"), "p") != 0 &&
				(find(device, numbers[j]) == NULL ||
					get_integer(device, numbers[j]) < 0))
				return refuse(
					error, "linux.devices[%u].%s: missing", i, numbers[j]);
	}
	return TRUE;
}

/* ---- paths */

static gboolean check_paths(JsonObject *root, GError **error)
{
	static const char *const members[] = {"maskedPaths", "readonlyPaths"};
	JsonObject *section = get_object(root, "linux");

	for (gsize i = 0; i < G_N_ELEMENTS(members); i++)
		for (guint j = 0; j < array_size(section, members[i]); j++)
			if (*string_element(section, members[i], j) != '/')
				return refuse(error, "linux.%s[%u]: not absolute", members[i], j);
	return TRUE;
}

/* ---- user namespace */

static gboolean is_mapped(JsonObject *section, const char *maps, gint64 id)
{
	for (guint i = 0; i < array_size(section, maps); i++) {
		JsonObject *map = element(section, maps, i);
		gint64 first = get_integer(map, "containerID");

		if (id >= first && id - first < get_integer(map, "size"))
			return TRUE;
	}
	return FALSE;
}

static gboolean check_map(JsonObject *root, const char *maps, const char *id, GError **error)
{
	JsonObject *section = get_object(root, "linux");
	JsonObject *user = get_object(get_object(root, "process"), "user");
	guint n = array_size(section, maps);

	if (!has_namespace(root, "user"))
		return n == 0 ||
		       refuse(error, "linux.%s: linux.namespaces has no user namespace for it",
			       maps);
	if (n == 0)
		return refuse(error, "linux.%s: missing, which a user namespace needs", maps);
	for (guint i = 0; i < n; i++)
		if (get_integer(element(section, maps, i), "size") == 0)
			return refuse(error, "linux.%s[%u].size: 0", maps, i);
	if (!is_mapped(section, maps, get_integer(user, id)))
		return refuse(error, "process.user.%s: not in linux.%s", id, maps);
	return TRUE;
}

static gboolean check_maps(JsonObject *root, GError **error)
{
	return check_map(root, "uidMappings", "uid", error) &&
	       check_map(root, "gidMappings", "gid", error);
}

/* ---- time namespace */

static gboolean check_time_offsets(JsonObject *root, GError **error)
{
	JsonObject *offsets = get_object(get_object(root, "linux"), "timeOffsets");
	g_autoptr(GList) names = offsets != NULL ? json_object_get_members(offsets) : NULL;

	for (GList *name = names; name != NULL; name = name->next)
		if (strcmp(name->data, "boottime") != 0 && strcmp(name->data, "monotonic") != 0)
			return refuse(error, "linux.timeOffsets.%s: unknown clock",
				(const char *)name->data);
	if (names != NULL && !has_namespace(root, "time"))
		return refuse(
			error, "linux.timeOffsets: linux.namespaces has no time namespace for it");
	return TRUE;
}

static gboolean (*const rules[])(JsonObject *root, GError **error) = {
	check_process,
	check_names,
	check_mounts,
	check_sysctl,
	check_devices,
	check_paths,
	check_maps,
	check_time_offsets,
};

gboolean oci_rules_check(JsonObject *root, GError **error)
{
	for (gsize i = 0; i < G_N_ELEMENTS(rules); i++)
		if (!rules[i](root, error))
			return FALSE;
	return TRUE;
}
