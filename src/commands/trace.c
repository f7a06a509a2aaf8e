/* SPDX-License-Identifier: GPL-2.0-only */
/* cc-oci-runtime trace */
#include <stdio.h>

#include "base/error.h"
#include "base/file.h"
#include "base/timeline.h"
#include "commands/command.h"

enum {
	WIDTH_DEFAULT = 60,
};

static int trace(const struct command *command, const struct settings *settings, int argc,
	char **argv, GError **error)
{
	int width = WIDTH_DEFAULT;
	const GOptionEntry entries[] = {
		{"width", 0, 0, G_OPTION_ARG_INT, &width, "Columns of the bars [60]", "N"},
		{NULL},
	};
	g_autofree char *text = NULL;
	g_autofree char *chart = NULL;
	gsize size;
	enum command_parsed parsed = command_parse(command, entries, 1, 1, &argc, &argv, error);

	(void)settings;
	if (parsed != COMMAND_GO)
		return parsed == COMMAND_HELPED ? 0 : -1;
	if (width < TIMELINE_WIDTH_MIN || width > TIMELINE_WIDTH_MAX) {
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID,
			"--width: expected %d to %d, found %d", TIMELINE_WIDTH_MIN,
			TIMELINE_WIDTH_MAX, width);
		return -1;
	}
	if (!file_read(argv[1], TIMELINE_SIZE_MAX, &text, &size, error))
		return -1;
	chart = timeline_chart(text, size, argv[1], (guint)width, error);
	if (chart == NULL)
		return -1;
	fputs(chart, stdout);
	return 0;
}

const struct command command_trace = {
	.name = "trace",
	.arguments = "FILE",
	.summary = "Prints what --trace has written as a chart.",
	.run = trace,
};
