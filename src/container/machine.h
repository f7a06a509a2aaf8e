/* SPDX-License-Identifier: GPL-2.0-only */
/* What `list --all` tells of a container's virtual machine. */
#pragma once

#include <glib.h>

#include "base/memory.h"
#include "container/settings.h"
#include "oci/state.h"

struct container_machine {
	/* Its size; 0: not known. */
	gint64 vcpus;
	gint64 memory_mib;
	/* Of the hypervisor. */
	struct memory_cost cost;
};

/* FALSE, without an error: the container has none of its own, or it is gone. */
gboolean container_machine_look(const struct settings *settings, const struct oci_state *state,
	struct container_machine *out_machine);
