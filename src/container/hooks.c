/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs hooks on the host. */
#include "container/hooks.h"

#include "base/json.h"
#include "base/log.h"
#include "base/run.h"
#include "base/timeouts.h"

static gboolean run_hook(const struct oci_hooks *hooks, enum oci_hook_kind kind, guint index,
	const char *state, GError **error)
{
	const struct oci_hook *hook = hooks->lists[kind]->pdata[index];
	struct run run = {
		.path = hook->path,
		.argv = (const char *const *)hook->args,
		.environment = (const char *const *)hook->env,
		.input = state,
		.timeout = hook->timeout > 0 ? hook->timeout * 1000 : TIMEOUT_HOOK_MS,
	};

	log_debug("hooks.%s[%u]: %s", oci_hook_name(kind), index, hook->path);
	if (run_program(&run, error))
		return TRUE;
	g_prefix_error(error, "hooks.%s[%u]: %s: ", oci_hook_name(kind), index, hook->path);
	return FALSE;
}

gboolean hooks_run(const struct oci_hooks *hooks, enum oci_hook_kind kind,
	const struct oci_state *state, GError **error)
{
	g_autofree char *text = json_format_object(oci_state_to_json(state), FALSE);

	for (guint i = 0; i < hooks->lists[kind]->len; i++)
		if (!run_hook(hooks, kind, i, text, error))
			return FALSE;
	return TRUE;
}

void hooks_run_all(
	const struct oci_hooks *hooks, enum oci_hook_kind kind, const struct oci_state *state)
{
	g_autofree char *text = json_format_object(oci_state_to_json(state), FALSE);

	for (guint i = 0; i < hooks->lists[kind]->len; i++) {
		g_autoptr(GError) error = NULL;

		if (!run_hook(hooks, kind, i, text, &error))
			log_warning("%s", error->message);
	}
}
