/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's command line, and what depends on the machine. */
#include "runner.h"

#include "vm/kernel.h"
#include "vm/machine.h"
#include "vm/tsc.h"

struct kernel_line {
	const char *configured;
	enum vm_accel accel;
	const char *machine;
	const char *line;
};

static const struct kernel_line kernel_lines[] = {
	{"", VM_ACCEL_KVM, "", "console=ttyS0"},
	{"quiet", VM_ACCEL_KVM, "", "console=ttyS0 quiet"},
	{"quiet", VM_ACCEL_TCG, "", "console=ttyS0 mitigations=off noreplace-smp quiet"},
	{"console=hvc1 a", VM_ACCEL_KVM, "", "console=hvc1 a"},
	{"xconsole=1", VM_ACCEL_KVM, "", "console=ttyS0 xconsole=1"},
	{"mitigations=auto", VM_ACCEL_TCG, "", "console=ttyS0 noreplace-smp mitigations=auto"},
	{"noreplace-smp", VM_ACCEL_TCG, "", "console=ttyS0 mitigations=off noreplace-smp"},
	{"quiet", VM_ACCEL_TCG, "reboot=t ",
		"console=ttyS0 mitigations=off noreplace-smp reboot=t quiet"},
	{"a -- b", VM_ACCEL_KVM, "", "console=ttyS0 a -- b"},
};

TEST(kernel_parameters_table)
{
	const struct kernel_line *sample = &kernel_lines[_i];
	g_autofree char *line =
		vm_kernel_parameters(sample->configured, sample->accel, "ttyS0", sample->machine);

	ck_assert_str_eq(line, sample->line);
}

struct kernel_config {
	const char *text;
	gboolean finds_mmio;
};

#define MMIO	"CONFIG_VIRTIO_MMIO=y\n"
#define CMDLINE "CONFIG_VIRTIO_MMIO_CMDLINE_DEVICES=y\n"

static const struct kernel_config kernel_configs[] = {
	{"# a comment\n" MMIO "CONFIG_X=y\n" CMDLINE, TRUE},
	{MMIO CMDLINE, TRUE},
	{MMIO, FALSE},
	{MMIO "# CONFIG_VIRTIO_MMIO_CMDLINE_DEVICES is not set\n", FALSE},
	{"CONFIG_VIRTIO_MMIO=m\n" CMDLINE, FALSE},
	{MMIO "#" CMDLINE, FALSE},
	{"", FALSE},
};

TEST(kernel_finds_mmio_if_its_configuration_says_so)
{
	const struct kernel_config *sample = &kernel_configs[_i];
	g_autofree char *config = test_write_file("vmlinux.config", sample->text);
	g_autofree char *kernel = test_path("vmlinux");

	ck_assert_str_ne(config, "");
	ck_assert_int_eq(vm_kernel_finds_mmio(kernel), sample->finds_mmio);
}

TEST(kernel_without_a_configuration_finds_no_mmio)
{
	g_autofree char *kernel = test_path("vmlinux");

	ck_assert(!vm_kernel_finds_mmio(kernel));
}

TEST(tsc_is_the_first_processors)
{
	ck_assert_uint_eq(vm_tsc_parse_cpuinfo("processor\t: 0\ncpu MHz\t\t: 2596.136\n"
					       "cpu MHz\t\t: 1000.000\n"),
		2596136);
	ck_assert_uint_eq(vm_tsc_parse_cpuinfo("processor\t: 0\nBogoMIPS : 48.00\n"), 0);
	ck_assert_uint_eq(vm_tsc_parse_cpuinfo("x\ncpu MHz : -1\n"), 0);
	ck_assert_uint_eq(vm_tsc_parse_cpuinfo("x\ncpu MHz : 1e99\n"), 0);
	ck_assert_uint_eq(vm_tsc_parse_cpuinfo("x\ncpu MHz"), 0);
	ck_assert_uint_eq(vm_tsc_parse_cpuinfo(""), 0);
}

TEST(machine_firmware_is_the_first_that_is_there)
{
	const char *const directories[] = {"/nonexistent", test_directory(), NULL};
	g_autofree char *expected = test_write_file("rom", "");
	g_autofree char *found = vm_machine_firmware("rom", "/q", directories);

	ck_assert_str_eq(found, expected);
}

TEST(machine_firmware_is_looked_for_beside_the_hypervisor)
{
	const char *const nowhere[] = {NULL};
	g_autofree char *share = test_path("share/qemu");
	g_autofree char *hypervisor = test_path("bin/qemu");

	ck_assert_int_eq(g_mkdir_with_parents(share, 0700), 0);

	g_autofree char *expected = test_write_file("share/qemu/rom", "");
	g_autofree char *found = vm_machine_firmware("rom", hypervisor, nowhere);

	ck_assert_str_eq(found, expected);
	ck_assert_ptr_null(vm_machine_firmware("other", hypervisor, nowhere));
}

#define QEMU "/usr/bin/qemu-system-x86_64"
#define LITE "/usr/bin/qemu-lite-system-x86_64"

struct choice {
	struct vm_machine_needs needs;
	const char *machine;
	const char *parameters;
};

/* Each variant of the table, and what keeps a guest from one. */
static const struct choice choices[] = {
	{{"auto", QEMU, VM_ACCEL_TCG}, "pc", ""},
	{{"auto", QEMU, VM_ACCEL_KVM}, "pc", ""},
	{{"auto", LITE, VM_ACCEL_KVM, .kernel_finds_mmio = TRUE}, "pc-lite", ""},
	{{"auto", "/opt/qemu-lite/bin/qemu", VM_ACCEL_KVM}, "pc", ""},
	{{"auto", QEMU, VM_ACCEL_TCG, .kernel_finds_mmio = TRUE, .tsc_khz = 2500000},
		"microvm,acpi=off", "tsc_early_khz=2500000 tsc=reliable reboot=t acpi=off "},
	{{"auto", QEMU, VM_ACCEL_TCG, .kernel_finds_mmio = TRUE}, "pc", ""},
	{{"auto", QEMU, VM_ACCEL_TCG, .tsc_khz = 2500000}, "pc", ""},
	{{"auto", QEMU, VM_ACCEL_TCG, .kernel_finds_mmio = TRUE, .hotplug = TRUE, .tsc_khz = 1},
		"pc", ""},
	{{"auto", QEMU, VM_ACCEL_TCG, .kernel_finds_mmio = TRUE, .has_image = TRUE, .tsc_khz = 1},
		"pc", ""},
	{{"auto", QEMU, VM_ACCEL_KVM, .kernel_finds_mmio = TRUE}, "microvm,acpi=on,pcie=on",
		"reboot=t "},
	{{"auto", QEMU, VM_ACCEL_KVM, .kernel_finds_mmio = TRUE, .hotplug = TRUE}, "pc", ""},
	{{"microvm", QEMU, VM_ACCEL_TCG, .tsc_khz = 1000}, "microvm,acpi=off",
		"tsc_early_khz=1000 tsc=reliable reboot=t acpi=off "},
	{{"microvm", QEMU, VM_ACCEL_TCG}, "microvm,acpi=off", "tsc=reliable reboot=t acpi=off "},
	{{"microvm", QEMU, VM_ACCEL_KVM}, "microvm,acpi=on,pcie=on", "reboot=t "},
	{{"microvm,acpi=on", QEMU, VM_ACCEL_KVM}, "microvm,acpi=on", ""},
	{{"pc", QEMU, VM_ACCEL_TCG, .kernel_finds_mmio = TRUE, .tsc_khz = 1}, "pc", ""},
	{{"pc-lite", QEMU, VM_ACCEL_KVM}, "pc-lite", ""},
	{{"q35", LITE, VM_ACCEL_KVM}, "q35", ""},
};

TEST(machine_choice_table)
{
	const struct choice *sample = &choices[_i];
	g_autofree char *machine = vm_machine_choose(&sample->needs);
	g_autofree char *parameters = vm_machine_kernel_parameters(&sample->needs);

	ck_assert_str_eq(machine, sample->machine);
	ck_assert_str_eq(parameters, sample->parameters);
}

struct bus {
	const char *machine;
	gboolean is_pc;
	gboolean is_mmio;
};

static const struct bus buses[] = {
	{"pc", TRUE, FALSE},
	{"pc,nvdimm=on", TRUE, FALSE},
	{"pc-i440fx-7.2", TRUE, FALSE},
	{"pc-lite", FALSE, FALSE},
	{"q35,pcie=on", FALSE, FALSE},
	{"microvm", FALSE, TRUE},
	{"microvm,acpi=off", FALSE, TRUE},
	{"microvm,acpi=on,pcie=on", FALSE, FALSE},
	{"microvm2", FALSE, FALSE},
};

TEST(machine_bus_table)
{
	const struct bus *sample = &buses[_i];

	ck_assert_int_eq(vm_machine_is_pc(sample->machine), sample->is_pc);
	ck_assert_int_eq(vm_machine_is_mmio(sample->machine), sample->is_mmio);
}

struct machine_line {
	const char *arguments[6];
	const char *machine;
};

static const struct machine_line machine_lines[] = {
	{{"/q", NULL}, "pc"},
	{{"/q", "-machine", "q35,smm=off", NULL}, "q35,smm=off"},
	{{"/q", "-M", "microvm", NULL}, "microvm"},
	{{"/q", "--machine", "type=pc-lite,accel=kvm", NULL}, "pc-lite,accel=kvm"},
	{{"/q", "-machine", "nvdimm=on", "-machine", "q35", NULL}, "q35,nvdimm=on"},
	{{"/q", "-M", "microvm", "-machine", "pcie=on", NULL}, "microvm,pcie=on"},
	{{"/q", "-machine", NULL}, "pc"},
	{{"/q", "-machine", "", NULL}, "pc"},
};

TEST(machine_of_arguments_table)
{
	const struct machine_line *sample = &machine_lines[_i];
	g_autofree char *machine = vm_machine_of_arguments(sample->arguments);

	ck_assert_str_eq(machine, sample->machine);
}

static const struct test tests[] = {
	RUN_EACH(kernel_parameters_table, G_N_ELEMENTS(kernel_lines)),
	RUN_EACH(kernel_finds_mmio_if_its_configuration_says_so, G_N_ELEMENTS(kernel_configs)),
	RUN(kernel_without_a_configuration_finds_no_mmio),
	RUN(tsc_is_the_first_processors),
	RUN(machine_firmware_is_the_first_that_is_there),
	RUN(machine_firmware_is_looked_for_beside_the_hypervisor),
	RUN_EACH(machine_choice_table, G_N_ELEMENTS(choices)),
	RUN_EACH(machine_bus_table, G_N_ELEMENTS(buses)),
	RUN_EACH(machine_of_arguments_table, G_N_ELEMENTS(machine_lines)),
};

TEST_MAIN("vm-machine", tests)
