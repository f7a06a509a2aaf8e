/* SPDX-License-Identifier: GPL-2.0-only */
/* cc-oci-runtime version */
#include <stdio.h>

#include "commands/command.h"
#include "oci/spec.h"

void command_print_version(void)
{
	puts("cc-oci-runtime version " PACKAGE_VERSION "\nspec: " OCI_SPEC_VERSION);
}

static int version(const struct command *command, const struct settings *settings, int argc,
	char **argv, GError **error)
{
	enum command_parsed parsed = command_parse(command, NULL, 0, 0, &argc, &argv, error);

	(void)settings;
	if (parsed == COMMAND_GO)
		command_print_version();
	return parsed == COMMAND_FAILED ? -1 : 0;
}

const struct command command_version = {
	.name = "version",
	.arguments = "",
	.summary = "Prints the versions of this program and of the OCI runtime-spec.",
	.run = version,
};
