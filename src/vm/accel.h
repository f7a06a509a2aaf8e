/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The accelerator: KVM where it can really run a guest, else TCG.
 *
 * That /dev/kvm opens proves nothing: on a host under PVM it does, and an ordinary guest hangs. So
 * the processor's own module must be loaded behind it.
 */
#pragma once

#include <glib.h>

enum vm_accel {
	/* Not chosen yet: probe. */
	VM_ACCEL_AUTO,
	VM_ACCEL_KVM,
	VM_ACCEL_TCG,
};

/* "auto", "kvm", "tcg"; FALSE with an error for another word. */
gboolean vm_accel_parse(
	const char *name, enum vm_accel *out_accel, GError **error) G_GNUC_WARN_UNUSED_RESULT;
const char *vm_accel_name(enum vm_accel accel);

/*
 * KVM or TCG. The two paths ("/dev/kvm", "/sys/module") are arguments for tests. When KVM is not
 * usable, *out_reason (may be NULL) is a constant text that says why.
 */
enum vm_accel vm_accel_probe(
	const char *kvm_device, const char *modules_directory, const char **out_reason);
