/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's command line, and what depends on the machine. */
#include "runner.h"

#include "vm/kernel.h"
#include "vm/machine.h"

struct kernel_line {
	const char *configured;
	enum vm_accel accel;
	const char *line;
};

static const struct kernel_line kernel_lines[] = {
	{"", VM_ACCEL_KVM, "console=ttyS0"},
	{"quiet", VM_ACCEL_KVM, "console=ttyS0 quiet"},
	{"quiet", VM_ACCEL_TCG, "console=ttyS0 mitigations=off noreplace-smp quiet"},
	{"console=hvc1 a", VM_ACCEL_KVM, "console=hvc1 a"},
	{"xconsole=1", VM_ACCEL_KVM, "console=ttyS0 xconsole=1"},
	{"mitigations=auto", VM_ACCEL_TCG, "console=ttyS0 noreplace-smp mitigations=auto"},
	{"noreplace-smp", VM_ACCEL_TCG, "console=ttyS0 mitigations=off noreplace-smp"},
	{"a -- b", VM_ACCEL_KVM, "console=ttyS0 a -- b"},
};

TEST(kernel_parameters_table)
{
	const struct kernel_line *sample = &kernel_lines[_i];
	g_autofree char *line = vm_kernel_parameters(sample->configured, sample->accel, "ttyS0");

	ck_assert_str_eq(line, sample->line);
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

struct machine_name {
	const char *configured;
	const char *hypervisor;
	const char *name;
};

static const struct machine_name machine_names[] = {
	{"auto", "/usr/bin/qemu-system-x86_64", "pc"},
	{"auto", "/usr/bin/qemu-lite-system-x86_64", "pc-lite"},
	{"auto", "/opt/qemu-lite/bin/qemu", "pc"},
	{"q35", "/usr/bin/qemu-lite-system-x86_64", "q35"},
};

TEST(machine_name_table)
{
	const struct machine_name *sample = &machine_names[_i];

	ck_assert_str_eq(vm_machine_name(sample->configured, sample->hypervisor), sample->name);
}

struct machine_line {
	const char *arguments[6];
	const char *type;
};

static const struct machine_line machine_lines[] = {
	{{"/q", NULL}, "pc"},
	{{"/q", "-machine", "q35,smm=off", NULL}, "q35"},
	{{"/q", "-M", "microvm", NULL}, "microvm"},
	{{"/q", "--machine", "type=pc-lite,accel=kvm", NULL}, "pc-lite"},
	{{"/q", "-machine", "nvdimm=on", "-machine", "q35", NULL}, "q35"},
	{{"/q", "-machine", NULL}, "pc"},
	{{"/q", "-machine", "", NULL}, "pc"},
};

TEST(machine_of_arguments_table)
{
	const struct machine_line *sample = &machine_lines[_i];
	g_autofree char *type = vm_machine_of_arguments(sample->arguments);

	ck_assert_str_eq(type, sample->type);
}

static const struct test tests[] = {
	RUN_EACH(kernel_parameters_table, G_N_ELEMENTS(kernel_lines)),
	RUN(machine_firmware_is_the_first_that_is_there),
	RUN(machine_firmware_is_looked_for_beside_the_hypervisor),
	RUN_EACH(machine_name_table, G_N_ELEMENTS(machine_names)),
	RUN_EACH(machine_of_arguments_table, G_N_ELEMENTS(machine_lines)),
};

TEST_MAIN("vm-machine", tests)
