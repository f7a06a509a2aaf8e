/* SPDX-License-Identifier: GPL-2.0-only */
/* cc-oci-runtime resume */
#include "commands/command.h"
#include "container/container.h"

static int resume_container(const struct command *command, const struct settings *settings,
	int argc, char **argv, GError **error)
{
	enum command_parsed parsed = command_parse(command, NULL, 1, 1, &argc, &argv, error);

	if (parsed != COMMAND_GO)
		return parsed == COMMAND_HELPED ? 0 : -1;
	return container_resume(settings, argv[1], error) ? 0 : -1;
}

const struct command command_resume = {
	.name = "resume",
	.arguments = "ID",
	.summary = "Lets a paused container go on.",
	.run = resume_container,
};
