/* SPDX-License-Identifier: GPL-2.0-only */
/* cc-oci-runtime events */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/log.h"
#include "commands/command.h"
#include "commands/duration.h"
#include "container/container.h"
#include "container/directory.h"
#include "container/stats.h"
#include "sandbox/resources.h"

#define INTERVAL_DEFAULT "5s"

/* One event a line, as runc prints them. data: taken over; NULL: none. */
static void print_event(const char *type, const char *id, JsonObject *data)
{
	JsonObject *event = json_object_new();
	g_autofree char *text = NULL;

	json_object_set_string_member(event, "type", type);
	json_object_set_string_member(event, "id", id);
	if (data != NULL)
		json_object_set_object_member(event, "data", data);
	text = json_format_object(event, FALSE);
	puts(text);
	fflush(stdout);
}

static gboolean print_stats(const struct settings *settings, const char *id, GError **error)
{
	JsonObject *data = container_stats(settings, id, error);

	if (data == NULL)
		return FALSE;
	print_event("stats", id, data);
	return TRUE;
}

static struct sandbox *connect_sandbox(
	const struct settings *settings, const struct oci_state *state, GError **error)
{
	g_autofree char *directory = directory_path(settings, state->sandbox);

	return sandbox_connect(directory, error);
}

/* Until the next figures are due; TRUE as long as the container's VM is there. */
static gboolean wait_for_oom(
	struct sandbox *sandbox, const char *id, guint64 *seen, gint64 deadline, GError **error)
{
	for (;;) {
		g_autoptr(GError) cause = NULL;

		if (sandbox_wait_oom(sandbox, id, *seen, deadline, seen, &cause)) {
			print_event("oom", id, NULL);
			continue;
		}
		if (g_error_matches(cause, CC_ERROR, CC_ERROR_TIMEOUT))
			return TRUE;
		g_propagate_error(error, g_steal_pointer(&cause));
		return FALSE;
	}
}

static gboolean is_over(const struct settings *settings, const char *id)
{
	g_autoptr(oci_state) state = container_state(settings, id, NULL);

	return state == NULL || oci_state_status(state) == OCI_STATUS_STOPPED;
}

/* The stream ends, well, with its container. */
static gboolean stream(
	const struct settings *settings, const char *id, gint64 interval, GError **error)
{
	g_autoptr(oci_state) state = container_state(settings, id, error);
	g_autoptr(GError) cause = NULL;
	g_autoptr(sandbox_connection) sandbox = NULL;
	guint64 seen = 0;

	if (state == NULL || !print_stats(settings, id, error))
		return FALSE;
	sandbox = connect_sandbox(settings, state, error);
	if (sandbox == NULL)
		return FALSE;
	while (wait_for_oom(sandbox, id, &seen, deadline_after(interval), &cause) &&
		!is_over(settings, id) && print_stats(settings, id, &cause))
		;
	if (cause == NULL || is_over(settings, id) ||
		g_error_matches(cause, CC_ERROR, CC_ERROR_NOT_RUNNING))
		return TRUE;
	g_propagate_error(error, g_steal_pointer(&cause));
	return FALSE;
}

static int events(const struct command *command, const struct settings *settings, int argc,
	char **argv, GError **error)
{
	g_autofree char *interval_text = NULL;
	gboolean stats = FALSE;
	gint64 interval = 0;
	const GOptionEntry entries[] = {
		{"interval", 0, 0, G_OPTION_ARG_STRING, &interval_text,
			"Time between figures, as in 500ms or 1m [" INTERVAL_DEFAULT "]",
			"DURATION"},
		{"stats", 0, 0, G_OPTION_ARG_NONE, &stats, "Print the figures once, and end", NULL},
		{NULL},
	};
	enum command_parsed parsed = command_parse(command, entries, 1, 1, &argc, &argv, error);
	const char *text = interval_text != NULL ? interval_text : INTERVAL_DEFAULT;

	if (parsed != COMMAND_GO)
		return parsed == COMMAND_HELPED ? 0 : -1;
	if (!duration_parse(text, &interval) || interval <= 0) {
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID,
			"events: --interval: expected a duration such as 5s, found \"%s\"", text);
		return -1;
	}
	return (stats ? print_stats(settings, argv[1], error)
		      : stream(settings, argv[1], interval, error))
		       ? 0
		       : -1;
}

const struct command command_events = {
	.name = "events",
	.arguments = "ID",
	.summary = "Tells what a container uses, and when its memory runs out.",
	.run = events,
};
