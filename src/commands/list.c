/* SPDX-License-Identifier: GPL-2.0-only */
/* cc-oci-runtime list */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "commands/command.h"
#include "container/container.h"

enum {
	N_COLUMNS = 6,
	/* As runc's table: the narrowest column, and the gap behind each. */
	COLUMN_LEAST = 12,
};

static const char *const titles[N_COLUMNS] = {"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"};

static void print_json(const GPtrArray *states)
{
	g_autoptr(JsonNode) node = json_node_new(JSON_NODE_ARRAY);
	JsonArray *array = json_array_new();
	g_autofree char *text = NULL;

	for (guint i = 0; i < states->len; i++)
		json_array_add_object_element(array, oci_state_to_json(states->pdata[i]));
	json_node_take_array(node, array);
	/* runc prints an empty list as null, and engines have learnt to read it. */
	text = states->len > 0 ? json_format(node, FALSE) : g_strdup("null");
	puts(text);
}

static char **make_row(const struct oci_state *state)
{
	enum oci_status status = oci_state_status(state);
	char **row = g_new0(char *, N_COLUMNS + 1);

	row[0] = g_strdup(state->id);
	row[1] = g_strdup_printf("%d", status == OCI_STATUS_STOPPED ? 0 : (int)state->shim.pid);
	row[2] = g_strdup(oci_status_name(status));
	row[3] = g_strdup(state->bundle);
	row[4] = g_strdup(state->created);
	row[5] = g_strdup(state->owner);
	return row;
}

static void print_row(const char *const *row, const gsize *widths)
{
	for (gsize i = 0; i < N_COLUMNS - 1; i++)
		printf("%-*s", (int)widths[i], row[i]);
	puts(row[N_COLUMNS - 1]);
}

static void print_table(const GPtrArray *states)
{
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
	gsize widths[N_COLUMNS];

	for (gsize i = 0; i < N_COLUMNS; i++)
		widths[i] = COLUMN_LEAST;
	for (guint i = 0; i < states->len; i++) {
		char **row = make_row(states->pdata[i]);

		g_ptr_array_add(rows, row);
		for (gsize j = 0; j < N_COLUMNS; j++)
			widths[j] = MAX(widths[j], strlen(row[j]) + 1);
	}
	print_row(titles, widths);
	for (guint i = 0; i < rows->len; i++)
		print_row((const char *const *)rows->pdata[i], widths);
}

static void print_ids(const GPtrArray *states)
{
	for (guint i = 0; i < states->len; i++)
		puts(((const struct oci_state *)states->pdata[i])->id);
}

static int list(const struct command *command, const struct settings *settings, int argc,
	char **argv, GError **error)
{
	g_autofree char *format = NULL;
	gboolean quiet = FALSE;
	g_autoptr(GPtrArray) states = NULL;
	const GOptionEntry entries[] = {
		{"format", 'f', 0, G_OPTION_ARG_STRING, &format, "table or json [table]", "FORMAT"},
		{"quiet", 'q', 0, G_OPTION_ARG_NONE, &quiet, "Print ids only", NULL},
		{NULL},
	};
	enum command_parsed parsed = command_parse(command, entries, 0, 0, &argc, &argv, error);
	gboolean json = g_strcmp0(format, "json") == 0;

	if (parsed != COMMAND_GO)
		return parsed == COMMAND_HELPED ? 0 : -1;
	if (format != NULL && !json && strcmp(format, "table") != 0) {
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID,
			"list: --format: expected table or json, found \"%s\"", format);
		return -1;
	}
	states = container_list(settings, error);
	if (states == NULL)
		return -1;
	if (quiet)
		print_ids(states);
	else if (json)
		print_json(states);
	else
		print_table(states);
	return 0;
}

const struct command command_list = {
	.name = "list",
	.arguments = "",
	.summary = "Lists the containers of this root.",
	.run = list,
};
