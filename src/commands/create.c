/* SPDX-License-Identifier: GPL-2.0-only */
/* cc-oci-runtime create */
#include "commands/create.h"

#include <string.h>

#include "base/log.h"
#include "commands/command.h"

GOptionEntry *create_entries(struct create_arguments *arguments, gboolean for_run)
{
	const GOptionEntry entries[] = {
		{"bundle", 'b', 0, G_OPTION_ARG_FILENAME, &arguments->bundle,
			"Directory of config.json [the current one]", "DIR"},
		{"console-socket", 0, 0, G_OPTION_ARG_FILENAME, &arguments->console_socket,
			"Send the terminal's master to this unix socket", "PATH"},
		{"pid-file", 0, 0, G_OPTION_ARG_FILENAME, &arguments->pid_file,
			"Write the process id to this file", "PATH"},
		{"no-pivot", 0, 0, G_OPTION_ARG_NONE, &arguments->no_pivot,
			"Accepted for compatibility: the guest has its own root", NULL},
		{"no-new-keyring", 0, 0, G_OPTION_ARG_NONE, &arguments->no_new_keyring,
			"Accepted for compatibility: the guest has its own keyrings", NULL},
		{"preserve-fds", 0, 0, G_OPTION_ARG_INT, &arguments->preserve_fds,
			"Accepted for compatibility: no descriptor can enter a VM", "N"},
		{NULL},
	};
	const GOptionEntry run_entries[] = {
		{"detach", 'd', 0, G_OPTION_ARG_NONE, &arguments->detach,
			"Do not wait for the process", NULL},
		{"keep", 0, 0, G_OPTION_ARG_NONE, &arguments->keep,
			"Do not delete the container when it has ended", NULL},
		{"no-subreaper", 0, 0, G_OPTION_ARG_NONE, &arguments->no_subreaper,
			"Accepted for compatibility: orphans are the guest's", NULL},
		{NULL},
	};
	gsize n = G_N_ELEMENTS(entries) - 1;
	GOptionEntry *table = g_new0(GOptionEntry, n + G_N_ELEMENTS(run_entries));

	memcpy(table, entries, n * sizeof *entries);
	if (for_run)
		memcpy(table + n, run_entries, sizeof run_entries);
	return table;
}

void create_arguments_clear(struct create_arguments *arguments)
{
	g_free(arguments->bundle);
	g_free(arguments->pid_file);
	g_free(arguments->console_socket);
}

/* Where a service manager wants to hear of the container, if there is one. */
static const char *notify_socket(void)
{
	const char *path = g_getenv("NOTIFY_SOCKET");

	if (path == NULL || *path == '\0')
		return NULL;
	if (*path == '/')
		return path;
	log_warning("NOTIFY_SOCKET %s: not an absolute path; messages are not passed on", path);
	return NULL;
}

void create_options_fill(const struct create_arguments *arguments, int argc, char **argv,
	gboolean attached, char **out_bundle, struct create_options *out_options)
{
	const char *bundle = arguments->bundle != NULL ? arguments->bundle : ".";

	if (arguments->preserve_fds > 0)
		log_warning(
			"--preserve-fds %d: descriptors cannot be passed into a virtual machine",
			arguments->preserve_fds);
	if (argc > 2)
		bundle = argv[2];
	*out_bundle = g_canonicalize_filename(bundle, NULL);
	*out_options = (struct create_options){
		.id = argv[1],
		.bundle = *out_bundle,
		.pid_file = arguments->pid_file,
		.console_socket = arguments->console_socket,
		.attached = attached,
		.notify_socket = notify_socket(),
	};
}

static int create(const struct command *command, const struct settings *settings, int argc,
	char **argv, GError **error)
{
	struct create_arguments arguments = {0};
	g_autofree GOptionEntry *entries = create_entries(&arguments, FALSE);
	g_autofree char *bundle = NULL;
	struct create_options options;
	struct process_ref shim;
	enum command_parsed parsed = command_parse(command, entries, 1, 2, &argc, &argv, error);
	int status = parsed == COMMAND_HELPED ? 0 : -1;

	if (parsed == COMMAND_GO) {
		create_options_fill(&arguments, argc, argv, FALSE, &bundle, &options);
		status = container_create(settings, &options, &shim, error) ? 0 : -1;
	}
	create_arguments_clear(&arguments);
	return status;
}

const struct command command_create = {
	.name = "create",
	.arguments = "ID [BUNDLE]",
	.summary = "Makes a container, ready to be started.",
	.run = create,
};
