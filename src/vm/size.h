/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How large a VM is made for what its container may use (README, "Resources").
 *
 * Memory: the configured size, doubled until the container's limit and the guest's own needs fit.
 * Few sizes are wanted, since each has a template of its own, and cost little, since a guest's
 * memory is the host's only once it has been touched; the guest's cgroup holds the exact limit.
 * CPUs: as many as the quota is worth, or as the cpuset has; the configured number at least.
 */
#pragma once

#include "oci/resources.h"
#include "vm/config.h"

enum {
	/* The guest's kernel and agent, beside the container. */
	VM_SIZE_GUEST_MIB = 64,
};

/* What the host has: no VM is made larger. */
struct vm_size_host {
	guint memory_mib;
	guint cpus;
};

struct vm_size_host vm_size_host(void);
/* Changes memory_mib and cpus of the configuration, within its bounds. */
void vm_size_fit(struct vm_config *config, const struct oci_resources *resources,
	const struct vm_size_host *host);
