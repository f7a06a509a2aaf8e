/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads a subcommand's options. */
#include "commands/command.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"

static gboolean check_count(
	const struct command *command, int least, int most, int argc, GError **error)
{
	int given = argc - 1;

	if (given >= least && (most < 0 || given <= most))
		return TRUE;
	g_set_error(error, CC_ERROR, CC_ERROR_INVALID,
		"%s: %s; usage: cc-oci-runtime %s [OPTION…] %s", command->name,
		given < least ? "an argument is missing" : "too many arguments", command->name,
		command->arguments);
	return FALSE;
}

/* "--" between options and arguments is no argument. */
static void drop_separator(int *argc, char **argv)
{
	if (*argc < 2 || strcmp(argv[1], "--") != 0)
		return;
	memmove(argv + 1, argv + 2, (gsize)(*argc - 1) * sizeof *argv);
	(*argc)--;
}

enum command_parsed command_parse(const struct command *command, const GOptionEntry *entries,
	int least, int most, int *argc, char ***argv, GError **error)
{
	gboolean help = FALSE;
	const GOptionEntry help_entries[] = {
		{"help", 'h', 0, G_OPTION_ARG_NONE, &help, "Show this help", NULL},
		{NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new(command->arguments);
	g_autofree char *program = g_strdup_printf("cc-oci-runtime %s", command->name);

	g_option_context_set_help_enabled(context, FALSE);
	g_option_context_set_strict_posix(context, TRUE);
	g_option_context_set_summary(context, command->summary);
	if (entries != NULL)
		g_option_context_add_main_entries(context, entries, NULL);
	g_option_context_add_main_entries(context, help_entries, NULL);
	g_set_prgname(program);
	if (!g_option_context_parse(context, argc, argv, error)) {
		g_prefix_error(error, "%s: ", command->name);
		return COMMAND_FAILED;
	}
	if (help) {
		g_autofree char *text = g_option_context_get_help(context, TRUE, NULL);

		fputs(text, stdout);
		return COMMAND_HELPED;
	}
	drop_separator(argc, *argv);
	return check_count(command, least, most, *argc, error) ? COMMAND_GO : COMMAND_FAILED;
}
