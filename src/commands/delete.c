/* SPDX-License-Identifier: GPL-2.0-only */
/* cc-oci-runtime delete */
#include "commands/command.h"
#include "container/container.h"

static int delete_container(const struct command *command, const struct settings *settings,
	int argc, char **argv, GError **error)
{
	gboolean force = FALSE;
	const GOptionEntry entries[] = {
		{"force", 'f', 0, G_OPTION_ARG_NONE, &force,
			"Kill it first if it runs; one that does not exist is no error", NULL},
		{NULL},
	};
	enum command_parsed parsed = command_parse(command, entries, 1, 1, &argc, &argv, error);

	if (parsed != COMMAND_GO)
		return parsed == COMMAND_HELPED ? 0 : -1;
	return container_delete(settings, argv[1], force, error) ? 0 : -1;
}

const struct command command_delete = {
	.name = "delete",
	.arguments = "ID",
	.summary = "Removes a stopped container and all that belongs to it.",
	.run = delete_container,
};
