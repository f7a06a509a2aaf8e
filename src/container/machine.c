/* SPDX-License-Identifier: GPL-2.0-only */
/* Looks at the virtual machine of a container. */
#include "container/machine.h"

#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "container/directory.h"
#include "sandbox/resources.h"
#include "sandbox/sandbox.h"

static gboolean look(const struct settings *settings, const struct oci_state *state,
	struct memory_cost *out_cost, GError **error)
{
	g_autofree char *directory = directory_path(settings, state->id);
	g_autoptr(sandbox_connection) sandbox = sandbox_connect(directory, error);
	pid_t pid = 0;

	return sandbox != NULL && sandbox_hypervisor(sandbox, &pid, error) &&
	       memory_of_process(pid, out_cost, error);
}

gboolean container_machine_look(const struct settings *settings, const struct oci_state *state,
	struct container_machine *out_machine)
{
	g_autoptr(GError) error = NULL;

	if (strcmp(state->sandbox, state->id) != 0 || oci_state_status(state) == OCI_STATUS_STOPPED)
		return FALSE;
	*out_machine = (struct container_machine){
		.vcpus = state->vm_cpus,
		.memory_mib = state->vm_memory_mib,
	};
	if (look(settings, state, &out_machine->cost, &error))
		return TRUE;
	/* Most often it has just ended. */
	log_info("%s: %s", state->id, error->message);
	return FALSE;
}
