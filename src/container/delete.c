/* SPDX-License-Identifier: GPL-2.0-only */
/* OCI delete: nothing of the container stays, however much of it there still was. */
#include <signal.h>
#include <string.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/timeouts.h"
#include "container/container.h"
#include "container/directory.h"
#include "container/hooks.h"
#include "container/network.h"
#include "container/pod.h"
#include "oci/id.h"
#include "oci/spec.h"
#include "sandbox/sandbox.h"

/* Gives a process time to end by itself, then none. */
static gboolean end_process(const struct process_ref *process, gint64 patience, GError **error)
{
	if (process_wait_gone(process, deadline_after(patience), NULL))
		return TRUE;
	(void)process_signal(process, SIGKILL);
	return process_wait_gone(process, deadline_after(TIMEOUT_PROCESS_EXIT_MS), error);
}

/* Without a record there is the proxy's word only, or the kernel's. The shim goes with its link. */
static gboolean end_unknown(const struct sandbox *sandbox, gboolean stopping, GError **error)
{
	struct process_ref proxy;
	g_autoptr(GError) gone = NULL;

	if (sandbox_get_proxy(sandbox, &proxy, &gone))
		return end_process(&proxy, stopping ? TIMEOUT_PROCESS_EXIT_MS : 0, error);
	if (g_error_matches(gone, CC_ERROR, CC_ERROR_NOT_FOUND))
		return TRUE;
	g_propagate_error(error, g_steal_pointer(&gone));
	return FALSE;
}

/*
 * Ends the VM. A proxy that does not answer is killed, and its hypervisor dies with it; one that is
 * gone is what we want.
 */
static gboolean end_vm(const struct oci_state *state, const char *directory, GError **error)
{
	g_autoptr(GError) cause = NULL;
	g_autoptr(sandbox_connection) sandbox = sandbox_connect(directory, &cause);
	gboolean stopping = sandbox != NULL && sandbox_stop(sandbox, &cause);

	if (!stopping && !g_error_matches(cause, CC_ERROR, CC_ERROR_NOT_RUNNING))
		log_warning("%s", cause->message);
	if (state == NULL)
		return sandbox == NULL || end_unknown(sandbox, stopping, error);
	return end_process(&state->proxy, stopping ? TIMEOUT_PROCESS_EXIT_MS : 0, error) &&
	       end_process(&state->shim, stopping ? TIMEOUT_PROCESS_EXIT_MS : 0, error);
}

/* A member of a pod leaves; the VM is the sandbox's, and goes on. */
static gboolean end_member(
	const struct settings *settings, const struct oci_state *state, GError **error)
{
	return pod_remove_member(settings, state->sandbox, state->id, error) &&
	       end_process(&state->shim, TIMEOUT_PROCESS_EXIT_MS, error);
}

static gboolean end(const struct settings *settings, const struct oci_state *state,
	const char *directory, GError **error)
{
	if (state != NULL && strcmp(state->sandbox, state->id) != 0)
		return end_member(settings, state, error);
	return end_vm(state, directory, error);
}

/* runc's rule: what is stopped, or has never run, can be deleted. */
static gboolean check_status(const struct oci_state *state, GError **error)
{
	enum oci_status status = oci_state_status(state);

	if (status == OCI_STATUS_STOPPED || status == OCI_STATUS_CREATED)
		return TRUE;
	g_set_error(error, CC_ERROR, CC_ERROR_FAILED,
		"cannot delete container %s that is not stopped: %s", state->id,
		oci_status_name(status));
	return FALSE;
}

/*
 * The record, if it can be read. Forced, one that cannot does not matter: the proxy's socket still
 * finds the VM.
 */
static gboolean load(const struct settings *settings, const char *id, gboolean force,
	struct oci_state **out_state, GError **error)
{
	g_autoptr(GError) cause = NULL;

	*out_state = container_state(settings, id, &cause);
	if (*out_state != NULL)
		return force || check_status(*out_state, error);
	if (force)
		return TRUE;
	g_propagate_error(error, g_steal_pointer(&cause));
	return FALSE;
}

/*
 * What config.json asked for when the container was made. A create that died before its first
 * record has kept it all the same: where its links were is known then. NULL when it cannot be read.
 */
static struct oci_spec *load_spec(const struct oci_state *state, const char *directory)
{
	g_autoptr(GError) error = NULL;
	struct oci_spec *spec =
		oci_spec_load_kept(directory, state != NULL ? state->bundle : directory, &error);

	if (spec == NULL && state != NULL)
		log_warning("no poststop hooks are run: %s", error->message);
	return spec;
}

static void run_poststop(const struct oci_spec *spec, const struct oci_state *state)
{
	if (spec != NULL && state != NULL)
		hooks_run_all(spec->hooks, OCI_HOOK_POSTSTOP, state);
}

gboolean container_delete(
	const struct settings *settings, const char *id, gboolean force, GError **error)
{
	g_autofree char *directory = NULL;
	g_autoptr(GError) cause = NULL;
	g_autoptr(oci_state) state = NULL;
	g_autoptr(oci_spec) spec = NULL;
	auto_fd int lock = -1;

	if (!oci_id_check(id, error))
		return FALSE;
	lock = directory_lock(settings, id, &cause);
	if (lock < 0 && g_error_matches(cause, CC_ERROR, CC_ERROR_NOT_FOUND)) {
		if (force)
			return TRUE;
		g_set_error(
			error, CC_ERROR, CC_ERROR_NOT_FOUND, "container \"%s\" does not exist", id);
		return FALSE;
	}
	if (lock < 0) {
		g_propagate_error(error, g_steal_pointer(&cause));
		return FALSE;
	}
	directory = directory_path(settings, id);
	if (!load(settings, id, force, &state, &cause) &&
		!g_error_matches(cause, CC_ERROR, CC_ERROR_NOT_FOUND)) {
		g_propagate_error(error, g_steal_pointer(&cause));
		return FALSE;
	}
	spec = load_spec(state, directory);
	if (!end(settings, state, directory, error) || !directory_remove(settings, id, error))
		return FALSE;
	if (spec != NULL)
		network_sweep(spec, id);
	run_poststop(spec, state);
	if (cause == NULL)
		return TRUE;
	/* As with runc: what a create that died has left is no container, but it goes. */
	g_propagate_error(error, g_steal_pointer(&cause));
	return FALSE;
}
