/* SPDX-License-Identifier: GPL-2.0-only */
/* cc-oci-runtime template: makes, lists and removes what VMs are cloned from. */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/error.h"
#include "base/json.h"
#include "commands/command.h"
#include "container/template.h"

enum {
	/* Of the key, in a table: enough to tell them apart, and to name one for `remove`. */
	KEY_SHOWN = 12,
	LOWEST_PRIORITY = 19,
};

/* ---- create */

static int create(const struct command *command, const struct settings *settings, int argc,
	char **argv, GError **error)
{
	g_autofree char *bundle = NULL;
	g_autofree char *directory = NULL;
	g_autofree char *key = NULL;
	g_autoptr(GError) cause = NULL;
	gboolean background = FALSE;
	const GOptionEntry entries[] = {
		{"bundle", 'b', 0, G_OPTION_ARG_FILENAME, &bundle,
			"Make the template of this bundle's VM [of one as configured]", "DIR"},
		{"background", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_NONE, &background,
			"Only with what the processors have left; say nothing", NULL},
		{NULL},
	};
	enum command_parsed parsed = command_parse(command, entries, 0, 0, &argc, &argv, error);

	if (parsed != COMMAND_GO)
		return parsed == COMMAND_HELPED ? 0 : -1;
	if (background)
		(void)setpriority(PRIO_PROCESS, 0, LOWEST_PRIORITY);
	if (bundle != NULL)
		directory = g_canonicalize_filename(bundle, NULL);
	if (!template_make(settings, directory, &key, &cause)) {
		/* Two at once make one. */
		if (background && g_error_matches(cause, CC_ERROR, CC_ERROR_EXISTS))
			return 0;
		g_propagate_prefixed_error(error, g_steal_pointer(&cause), "template create: ");
		return -1;
	}
	if (!background)
		puts(key);
	return 0;
}

static const struct command command_template_create = {
	.name = "template create",
	.arguments = "",
	.summary = "Makes the template, unless it is there, and prints its key.",
	.run = create,
};

/* ---- list */

/* As the state object has its time: UTC. The caller frees. */
static char *format_time(gint64 seconds)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(seconds);

	return time != NULL ? g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ") : g_strdup("-");
}

static void print_json(const GPtrArray *entries)
{
	g_autoptr(JsonNode) node = json_node_new(JSON_NODE_ARRAY);
	JsonArray *array = json_array_new();
	g_autofree char *text = NULL;

	for (guint i = 0; i < entries->len; i++) {
		const struct vm_store_entry *entry = entries->pdata[i];
		g_autofree char *created = format_time(entry->created);
		g_autofree char *used = format_time(entry->used);
		JsonObject *object = json_object_new();

		json_object_set_string_member(object, "key", entry->key);
		json_object_set_int_member(object, "size", (gint64)entry->size);
		json_object_set_string_member(object, "created", created);
		json_object_set_string_member(object, "used", used);
		json_object_set_object_member(object, "vm", json_object_ref(entry->description));
		json_array_add_object_element(array, object);
	}
	json_node_take_array(node, array);
	text = json_format(node, FALSE);
	puts(text);
}

static void print_entry(const struct vm_store_entry *entry)
{
	g_autofree char *size = g_format_size_full(entry->size, G_FORMAT_SIZE_IEC_UNITS);
	g_autofree char *used = format_time(entry->used);
	const char *kernel = "-";
	const char *accel = "-";
	gint64 memory = 0;
	gint64 cpus = 0;

	/* What is not there is shown as not there. */
	(void)!json_get_string(entry->description, "", "kernel", &kernel, NULL);
	(void)!json_get_string(entry->description, "", "accel", &accel, NULL);
	(void)!json_get_integer(entry->description, "", "memory", 0, G_MAXINT64, &memory, NULL);
	(void)!json_get_integer(entry->description, "", "cpus", 0, G_MAXINT64, &cpus, NULL);
	printf("%-*.*s  %-10s  %-20s  %-5s  %-6" G_GINT64_FORMAT "  %-4" G_GINT64_FORMAT "  %s\n",
		KEY_SHOWN, KEY_SHOWN, entry->key, size, used, accel, memory, cpus, kernel);
}

static void print_table(const GPtrArray *entries)
{
	printf("%-*s  %-10s  %-20s  %-5s  %-6s  %-4s  %s\n", KEY_SHOWN, "KEY", "SIZE", "USED",
		"ACCEL", "MEMORY", "CPUS", "KERNEL");
	for (guint i = 0; i < entries->len; i++)
		print_entry(entries->pdata[i]);
}

static GPtrArray *read_store(const struct settings *settings, char **out_directory, GError **error)
{
	*out_directory = template_directory(settings, error);
	return *out_directory != NULL ? vm_store_list(*out_directory, error) : NULL;
}

static int list(const struct command *command, const struct settings *settings, int argc,
	char **argv, GError **error)
{
	g_autofree char *format = NULL;
	g_autofree char *directory = NULL;
	g_autoptr(GPtrArray) entries = NULL;
	const GOptionEntry options[] = {
		{"format", 'f', 0, G_OPTION_ARG_STRING, &format, "table or json [table]", "FORMAT"},
		{NULL},
	};
	enum command_parsed parsed = command_parse(command, options, 0, 0, &argc, &argv, error);
	gboolean json = g_strcmp0(format, "json") == 0;

	if (parsed != COMMAND_GO)
		return parsed == COMMAND_HELPED ? 0 : -1;
	if (format != NULL && !json && strcmp(format, "table") != 0) {
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID,
			"template list: --format: expected table or json, found \"%s\"", format);
		return -1;
	}
	entries = read_store(settings, &directory, error);
	if (entries == NULL)
		return -1;
	if (json)
		print_json(entries);
	else
		print_table(entries);
	return 0;
}

static const struct command command_template_list = {
	.name = "template list",
	.arguments = "",
	.summary = "Lists the templates, the one used last first.",
	.run = list,
};

/* ---- remove */

/* The template whose key begins so; several are none. */
static const char *find_entry(const GPtrArray *entries, const char *beginning, GError **error)
{
	const char *found = NULL;

	for (guint i = 0; i < entries->len; i++) {
		const struct vm_store_entry *entry = entries->pdata[i];

		if (!g_str_has_prefix(entry->key, beginning))
			continue;
		if (found != NULL) {
			g_set_error(error, CC_ERROR, CC_ERROR_INVALID,
				"template \"%s\": more than one", beginning);
			return NULL;
		}
		found = entry->key;
	}
	if (found == NULL)
		g_set_error(error, CC_ERROR, CC_ERROR_NOT_FOUND, "template \"%s\" does not exist",
			beginning);
	return found;
}

static gboolean remove_named(
	const char *directory, const GPtrArray *entries, char **names, GError **error)
{
	for (; *names != NULL; names++) {
		const char *key = find_entry(entries, *names, error);

		if (key == NULL || !vm_store_drop(directory, key, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean remove_all(const char *directory, const GPtrArray *entries, GError **error)
{
	for (guint i = 0; i < entries->len; i++) {
		const struct vm_store_entry *entry = entries->pdata[i];

		if (!vm_store_drop(directory, entry->key, error))
			return FALSE;
	}
	return TRUE;
}

static int remove_templates(const struct command *command, const struct settings *settings,
	int argc, char **argv, GError **error)
{
	g_autofree char *directory = NULL;
	g_autoptr(GPtrArray) entries = NULL;
	gboolean all = FALSE;
	const GOptionEntry options[] = {
		{"all", 'a', 0, G_OPTION_ARG_NONE, &all, "Remove all of them", NULL},
		{NULL},
	};
	enum command_parsed parsed = command_parse(command, options, 0, -1, &argc, &argv, error);

	if (parsed != COMMAND_GO)
		return parsed == COMMAND_HELPED ? 0 : -1;
	if (all == (argc > 1)) {
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID,
			"template remove: expected keys, or --all");
		return -1;
	}
	entries = read_store(settings, &directory, error);
	if (entries == NULL)
		return -1;
	if (all)
		return remove_all(directory, entries, error) ? 0 : -1;
	return remove_named(directory, entries, argv + 1, error) ? 0 : -1;
}

static const struct command command_template_remove = {
	.name = "template remove",
	.arguments = "KEY…",
	.summary = "Removes templates, named by the beginnings of their keys.",
	.run = remove_templates,
};

/* ---- which of them */

static const struct command *const actions[] = {
	&command_template_create,
	&command_template_list,
	&command_template_remove,
};

static int run(const struct command *command, const struct settings *settings, int argc,
	char **argv, GError **error)
{
	enum command_parsed parsed;

	for (gsize i = 0; argc > 1 && i < G_N_ELEMENTS(actions); i++)
		if (strcmp(strchr(actions[i]->name, ' ') + 1, argv[1]) == 0)
			return actions[i]->run(actions[i], settings, argc - 1, argv + 1, error);
	parsed = command_parse(command, NULL, 1, -1, &argc, &argv, error);
	if (parsed == COMMAND_GO)
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID,
			"template: expected create, list or remove, found \"%s\"", argv[1]);
	return parsed == COMMAND_HELPED ? 0 : -1;
}

const struct command command_template = {
	.name = "template",
	.arguments = "create|list|remove",
	.summary = "Manages the templates that virtual machines are cloned from.",
	.run = run,
};
