/* SPDX-License-Identifier: GPL-2.0-only */
/* What makes a kernel that has just started a guest in which containers can be made. */
#pragma once

#include "agent/error.h"

#define CGROUP_DIRECTORY "/sys/fs/cgroup"

/* Mounts, console, loopback, cgroup controllers. */
bool boot_prepare(struct agent_error *error);
/* Loads what /modules/order lists, one path a line; a module that cannot be loaded is logged. */
void boot_load_modules(void);
/* Ends the VM. QEMU runs with -no-reboot, so a reset always ends it, with ACPI or without. */
_Noreturn void boot_end(void);
