/* SPDX-License-Identifier: GPL-2.0-only */
/* OCI start: lets the created process run. */
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/timeouts.h"
#include "container/container.h"
#include "container/directory.h"
#include "container/hooks.h"
#include "container/network.h"
#include "oci/spec.h"
#include "sandbox/sandbox.h"

static gboolean check_status(const struct oci_state *state, GError **error)
{
	switch (oci_state_status(state)) {
	case OCI_STATUS_CREATED:
		return TRUE;
	case OCI_STATUS_RUNNING:
		g_set_error(error, CC_ERROR, CC_ERROR_FAILED,
			"cannot start an already running container");
		return FALSE;
	case OCI_STATUS_PAUSED:
		g_set_error(error, CC_ERROR, CC_ERROR_FAILED, "cannot start a paused container");
		return FALSE;
	case OCI_STATUS_CREATING:
		g_set_error(error, CC_ERROR, CC_ERROR_FAILED,
			"cannot start a container that is being created");
		return FALSE;
	case OCI_STATUS_STOPPED:
		break;
	}
	g_set_error(
		error, CC_ERROR, CC_ERROR_NOT_RUNNING, "cannot start a container that has stopped");
	return FALSE;
}

/* Engines put links into the namespace up to now. */
static gboolean let_run(
	const struct settings *settings, const struct oci_state *state, GError **error)
{
	g_autofree char *own = directory_path(settings, state->id);
	g_autofree char *directory = directory_path(settings, state->sandbox);
	g_autoptr(oci_spec) spec = oci_spec_load_kept(own, state->bundle, error);
	g_autoptr(sandbox_connection) sandbox = NULL;

	if (spec == NULL)
		return FALSE;
	sandbox = sandbox_connect(directory, error);
	return sandbox != NULL && sandbox_wait_ready(sandbox, TIMEOUT_PROXY_REQUEST_MS, error) &&
	       network_connect(sandbox, spec, error) &&
	       sandbox_start_container(sandbox, state->id, spec, error);
}

/* What they do cannot fail the container, which runs. */
static void run_poststart(const struct oci_state *state, const char *directory)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(oci_spec) spec = oci_spec_load_kept(directory, state->bundle, &error);

	if (spec == NULL)
		log_warning("no poststart hooks are run: %s", error->message);
	else
		hooks_run_all(spec->hooks, OCI_HOOK_POSTSTART, state);
}

gboolean container_start(const struct settings *settings, const char *id, GError **error)
{
	g_autofree char *directory = directory_path(settings, id);
	g_autoptr(oci_state) state = NULL;
	auto_fd int lock = -1;

	state = container_state(settings, id, error);
	if (state == NULL)
		return FALSE;
	lock = directory_lock(settings, id, error);
	if (lock < 0)
		return FALSE;
	/* Once more, now that nobody else changes it. */
	g_clear_pointer(&state, oci_state_free);
	state = container_state(settings, id, error);
	if (state == NULL || !check_status(state, error) || !let_run(settings, state, error))
		return FALSE;
	state->recorded_status = OCI_STATUS_RUNNING;
	if (!oci_state_save(state, directory, error))
		return FALSE;
	/* Without the lock: a hook may call us. */
	fd_clear(&lock);
	run_poststart(state, directory);
	return TRUE;
}
