/* SPDX-License-Identifier: GPL-2.0-only */
/* cc-oci-runtime run: create and start; in the foreground also wait and delete. */
#include "base/log.h"
#include "commands/command.h"
#include "commands/create.h"
#include "commands/terminal.h"

/* Ends what was started, after an error that is the one to tell. */
static void clean_up(const struct settings *settings, const char *id)
{
	g_autoptr(GError) error = NULL;

	if (!container_delete(settings, id, TRUE, &error))
		log_warning("delete %s: %s", id, error->message);
}

static int run_container(const struct settings *settings, const struct create_options *options,
	gboolean keep, GError **error)
{
	struct process_ref shim;
	int status = 0;

	if (!container_create(settings, options, &shim, error))
		return -1;
	if (!container_start(settings, options->id, error)) {
		clean_up(settings, options->id);
		return -1;
	}
	if (options->attached) {
		status = container_wait(&shim);
		if (!keep)
			clean_up(settings, options->id);
	}
	return status;
}

static int run(const struct command *command, const struct settings *settings, int argc,
	char **argv, GError **error)
{
	struct create_arguments arguments = {0};
	g_autofree GOptionEntry *entries = create_entries(&arguments, TRUE);
	g_autofree char *bundle = NULL;
	struct create_options options;
	struct caller_terminal terminal;
	enum command_parsed parsed = command_parse(command, entries, 1, 2, &argc, &argv, error);
	int status = parsed == COMMAND_HELPED ? 0 : -1;

	if (parsed == COMMAND_GO) {
		create_options_fill(&arguments, argc, argv, !arguments.detach, &bundle, &options);
		caller_terminal_save(&terminal);
		status = run_container(settings, &options, arguments.keep, error);
		caller_terminal_restore(&terminal);
	}
	create_arguments_clear(&arguments);
	return status;
}

const struct command command_run = {
	.name = "run",
	.arguments = "ID [BUNDLE]",
	.summary = "Makes a container, runs it, and removes it when its process has ended.",
	.run = run,
};
