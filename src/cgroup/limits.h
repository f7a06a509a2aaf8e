/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The limits of a VM as a whole, as what is written into the files of its host cgroups.
 *
 * A VM is more than its container: the hypervisor, the guest's kernel and the agent live off the
 * same cgroup. So the host's limits have an allowance on top (README, "Resources"), and the exact
 * ones hold in the guest. What the guest limits and the host cannot tell apart (processes) is not
 * limited here.
 */
#pragma once

#include <glib.h>

#include "oci/resources.h"

enum {
	/* On top of the VM's memory: hypervisor, proxy, shims; under TCG its translated code too.
	 */
	CGROUP_MEMORY_ALLOWANCE_MIB = 128,
	CGROUP_MEMORY_ALLOWANCE_TCG_MIB = 256,
	/* On top of the quota, in percent of one CPU: the guest's kernel, agent, and I/O. */
	CGROUP_CPU_ALLOWANCE_PERCENT = 25,
};

struct cgroup_write {
	/* Directory of the cgroup. */
	char *directory;
	char *file;
	char *value;
	/* When the first value is refused: without the allowance; or NULL. */
	char *fallback;
	/* Where there is no such file: another one, with its value; or NULL. */
	char *other_file;
	char *other_value;
	/* What asks for it: "linux.resources.cpu.cpus". */
	const char *origin;
	/* It holds nowhere else: that it cannot be written is an error, not a warning. */
	gboolean required;
};

struct cgroup_vm {
	guint memory_mib;
	/* It runs under TCG. */
	gboolean emulated;
};

/*
 * places: struct cgroup_place *. Elements are struct cgroup_write *, in the order to be written.
 * The second is what slows a VM down: to be written when it is up, so that no quota delays a boot.
 */
GPtrArray *cgroup_limits(
	const GPtrArray *places, const struct oci_resources *resources, const struct cgroup_vm *vm);
GPtrArray *cgroup_limits_of_cpu(const GPtrArray *places, const struct oci_resources *resources);
