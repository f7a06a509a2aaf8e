/* SPDX-License-Identifier: GPL-2.0-only */
/* cc-oci-runtime pause */
#include "commands/command.h"
#include "container/container.h"

static int pause_container(const struct command *command, const struct settings *settings, int argc,
	char **argv, GError **error)
{
	enum command_parsed parsed = command_parse(command, NULL, 1, 1, &argc, &argv, error);

	if (parsed != COMMAND_GO)
		return parsed == COMMAND_HELPED ? 0 : -1;
	return container_pause(settings, argv[1], error) ? 0 : -1;
}

const struct command command_pause = {
	.name = "pause",
	.arguments = "ID",
	.summary = "Makes all processes of a container stand still.",
	.run = pause_container,
};
