/* SPDX-License-Identifier: GPL-2.0-only */
/* cc-oci-runtime kill */
#include "commands/command.h"
#include "commands/signals.h"
#include "container/container.h"

static int kill_container(const struct command *command, const struct settings *settings, int argc,
	char **argv, GError **error)
{
	gboolean all = FALSE;
	const GOptionEntry entries[] = {
		{"all", 'a', 0, G_OPTION_ARG_NONE, &all, "Signal every process of the container",
			NULL},
		{NULL},
	};
	int number;
	enum command_parsed parsed = command_parse(command, entries, 1, 2, &argc, &argv, error);

	if (parsed != COMMAND_GO)
		return parsed == COMMAND_HELPED ? 0 : -1;
	if (!signal_parse(argc > 2 ? argv[2] : "SIGTERM", &number, error))
		return -1;
	return container_signal(settings, argv[1], number, all, error) ? 0 : -1;
}

const struct command command_kill = {
	.name = "kill",
	.arguments = "ID [SIGNAL]",
	.summary = "Sends a signal (TERM by default) to the first process of a container.",
	.run = kill_container,
};
