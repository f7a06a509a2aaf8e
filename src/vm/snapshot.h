/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Templates: a just-booted VM, saved once, of which every further VM that is like it is a clone.
 *
 * A template has a key, a hash of everything that shapes its saved state; a VM is cloned from the
 * template with the key of its own arguments and from no other. What changes (another QEMU, another
 * kernel) so gets a new template, and the old one falls out of use. Keeping them is
 * vm/snapshot-store.h's.
 */
#pragma once

#include <glib.h>

#include "vm/args.h"

/* Why a VM of these arguments cannot have a template, or NULL. The caller frees. */
char *vm_snapshot_obstacle(const struct vm_args *args, const struct vm_config *config);

/*
 * The key: hexadecimal digits. Fails where a file that the arguments name cannot be looked at.
 * agent_version: of the agent protocol. The caller frees.
 */
char *vm_snapshot_key(const struct vm_args *args, enum vm_accel accel, guint32 agent_version,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;

enum vm_snapshot_role {
	/* The VM becomes a template: its memory is the file HYPERVISOR_FD_RAM. */
	VM_SNAPSHOT_MADE,
	/* It is a clone: that file is its memory's first content, HYPERVISOR_FD_STATE its state. */
	VM_SNAPSHOT_CLONED,
};

/* Appends to argv what the role needs. */
void vm_snapshot_append(
	struct vm_args *args, const struct vm_config *config, enum vm_snapshot_role role);
