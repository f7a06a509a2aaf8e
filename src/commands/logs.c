/* SPDX-License-Identifier: GPL-2.0-only */
/* cc-oci-runtime logs, and console */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/interrupt.h"
#include "commands/command.h"
#include "container/logs.h"

/*
 * The words are the guest's, and it may be hostile: a terminal gets none of its control sequences.
 * A file gets all as it is.
 */
static gboolean put(const char *data, gsize size, GError **error)
{
	g_autofree char *shown = NULL;

	if (!isatty(STDOUT_FILENO))
		return fd_write_all(STDOUT_FILENO, data, size, error);
	shown = g_memdup2(data, size);
	for (gsize i = 0; i < size; i++)
		if (g_ascii_iscntrl(shown[i]) && strchr("\n\r\t", shown[i]) == NULL)
			shown[i] = '?';
	return fd_write_all(STDOUT_FILENO, shown, size, error);
}

static gboolean put_plain(const char *title, const char *data, gsize size, GError **error)
{
	(void)title;
	return put(data, size, error);
}

/* As tail(1) does it for several files. */
static gboolean put_with_title(const char *title, const char *data, gsize size, GError **error)
{
	g_autofree char *line = NULL;

	if (title == NULL)
		return put(data, size, error);
	line = g_strdup_printf("==> %s <==\n", title);
	return fd_write_all(STDOUT_FILENO, line, strlen(line), error) && put(data, size, error);
}

/* Being told to stop is how following ends: no error, but the status of it. */
static int read_logs(
	const struct settings *settings, const struct logs_request *request, GError **error)
{
	if (!logs_read(settings, request, error))
		return -1;
	return interrupt_signal() != 0 ? 128 + interrupt_signal() : 0;
}

static int logs(const struct command *command, const struct settings *settings, int argc,
	char **argv, GError **error)
{
	gboolean follow = FALSE;
	const GOptionEntry entries[] = {
		{"follow", 'f', 0, G_OPTION_ARG_NONE, &follow,
			"Go on as they grow, until the virtual machine has ended", NULL},
		{NULL},
	};
	enum command_parsed parsed = command_parse(command, entries, 1, 1, &argc, &argv, error);
	struct logs_request request = {
		.sources = LOGS_HYPERVISOR | LOGS_CONSOLE,
		.follow = follow,
		.put = put_with_title,
	};

	if (parsed != COMMAND_GO)
		return parsed == COMMAND_HELPED ? 0 : -1;
	request.id = argv[1];
	return read_logs(settings, &request, error);
}

const struct command command_logs = {
	.name = "logs",
	.arguments = "ID",
	.summary = "Prints the hypervisor's log and the guest's console.",
	.run = logs,
};

static int console(const struct command *command, const struct settings *settings, int argc,
	char **argv, GError **error)
{
	enum command_parsed parsed = command_parse(command, NULL, 1, 1, &argc, &argv, error);
	struct logs_request request = {
		.sources = LOGS_CONSOLE,
		.follow = TRUE,
		.put = put_plain,
	};

	if (parsed != COMMAND_GO)
		return parsed == COMMAND_HELPED ? 0 : -1;
	request.id = argv[1];
	return read_logs(settings, &request, error);
}

const struct command command_console = {
	.name = "console",
	.arguments = "ID",
	.summary = "Shows the guest's console: what it has said, and what it says.",
	.run = console,
};
