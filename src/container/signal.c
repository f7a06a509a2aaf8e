/* SPDX-License-Identifier: GPL-2.0-only */
/* OCI kill. */
#include <signal.h>

#include "base/error.h"
#include "base/log.h"
#include "base/timeouts.h"
#include "container/container.h"
#include "container/directory.h"
#include "sandbox/sandbox.h"

static gboolean send(const struct settings *settings, const struct oci_state *state, int signal,
	gboolean all, GError **error)
{
	g_autofree char *directory = directory_path(settings, state->sandbox);
	g_autoptr(sandbox_connection) sandbox = sandbox_connect(directory, error);

	return sandbox != NULL && sandbox_wait_ready(sandbox, TIMEOUT_PROXY_REQUEST_MS, error) &&
	       sandbox_signal(sandbox, state->id, signal, all,
		       signal == SIGKILL ? TIMEOUT_AGENT_KILL_MS : TIMEOUT_AGENT_REQUEST_MS, error);
}

gboolean container_signal(
	const struct settings *settings, const char *id, int signal, gboolean all, GError **error)
{
	g_autoptr(oci_state) state = container_state(settings, id, error);
	g_autoptr(GError) cause = NULL;
	g_autoptr(GError) resumed = NULL;

	if (state == NULL)
		return FALSE;
	/* Whether there is a process, its shim knows. */
	if (oci_state_status(state) != OCI_STATUS_STOPPED && signal == 0)
		return TRUE;
	/* Nothing ends while it stands still; a process that is killed does not wait for that. */
	if (oci_state_status(state) == OCI_STATUS_PAUSED && signal == SIGKILL &&
		!container_resume(settings, id, &resumed))
		log_info("%s", resumed->message);
	if (oci_state_status(state) != OCI_STATUS_STOPPED &&
		send(settings, state, signal, all, &cause))
		return TRUE;
	/* It may have ended under our hands: then that is what there is to say. */
	if (cause != NULL && oci_state_status(state) != OCI_STATUS_STOPPED &&
		!(signal == SIGKILL && g_error_matches(cause, CC_ERROR, CC_ERROR_TIMEOUT)) &&
		!g_error_matches(cause, CC_ERROR, CC_ERROR_NOT_RUNNING) &&
		!g_error_matches(cause, CC_ERROR, CC_ERROR_NOT_FOUND)) {
		g_propagate_error(error, g_steal_pointer(&cause));
		return FALSE;
	}
	/*
	 * It has ended but nobody reads its output, or its guest does not answer any more: without
	 * the shim, the proxy ends the VM.
	 */
	if (signal == SIGKILL && process_signal(&state->shim, SIGKILL))
		return TRUE;
	/* Of all the processes of a stopped container, each has been signalled. */
	if (all)
		return TRUE;
	g_set_error(error, CC_ERROR, CC_ERROR_NOT_RUNNING, "container not running");
	return FALSE;
}
