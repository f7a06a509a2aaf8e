/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pause and resume: the whole machine, when the container has it for itself; in a pod the guest's
 * kernel freezes the container's processes, and its neighbours go on.
 */
#include <string.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/timeouts.h"
#include "container/container.h"
#include "container/directory.h"
#include "sandbox/resources.h"
#include "sandbox/sandbox.h"

/* Whether no other container lives in the VM. */
static gboolean is_alone(const struct settings *settings, const struct oci_state *state,
	gboolean *out_alone, GError **error)
{
	g_autoptr(GPtrArray) states = container_list(settings, error);

	if (states == NULL)
		return FALSE;
	*out_alone = TRUE;
	for (guint i = 0; i < states->len; i++) {
		const struct oci_state *other = states->pdata[i];

		if (strcmp(other->id, state->id) != 0 &&
			strcmp(other->sandbox, state->sandbox) == 0 &&
			oci_state_status(other) != OCI_STATUS_STOPPED)
			*out_alone = FALSE;
	}
	return TRUE;
}

static gboolean check_status(const struct oci_state *state, gboolean pause, GError **error)
{
	enum oci_status status = oci_state_status(state);

	if (pause ? status == OCI_STATUS_RUNNING || status == OCI_STATUS_CREATED
		  : status == OCI_STATUS_PAUSED)
		return TRUE;
	/* runc's words. */
	g_set_error(error, CC_ERROR, CC_ERROR_NOT_RUNNING,
		pause ? "container not running or created: %s" : "container not paused: %s",
		oci_status_name(status));
	return FALSE;
}

static gboolean change_vm(const struct settings *settings, const struct oci_state *state,
	gboolean pause, GError **error)
{
	g_autofree char *directory = directory_path(settings, state->sandbox);
	g_autoptr(sandbox_connection) sandbox = sandbox_connect(directory, error);
	gboolean alone = FALSE;
	gboolean paused = FALSE;

	if (sandbox == NULL || !sandbox_wait_ready(sandbox, TIMEOUT_PROXY_REQUEST_MS, error) ||
		!is_alone(settings, state, &alone, error) ||
		!sandbox_is_paused(sandbox, &paused, error))
		return FALSE;
	if (pause)
		return alone ? sandbox_pause(sandbox, error)
			     : sandbox_freeze(sandbox, state->id, TRUE, error);
	/* Whichever way it was paused. */
	return paused ? sandbox_resume(sandbox, error)
		      : sandbox_freeze(sandbox, state->id, FALSE, error);
}

static gboolean change(
	const struct settings *settings, const char *id, gboolean pause, GError **error)
{
	g_autofree char *directory = NULL;
	g_autoptr(oci_state) state = container_state(settings, id, error);
	auto_fd int lock = -1;

	if (state == NULL)
		return FALSE;
	lock = directory_lock(settings, id, error);
	if (lock < 0)
		return FALSE;
	/* Once more, now that nobody else changes it. */
	g_clear_pointer(&state, oci_state_free);
	state = container_state(settings, id, error);
	if (state == NULL || !check_status(state, pause, error) ||
		!change_vm(settings, state, pause, error))
		return FALSE;
	if (pause)
		state->paused_status = state->recorded_status;
	state->recorded_status = pause ? OCI_STATUS_PAUSED : state->paused_status;
	directory = directory_path(settings, id);
	return oci_state_save(state, directory, error);
}

gboolean container_pause(const struct settings *settings, const char *id, GError **error)
{
	return change(settings, id, TRUE, error);
}

gboolean container_resume(const struct settings *settings, const char *id, GError **error)
{
	return change(settings, id, FALSE, error);
}
