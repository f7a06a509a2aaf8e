/* SPDX-License-Identifier: GPL-2.0-only */
/* The processes of a container, in the guest and on the host. */
#include "base/error.h"
#include "base/timeouts.h"
#include "container/container.h"
#include "container/directory.h"

/* A connection to the container's VM; NULL without an error when the container has stopped. */
static struct sandbox *connect_running(
	const struct settings *settings, const char *id, GError **error)
{
	g_autoptr(oci_state) state = container_state(settings, id, error);
	g_autofree char *directory = NULL;

	if (state == NULL || oci_state_status(state) == OCI_STATUS_STOPPED)
		return NULL;
	directory = directory_path(settings, state->sandbox);
	return sandbox_connect(directory, error);
}

GPtrArray *container_processes(const struct settings *settings, const char *id, GError **error)
{
	g_autoptr(GError) cause = NULL;
	g_autoptr(sandbox_connection) sandbox = connect_running(settings, id, &cause);
	GPtrArray *processes = NULL;

	if (sandbox != NULL && sandbox_wait_ready(sandbox, TIMEOUT_PROXY_REQUEST_MS, &cause))
		processes = sandbox_list_processes(sandbox, id, &cause);
	if (processes == NULL && cause == NULL)
		return g_ptr_array_new();
	if (cause != NULL)
		g_propagate_error(error, g_steal_pointer(&cause));
	return processes;
}

GArray *container_shims(const struct settings *settings, const char *id, GError **error)
{
	g_autoptr(GError) cause = NULL;
	g_autoptr(sandbox_connection) sandbox = connect_running(settings, id, &cause);

	if (sandbox != NULL)
		return sandbox_list_shims(sandbox, id, error);
	if (cause == NULL)
		return g_array_new(FALSE, FALSE, sizeof(struct process_ref));
	g_propagate_error(error, g_steal_pointer(&cause));
	return NULL;
}
