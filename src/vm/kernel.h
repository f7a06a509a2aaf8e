/* SPDX-License-Identifier: GPL-2.0-only */
/* The guest kernel's command line. */
#pragma once

#include <glib.h>

#include "vm/accel.h"

/*
 * The configured parameters with ours in front, so that the configured ones win and a `--` among
 * them ends only their own list. Ours: console=CONSOLE, unless a console is configured; under TCG
 * mitigations=off (there is no processor below the guest for it to mistrust) and noreplace-smp
 * (patched code is translated twice), unless configured. The caller frees.
 */
char *vm_kernel_parameters(const char *configured, enum vm_accel accel, const char *console);
