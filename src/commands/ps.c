/* SPDX-License-Identifier: GPL-2.0-only */
/* cc-oci-runtime ps */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "commands/command.h"
#include "commands/ps-format.h"
#include "container/container.h"

/*
 * What an engine looks up on the host: the shims. The pids of the guest would name strangers. None
 * is null, as with runc.
 */
static int print_json(const struct settings *settings, const char *id, GError **error)
{
	g_autoptr(GArray) shims = container_shims(settings, id, error);
	g_autoptr(JsonNode) node = json_node_new(JSON_NODE_ARRAY);
	g_autofree char *text = NULL;
	JsonArray *array = json_array_new();

	json_node_take_array(node, array);
	if (shims == NULL)
		return -1;
	for (guint i = 0; i < shims->len; i++)
		json_array_add_int_element(array, g_array_index(shims, struct process_ref, i).pid);
	text = shims->len > 0 ? json_format(node, FALSE) : g_strdup("null");
	puts(text);
	return 0;
}

static int print_table(
	const struct settings *settings, const char *id, char **options, GError **error)
{
	g_autoptr(ps_format) format = ps_format_parse(options, error);
	g_autoptr(GPtrArray) processes = NULL;
	g_autofree char *table = NULL;

	if (format == NULL)
		return -1;
	processes = container_processes(settings, id, error);
	if (processes == NULL)
		return -1;
	table = ps_format_table(format, processes, g_get_real_time() / 1000);
	fputs(table, stdout);
	return 0;
}

static int ps(const struct command *command, const struct settings *settings, int argc, char **argv,
	GError **error)
{
	g_autofree char *format = NULL;
	const GOptionEntry entries[] = {
		{"format", 'f', 0, G_OPTION_ARG_STRING, &format,
			"table, or json: the pids on the host [table]", "FORMAT"},
		{NULL},
	};
	enum command_parsed parsed = command_parse(command, entries, 1, -1, &argc, &argv, error);

	if (parsed != COMMAND_GO)
		return parsed == COMMAND_HELPED ? 0 : -1;
	if (g_strcmp0(format, "json") == 0)
		return print_json(settings, argv[1], error);
	if (format == NULL || strcmp(format, "table") == 0)
		return print_table(settings, argv[1], argv + 2, error);
	g_set_error(error, CC_ERROR, CC_ERROR_INVALID,
		"ps: --format: expected table or json, found \"%s\"", format);
	return -1;
}

const struct command command_ps = {
	.name = "ps",
	.arguments = "ID [OPTION OF PS…]",
	.summary = "Lists the processes of a container.",
	.run = ps,
};
