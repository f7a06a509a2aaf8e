/* SPDX-License-Identifier: GPL-2.0-only */
/* cc-oci-runtime delete */
#include "base/log.h"
#include "commands/command.h"
#include "container/container.h"

/* All are tried. The first error is the one that counts; the log has the others. */
static gboolean delete_all(
	const struct settings *settings, char **ids, gboolean force, GError **error)
{
	gboolean done = TRUE;

	for (; *ids != NULL; ids++) {
		g_autoptr(GError) failure = NULL;

		if (container_delete(settings, *ids, force, &failure))
			continue;
		if (done)
			g_propagate_error(error, g_steal_pointer(&failure));
		else
			log_warning("delete %s: %s", *ids, failure->message);
		done = FALSE;
	}
	return done;
}

static int delete_container(const struct command *command, const struct settings *settings,
	int argc, char **argv, GError **error)
{
	gboolean force = FALSE;
	const GOptionEntry entries[] = {
		{"force", 'f', 0, G_OPTION_ARG_NONE, &force,
			"Kill it first if it runs; one that does not exist is no error", NULL},
		{NULL},
	};
	enum command_parsed parsed = command_parse(command, entries, 1, -1, &argc, &argv, error);

	if (parsed != COMMAND_GO)
		return parsed == COMMAND_HELPED ? 0 : -1;
	return delete_all(settings, argv + 1, force, error) ? 0 : -1;
}

const struct command command_delete = {
	.name = "delete",
	.arguments = "ID…",
	.summary = "Removes stopped containers and all that belongs to them.",
	.run = delete_container,
};
