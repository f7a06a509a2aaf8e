/* SPDX-License-Identifier: GPL-2.0-only */
/* The table of machines, and what depends on which it is. */
#include "vm/machine.h"

#include <string.h>
#include <unistd.h>

/* What a row may ask for. */
enum {
	WANTS_LITE = 1 << 0,
	WANTS_TCG = 1 << 1,
	WANTS_KVM = 1 << 2,
	/* Its kernel finds virtio-mmio devices that only its command line names. */
	WANTS_MMIO_KERNEL = 1 << 3,
	/* The host's TSC frequency is known. */
	WANTS_TSC = 1 << 4,
	/* Nothing is plugged later, and no image needs an nvdimm: microvm has neither. */
	WANTS_FIXED = 1 << 5,
};

struct machine {
	const char *type;
	guint wants;
	/* Behind the type. */
	const char *options;
	/* For the kernel; tsc=: the TSC's frequency is added. */
	const char *parameters;
};

/*
 * The first row that fits is the machine of "auto".
 *
 * microvm has few devices and no firmware to speak of, and boots fastest. Under TCG its ACPI hangs
 * the guest, so its eight virtio-mmio transports are named on the kernel's command line. There is
 * no hardware to calibrate the TSC against, so the host's frequency is told, which the emulated one
 * has; without, the clock would tick in jiffies. It has no reset but the triple fault (the kernel
 * would try a keyboard controller for a second first), and is told not to look for ACPI tables.
 * KVM has a clock of its own, and with ACPI there is PCIe, whose interrupts need no exit.
 *
 * pc is what every kernel knows, and what takes PCI devices while it runs.
 */
static const struct machine machines[] = {
	{"pc-lite", WANTS_LITE, "", ""},
	{"microvm", WANTS_TCG | WANTS_MMIO_KERNEL | WANTS_TSC | WANTS_FIXED, ",acpi=off",
		"tsc=reliable reboot=t acpi=off "},
	{"microvm", WANTS_KVM | WANTS_MMIO_KERNEL | WANTS_FIXED, ",acpi=on,pcie=on", "reboot=t "},
	{"pc", 0, "", ""},
};

gboolean vm_machine_is_lite(const char *hypervisor)
{
	g_autofree char *name = g_path_get_basename(hypervisor);

	return strstr(name, "qemu-lite") != NULL;
}

/* The set of all that a row may want and these needs have. */
static guint collect(const struct vm_machine_needs *needs)
{
	guint set = 0;

	set |= vm_machine_is_lite(needs->hypervisor) ? WANTS_LITE : 0;
	set |= needs->accel == VM_ACCEL_KVM ? WANTS_KVM : WANTS_TCG;
	set |= needs->kernel_finds_mmio ? WANTS_MMIO_KERNEL : 0;
	set |= needs->tsc_khz > 0 ? WANTS_TSC : 0;
	set |= !needs->hotplug && !needs->has_image ? WANTS_FIXED : 0;
	return set;
}

/* Of a configured type, the row for the accelerator; what else it wants is the user's business. */
static const struct machine *find(const struct vm_machine_needs *needs)
{
	gboolean automatic = strcmp(needs->configured, "auto") == 0;
	guint set = collect(needs);

	for (gsize i = 0; i < G_N_ELEMENTS(machines); i++) {
		const struct machine *machine = &machines[i];
		guint wants = machine->wants;

		if (!automatic && strcmp(needs->configured, machine->type) != 0)
			continue;
		if (!automatic)
			wants &= WANTS_TCG | WANTS_KVM;
		if ((wants & ~set) == 0)
			return machine;
	}
	return NULL;
}

char *vm_machine_choose(const struct vm_machine_needs *needs)
{
	const struct machine *machine = find(needs);

	if (machine == NULL)
		return g_strdup(needs->configured);
	return g_strconcat(machine->type, machine->options, NULL);
}

char *vm_machine_kernel_parameters(const struct vm_machine_needs *needs)
{
	const struct machine *machine = find(needs);

	if (machine == NULL)
		return g_strdup("");
	if (g_str_has_prefix(machine->parameters, "tsc=") && needs->tsc_khz > 0)
		return g_strdup_printf("tsc_early_khz=%u %s", needs->tsc_khz, machine->parameters);
	return g_strdup(machine->parameters);
}

/* ---- the machine of a command line */

static gboolean is_machine_option(const char *argument)
{
	static const char *const options[] = {"-machine", "--machine", "-M", "--M", NULL};

	return g_strv_contains(options, argument);
}

/* The type, when the value begins with one, else NULL; *out_options: what follows. */
static char *split_value(const char *value, const char **out_options)
{
	if (g_str_has_prefix(value, "type="))
		value += strlen("type=");

	gsize length = strcspn(value, ",=");

	if (length == 0 || value[length] == '=') {
		*out_options = value;
		return NULL;
	}
	*out_options = value[length] == ',' ? value + length + 1 : value + length;
	return g_strndup(value, length);
}

char *vm_machine_of_arguments(const char *const *argv)
{
	g_autoptr(GString) merged = g_string_new(NULL);
	g_autofree char *type = NULL;

	for (gsize i = 0; argv[i] != NULL && argv[i + 1] != NULL; i++) {
		const char *options;

		if (!is_machine_option(argv[i]))
			continue;

		g_autofree char *named = split_value(argv[i + 1], &options);

		if (type == NULL)
			type = g_steal_pointer(&named);
		if (*options != '\0')
			g_string_append_printf(merged, ",%s", options);
	}
	g_string_prepend(merged, type != NULL ? type : "pc");
	return g_string_free(g_steal_pointer(&merged), FALSE);
}

static gboolean is_type(const char *machine, const char *type)
{
	gsize length = strlen(type);

	return strncmp(machine, type, length) == 0 &&
	       (machine[length] == '\0' || machine[length] == ',');
}

gboolean vm_machine_is_pc(const char *machine)
{
	return is_type(machine, "pc") || g_str_has_prefix(machine, "pc-i440fx");
}

gboolean vm_machine_is_mmio(const char *machine)
{
	g_auto(GStrv) parts = g_strsplit(machine, ",", -1);

	return is_type(machine, "microvm") &&
	       !g_strv_contains((const char *const *)parts, "pcie=on");
}

static char *readable_file(char *path)
{
	if (access(path, R_OK) == 0)
		return path;
	g_free(path);
	return NULL;
}

char *vm_machine_firmware(const char *name, const char *hypervisor, const char *const *directories)
{
	for (const char *const *directory = directories; *directory != NULL; directory++) {
		char *found = readable_file(g_build_filename(*directory, name, NULL));

		if (found != NULL)
			return found;
	}

	g_autofree char *bin = g_path_get_dirname(hypervisor);
	g_autofree char *share = g_build_filename(bin, "..", "share", "qemu", name, NULL);

	return readable_file(g_canonicalize_filename(share, NULL));
}
