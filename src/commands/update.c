/* SPDX-License-Identifier: GPL-2.0-only */
/* cc-oci-runtime update */
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "commands/command.h"
#include "commands/size.h"
#include "container/container.h"

enum {
	DOCUMENT_SIZE_MAX = 1 << 20,
};

enum value_kind {
	VALUE_NUMBER,
	/* Bytes, "512m"; -1: none. */
	VALUE_SIZE,
	VALUE_TEXT,
};

/* runc's flags, and the members of linux.resources that they set. */
static const struct {
	const char *flag;
	char letter;
	enum value_kind kind;
	const char *section;
	const char *member;
	const char *help;
} flags[] = {
	{"blkio-weight", 0, VALUE_NUMBER, "blockIO", "weight", "Weight of its I/O, 10 to 1000"},
	{"cpu-period", 0, VALUE_NUMBER, "cpu", "period", "Period of the CPU quota, in µs"},
	{"cpu-quota", 0, VALUE_NUMBER, "cpu", "quota", "CPU time in a period, in µs; -1: no limit"},
	{"cpu-burst", 0, VALUE_NUMBER, "cpu", "burst", "CPU time beyond the quota, in µs"},
	{"cpu-share", 0, VALUE_NUMBER, "cpu", "shares", "Weight of its CPU time"},
	{"cpu-idle", 0, VALUE_NUMBER, "cpu", "idle", "1: only what nobody else uses"},
	{"cpu-rt-period", 0, VALUE_NUMBER, "cpu", "realtimePeriod", "Refused: the guest has none"},
	{"cpu-rt-runtime", 0, VALUE_NUMBER, "cpu", "realtimeRuntime",
		"Refused: the guest has none"},
	{"cpuset-cpus", 0, VALUE_TEXT, "cpu", "cpus", "CPUs of the host, as in 0-3,7"},
	{"cpuset-mems", 0, VALUE_TEXT, "cpu", "mems", "Memory nodes of the host"},
	{"kernel-memory", 0, VALUE_SIZE, "memory", "kernel", "Obsolete"},
	{"kernel-memory-tcp", 0, VALUE_SIZE, "memory", "kernelTCP", "Obsolete"},
	{"memory", 'm', VALUE_SIZE, "memory", "limit", "Memory, as in 512m; -1: no limit"},
	{"memory-reservation", 0, VALUE_SIZE, "memory", "reservation", "Memory that it keeps"},
	{"memory-swap", 0, VALUE_SIZE, "memory", "swap", "Memory and swap; -1: no limit"},
	{"pids-limit", 0, VALUE_NUMBER, "pids", "limit", "Processes; -1: no limit"},
	{"l3-cache-schema", 0, VALUE_TEXT, NULL, NULL, "Refused: a VM has no cache of its own"},
	{"mem-bw-schema", 0, VALUE_TEXT, NULL, NULL, "Refused: likewise"},
};

static gboolean parse_value(gsize index, const char *text, JsonNode *out_node, GError **error)
{
	gint64 number = 0;

	if (flags[index].kind == VALUE_TEXT) {
		json_node_set_string(out_node, text);
		return TRUE;
	}
	if (flags[index].kind == VALUE_SIZE ? size_parse(text, &number)
					    : g_ascii_string_to_signed(text, 10, G_MININT64,
						      G_MAXINT64, &number, NULL)) {
		json_node_set_int(out_node, number);
		return TRUE;
	}
	g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "update: --%s: expected %s, found \"%s\"",
		flags[index].flag,
		flags[index].kind == VALUE_SIZE ? "a size such as 512m" : "a number", text);
	return FALSE;
}

static gboolean set_flag(JsonObject *resources, gsize index, const char *text, GError **error)
{
	g_autoptr(JsonNode) node = json_node_new(JSON_NODE_VALUE);
	JsonObject *section;

	if (flags[index].section == NULL) {
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID,
			"update: --%s: not possible: intelRdt divides the host's caches, of which "
			"a "
			"virtual machine knows nothing",
			flags[index].flag);
		return FALSE;
	}
	if (!parse_value(index, text, node, error))
		return FALSE;
	if (!json_object_has_member(resources, flags[index].section))
		json_object_set_object_member(resources, flags[index].section, json_object_new());
	section = json_object_get_object_member(resources, flags[index].section);
	json_object_set_member(section, flags[index].member, g_steal_pointer(&node));
	return TRUE;
}

/* With a file, as with runc, the flags are not looked at. */
static JsonObject *load(const char *path, GError **error)
{
	const char *file = strcmp(path, "-") == 0 ? "/dev/stdin" : path;
	g_autofree char *data = NULL;
	g_autoptr(JsonNode) node = NULL;
	gsize size;

	if (file_read(file, DOCUMENT_SIZE_MAX, &data, &size, error))
		node = json_parse_object(data, size, error);
	if (node == NULL) {
		g_prefix_error(error, "update: --resources %s: ", path);
		return NULL;
	}
	return json_node_dup_object(node);
}

static JsonObject *describe(const char *path, char *const *values, GError **error)
{
	g_autoptr(JsonObject) resources = NULL;

	if (path != NULL)
		return load(path, error);
	resources = json_object_new();
	for (gsize i = 0; i < G_N_ELEMENTS(flags); i++)
		if (values[i] != NULL && !set_flag(resources, i, values[i], error))
			return NULL;
	return g_steal_pointer(&resources);
}

static int update_container(const char *path, char *const *values, const struct settings *settings,
	const char *id, GError **error)
{
	g_autoptr(JsonObject) resources = describe(path, values, error);

	return resources != NULL && container_update(settings, id, resources, error) ? 0 : -1;
}

static int update(const struct command *command, const struct settings *settings, int argc,
	char **argv, GError **error)
{
	char *values[G_N_ELEMENTS(flags)] = {NULL};
	GOptionEntry entries[G_N_ELEMENTS(flags) + 2] = {{NULL}};
	g_autofree char *path = NULL;
	enum command_parsed parsed;
	int status = -1;

	for (gsize i = 0; i < G_N_ELEMENTS(flags); i++)
		entries[i] = (GOptionEntry){flags[i].flag, flags[i].letter, 0, G_OPTION_ARG_STRING,
			&values[i], flags[i].help, flags[i].kind == VALUE_SIZE ? "SIZE" : "VALUE"};
	entries[G_N_ELEMENTS(flags)] = (GOptionEntry){"resources", 'r', 0, G_OPTION_ARG_FILENAME,
		&path, "The linux.resources of this file, - for stdin, instead of flags", "FILE"};
	parsed = command_parse(command, entries, 1, 1, &argc, &argv, error);
	if (parsed == COMMAND_GO)
		status = update_container(path, values, settings, argv[1], error);
	for (gsize i = 0; i < G_N_ELEMENTS(flags); i++)
		g_free(values[i]);
	return parsed == COMMAND_HELPED ? 0 : status;
}

const struct command command_update = {
	.name = "update",
	.arguments = "ID",
	.summary = "Changes the limits of a container that runs.",
	.run = update,
};
