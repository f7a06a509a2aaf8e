/* SPDX-License-Identifier: GPL-2.0-only */
/* The machine that QEMU makes: which one for which guest, and what depends on it. */
#pragma once

#include <glib.h>

#include "vm/accel.h"

/* What the choice rests on; all of it is known before QEMU starts. */
struct vm_machine_needs {
	/* "auto", or QEMU's name of a machine, with options or without. */
	const char *configured;
	/* The binary: its name tells a qemu-lite. */
	const char *hypervisor;
	/* Never AUTO. */
	enum vm_accel accel;
	/* vm_kernel_finds_mmio. */
	gboolean kernel_finds_mmio;
	/* The guest's root is an image on an nvdimm. */
	gboolean has_image;
	/* Devices will be added while it runs. */
	gboolean hotplug;
	/* vm_tsc_khz; 0: not known. */
	guint tsc_khz;
};

/*
 * QEMU's -machine: for "auto" by the table in machine.c; a configured name without options gets
 * those that the table has for it here, and one with options stays as it is. The caller frees.
 */
char *vm_machine_choose(const struct vm_machine_needs *needs);

/*
 * What the kernel's command line has to say on that machine, each word with a blank behind it; ""
 * when nothing. The caller frees.
 */
char *vm_machine_kernel_parameters(const struct vm_machine_needs *needs);

/* Whether the binary is a qemu-lite: an old QEMU with the machine type pc-lite. */
gboolean vm_machine_is_lite(const char *hypervisor);

/*
 * What a command line asks for with its options -machine or -M, merged as QEMU does it: the type,
 * QEMU's own default, pc, when there is none; then the options. The caller frees.
 */
char *vm_machine_of_arguments(const char *const *argv);

/* pc, or one of its versions, with any options. */
gboolean vm_machine_is_pc(const char *machine);
/* Its virtio devices are virtio-mmio's: microvm without PCIe. */
gboolean vm_machine_is_mmio(const char *machine);

/*
 * The path of a firmware file in the first of the directories that has it, or in ../share/qemu
 * beside the hypervisor's own directory; NULL: none. The caller frees.
 */
char *vm_machine_firmware(const char *name, const char *hypervisor, const char *const *directories);
