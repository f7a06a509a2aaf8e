/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hypervisor.args: the hypervisor's command line, a template that the administrator can edit.
 *
 * One argument a line; `#` starts a comment at the start of a line or after a blank; blank lines
 * are dropped; the first line is the binary. @TAG@s are expanded (vm/tags.h); an unknown one is an
 * error that names file and line. What the template does not place is appended: processor,
 * firmware, initramfs or image, QMP, console, agent ports, share, balloon, and last the
 * hypervisor's parameters of the configuration. What we append uses sockets by descriptor
 * (HYPERVISOR_FD_*).
 *
 * Sockets that a template places by path get names relative to the state directory, which is
 * QEMU's working directory: so no --root and no id can make them longer than sun_path, and no
 * comma in a path can end a QEMU option.
 *
 * An image that the template does not place is appended as a read-only nvdimm. That needs nvdimm=on
 * of the machine, and slots and maxmem of -m; QEMU merges repeated -machine and -m, so these are
 * appended too, and the template's own stay as they are.
 *
 * A template that places the share (@WORKLOAD_DIR@) gives it its own mount tag: Clear Containers'
 * is "rootfs".
 */
#pragma once

#include <glib.h>

#include "base/hypervisor.h"
#include "vm/config.h"
#include "vm/network.h"

#define VM_ARGS_NAME "hypervisor.args"

/* What the tags expand to, beside the configuration. Never AUTO for accel. */
struct vm_args_values {
	const struct vm_config *config;
	enum vm_accel accel;
	/* What the choice of the machine rests on besides (vm/machine.h). */
	gboolean kernel_finds_mmio;
	gboolean hotplug;
	guint tsc_khz;
	struct vm_nic nic;
	/* The container's id, and a random UUID. */
	const char *name;
	const char *uuid;
	/* Absolute. The sockets lie here; it must be QEMU's working directory. */
	const char *state_directory;
	/* What the guest gets as its share. */
	const char *share_directory;
};

struct vm_args {
	GStrv argv;
	/* Absolute paths of the sockets that the template places itself; NULL: by descriptor. */
	char *qmp_socket;
	char *control_socket;
	char *tty_socket;
	char *console_socket;
	/* How many network devices of ours there are (vm_nic_count). */
	guint n_nics;
	/* The mount tag by which the guest finds its share. Never NULL. */
	char *share_tag;
	/*
	 * The same arguments with constants in place of what differs between VMs that are alike
	 * (name, UUID, directories): what the key of their template is made of.
	 */
	GStrv shape;
};

/* Expands a template. file: its path, for errors. The caller frees. */
struct vm_args *vm_args_expand(const char *text, gsize size, const char *file,
	const struct vm_args_values *values, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Expands the first hypervisor.args of the look-up, and logs which it was. */
struct vm_args *vm_args_load(const struct vm_lookup *lookup, const struct vm_args_values *values,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;
void vm_args_free(struct vm_args *args);
typedef struct vm_args vm_args;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(vm_args, vm_args_free)
