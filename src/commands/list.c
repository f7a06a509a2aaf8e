/* SPDX-License-Identifier: GPL-2.0-only */
/* cc-oci-runtime list */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "commands/command.h"
#include "container/container.h"
#include "container/machine.h"

enum {
	N_COLUMNS = 6,
	/* Of --all: of the virtual machine. */
	N_COLUMNS_ALL = 10,
	/* As runc's table: the narrowest column, and the gap behind each. */
	COLUMN_LEAST = 12,
	COLUMN_GAP = 3,
};

static const char *const titles[N_COLUMNS_ALL] = {
	"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER", "VCPUS", "MEMORY", "PSS", "PRIVATE"};

/* What is listed, and how. */
struct listing {
	const struct settings *settings;
	const GPtrArray *states;
	gboolean all;
};

/* Bytes, of all but the titles. */
static JsonObject *machine_to_json(const struct container_machine *machine)
{
	JsonObject *object = json_object_new();

	json_object_set_int_member(object, "vcpus", machine->vcpus);
	json_object_set_int_member(object, "memory", machine->memory_mib << 20);
	json_object_set_int_member(object, "pss", (gint64)machine->cost.pss);
	json_object_set_int_member(object, "private", (gint64)machine->cost.private);
	return object;
}

static JsonObject *state_to_json(const struct listing *listing, const struct oci_state *state)
{
	JsonObject *object = oci_state_to_json(state);
	struct container_machine machine;

	if (listing->all && container_machine_look(listing->settings, state, &machine))
		json_object_set_object_member(object, "vm", machine_to_json(&machine));
	return object;
}

static void print_json(const struct listing *listing)
{
	const GPtrArray *states = listing->states;
	g_autoptr(JsonNode) node = json_node_new(JSON_NODE_ARRAY);
	JsonArray *array = json_array_new();
	g_autofree char *text = NULL;

	for (guint i = 0; i < states->len; i++)
		json_array_add_object_element(array, state_to_json(listing, states->pdata[i]));
	json_node_take_array(node, array);
	/* runc prints an empty list as null, and engines have learnt to read it. */
	text = states->len > 0 ? json_format(node, FALSE) : g_strdup("null");
	puts(text);
}

static char *mebibytes(guint64 bytes)
{
	return g_strdup_printf("%" G_GUINT64_FORMAT "M", bytes >> 20);
}

/* The columns of --all; of a container in another's VM they are dashes. */
static void add_machine(char **row, const struct listing *listing, const struct oci_state *state)
{
	struct container_machine machine;

	if (!container_machine_look(listing->settings, state, &machine)) {
		for (gsize i = N_COLUMNS; i < N_COLUMNS_ALL; i++)
			row[i] = g_strdup("-");
		return;
	}
	row[6] = g_strdup_printf("%" G_GINT64_FORMAT, machine.vcpus);
	row[7] = g_strdup_printf("%" G_GINT64_FORMAT "M", machine.memory_mib);
	row[8] = mebibytes(machine.cost.pss);
	row[9] = mebibytes(machine.cost.private);
}

static char **make_row(const struct listing *listing, const struct oci_state *state)
{
	enum oci_status status = oci_state_status(state);
	char **row = g_new0(char *, N_COLUMNS_ALL + 1);

	row[0] = g_strdup(state->id);
	row[1] = g_strdup_printf("%d", status == OCI_STATUS_STOPPED ? 0 : (int)state->shim.pid);
	row[2] = g_strdup(oci_status_name(status));
	row[3] = g_strdup(state->bundle);
	row[4] = g_strdup(state->created);
	row[5] = g_strdup(state->owner);
	if (listing->all)
		add_machine(row, listing, state);
	return row;
}

static void print_row(const char *const *row, const gsize *widths, gsize n)
{
	for (gsize i = 0; i < n - 1; i++)
		printf("%-*s", (int)widths[i], row[i]);
	puts(row[n - 1]);
}

static void print_table(const struct listing *listing)
{
	const GPtrArray *states = listing->states;
	gsize n = listing->all ? N_COLUMNS_ALL : N_COLUMNS;
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
	gsize widths[N_COLUMNS_ALL];

	for (gsize i = 0; i < n; i++)
		widths[i] = COLUMN_LEAST;
	for (guint i = 0; i < states->len; i++) {
		char **row = make_row(listing, states->pdata[i]);

		g_ptr_array_add(rows, row);
		for (gsize j = 0; j < n; j++)
			widths[j] = MAX(widths[j], strlen(row[j]) + COLUMN_GAP);
	}
	print_row(titles, widths, n);
	for (guint i = 0; i < rows->len; i++)
		print_row((const char *const *)rows->pdata[i], widths, n);
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
	struct listing listing = {.settings = settings};
	g_autoptr(GPtrArray) states = NULL;
	const GOptionEntry entries[] = {
		{"format", 'f', 0, G_OPTION_ARG_STRING, &format, "table or json [table]", "FORMAT"},
		{"all", 'a', 0, G_OPTION_ARG_NONE, &listing.all,
			"Tell of the virtual machines too: size, and memory that they cost", NULL},
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
	listing.states = states;
	if (quiet)
		print_ids(states);
	else if (json)
		print_json(&listing);
	else
		print_table(&listing);
	return 0;
}

const struct command command_list = {
	.name = "list",
	.arguments = "",
	.summary = "Lists the containers of this root.",
	.run = list,
};
