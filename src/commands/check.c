/* SPDX-License-Identifier: GPL-2.0-only */
/* cc-oci-runtime check */
#include <stdio.h>

#include "base/json.h"
#include "commands/command.h"
#include "container/fitness.h"

static gboolean is_fit(const GPtrArray *findings)
{
	for (guint i = 0; i < findings->len; i++)
		if (((const struct finding *)findings->pdata[i])->level == FITNESS_MISSING)
			return FALSE;
	return TRUE;
}

static void print_json(const GPtrArray *findings)
{
	JsonObject *object = json_object_new();
	JsonArray *array = json_array_new();
	g_autofree char *text = NULL;

	for (guint i = 0; i < findings->len; i++) {
		const struct finding *finding = findings->pdata[i];
		JsonObject *entry = json_object_new();

		json_object_set_string_member(entry, "name", finding->name);
		json_object_set_string_member(entry, "level", fitness_level_name(finding->level));
		json_object_set_string_member(entry, "text", finding->text);
		if (finding->remedy != NULL)
			json_object_set_string_member(entry, "remedy", finding->remedy);
		json_array_add_object_element(array, entry);
	}
	json_object_set_boolean_member(object, "fit", is_fit(findings));
	json_object_set_array_member(object, "checks", array);
	text = json_format_object(object, TRUE);
	puts(text);
}

static void print_lines(const GPtrArray *findings)
{
	for (guint i = 0; i < findings->len; i++) {
		const struct finding *finding = findings->pdata[i];

		printf("%-8s %-14s %s%s%s\n", fitness_level_name(finding->level), finding->name,
			finding->text, finding->remedy != NULL ? "; to do: " : "",
			finding->remedy != NULL ? finding->remedy : "");
	}
}

static int check(const struct command *command, const struct settings *settings, int argc,
	char **argv, GError **error)
{
	gboolean json = FALSE;
	g_autoptr(GPtrArray) findings = NULL;
	const GOptionEntry entries[] = {
		{"json", 0, 0, G_OPTION_ARG_NONE, &json, "Print JSON", NULL},
		{NULL},
	};
	enum command_parsed parsed = command_parse(command, entries, 0, 0, &argc, &argv, error);

	if (parsed != COMMAND_GO)
		return parsed == COMMAND_HELPED ? 0 : -1;
	findings = fitness_check_all(settings);
	if (json)
		print_json(findings);
	else
		print_lines(findings);
	return is_fit(findings) ? 0 : 1;
}

const struct command command_check = {
	.name = "check",
	.arguments = "",
	.summary = "Says whether this host can run containers, and what to do where not.",
	.run = check,
};
