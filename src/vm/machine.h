/* SPDX-License-Identifier: GPL-2.0-only */
/* What depends on the machine type and on which QEMU it is. */
#pragma once

#include <glib.h>

/* Whether the binary is a qemu-lite: an old QEMU with the machine type pc-lite. */
gboolean vm_machine_is_lite(const char *hypervisor);

/* The configured machine; for "auto" pc-lite where the hypervisor is a qemu-lite, else pc. */
const char *vm_machine_name(const char *configured, const char *hypervisor);

/*
 * The type that a command line asks for: the first value of -machine or -M without its options;
 * QEMU's own default, pc, when there is none. The caller frees.
 */
char *vm_machine_of_arguments(const char *const *argv);

/* pc, or one of its versions. */
gboolean vm_machine_is_pc(const char *type);
/* Its virtio devices are virtio-mmio's. */
gboolean vm_machine_is_mmio(const char *type);

/*
 * The path of a firmware file in the first of the directories that has it, or in ../share/qemu
 * beside the hypervisor's own directory; NULL: none. The caller frees.
 */
char *vm_machine_firmware(const char *name, const char *hypervisor, const char *const *directories);
