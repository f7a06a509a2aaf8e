/* SPDX-License-Identifier: GPL-2.0-only */
/* cc-oci-runtime state */
#include <stdio.h>

#include "base/json.h"
#include "commands/command.h"
#include "container/container.h"

static int state(const struct command *command, const struct settings *settings, int argc,
	char **argv, GError **error)
{
	g_autoptr(oci_state) container = NULL;
	g_autofree char *text = NULL;
	enum command_parsed parsed = command_parse(command, NULL, 1, 1, &argc, &argv, error);

	if (parsed != COMMAND_GO)
		return parsed == COMMAND_HELPED ? 0 : -1;
	container = container_state(settings, argv[1], error);
	if (container == NULL)
		return -1;
	text = json_format_object(oci_state_to_json(container), TRUE);
	puts(text);
	return 0;
}

const struct command command_state = {
	.name = "state",
	.arguments = "ID",
	.summary = "Prints the state of a container as JSON.",
	.run = state,
};
