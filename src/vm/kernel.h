/* SPDX-License-Identifier: GPL-2.0-only */
/* The guest kernel: what it can do, and its command line. */
#pragma once

#include <glib.h>

#include "vm/accel.h"

/*
 * Whether a kernel finds virtio-mmio devices by its command line: the configuration that it was
 * built with says so, which lies beside it as KERNEL.config (`make guest` and `make guest-kernel`
 * put it there). A kernel without one is taken not to.
 */
gboolean vm_kernel_finds_mmio(const char *path);

/*
 * The configured parameters with ours in front, so that the configured ones win and a `--` among
 * them ends only their own list. Ours: console=CONSOLE, unless a console is configured; under TCG
 * mitigations=off (there is no processor below the guest for it to mistrust) and noreplace-smp
 * (patched code is translated twice), unless configured; and the machine's
 * (vm_machine_kernel_parameters). The caller frees.
 */
char *vm_kernel_parameters(
	const char *configured, enum vm_accel accel, const char *console, const char *machine);
