/* SPDX-License-Identifier: GPL-2.0-only */
/* hypervisor.args: its tags, and what of a template is refused. */
#include "runner.h"

#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "tests/support/expand.h"

/* ---- what is refused */

struct bad_template {
	const char *text;
	const char *message;
};

static const struct bad_template bad_templates[] = {
	{"", "/e/hypervisor.args: empty: no hypervisor"},
	{"# only\n\n", "/e/hypervisor.args: empty: no hypervisor"},
	{"/q\n\n-x\n@FOO@\n", "/e/hypervisor.args:4: unknown tag @FOO@"},
	{"/q\n@NAME@@BAR@\n", "/e/hypervisor.args:2: unknown tag @BAR@"},
	{"/q\npath=@_@,x\n", "/e/hypervisor.args:2: unknown tag @_@"},
	{"# c\n-name\nx\n",
		"/e/hypervisor.args:2: the first line must be the hypervisor, not an option"},
	{"/q\n-cdrom\n@IMAGE@\n", "/e/hypervisor.args:3: @IMAGE@: /e/vm.json has no image"},
	{"/q\nsize=@SIZE@\n", "/e/hypervisor.args:2: @SIZE@: /e/vm.json has no image"},
};

TEST(args_name_file_and_line)
{
	const struct bad_template *bad = &bad_templates[_i];
	const struct vm_config config = default_config();
	g_autoptr(GError) error = NULL;

	ck_assert_ptr_null(expand_as(&config, VM_ACCEL_KVM, bad->text, &error));
	test_error_is(error, CC_ERROR_INVALID, bad->message);
}

TEST(args_refuse_to_grow_without_bound)
{
	struct vm_config config = default_config();
	g_autofree char *parameters = g_strnfill(100 << 10, 'x');
	g_autoptr(GError) error = NULL;

	config.kernel_parameters = parameters;
	ck_assert_ptr_null(
		expand_as(&config, VM_ACCEL_KVM, "/q\n@KERNEL_PARAMS@@KERNEL_PARAMS@", &error));
	test_error_is(error, CC_ERROR_INVALID,
		"/e/hypervisor.args:2: the argument becomes longer than 128 KiB");
}

TEST(args_refuse_to_grow_without_bound_over_lines)
{
	struct vm_config config = default_config();
	g_autofree char *parameters = g_strnfill(100 << 10, 'x');
	g_autoptr(GString) text = g_string_new("/q\n");
	g_autoptr(GError) error = NULL;

	config.kernel_parameters = parameters;
	for (int i = 0; i < 11; i++)
		g_string_append(text, "@KERNEL_PARAMS@\n");
	ck_assert_ptr_null(expand_as(&config, VM_ACCEL_KVM, text->str, &error));
	test_error_is(error, CC_ERROR_INVALID,
		"/e/hypervisor.args:12: the arguments become longer than 1 MiB");
}

TEST(args_search_a_bare_hypervisor_on_path)
{
	g_autofree char *binary = test_write_file("qemu-here", "");

	ck_assert_int_eq(chmod(binary, 0755), 0);
	ck_assert(g_setenv("PATH", test_directory(), TRUE));

	g_autoptr(vm_args) args = expand("qemu-here\n");

	ck_assert_str_eq(args->argv[0], binary);
}

TEST(args_name_a_hypervisor_that_is_not_on_path)
{
	const struct vm_config config = default_config();
	g_autoptr(GError) error = NULL;

	ck_assert(g_setenv("PATH", test_directory(), TRUE));
	ck_assert_ptr_null(expand_as(&config, VM_ACCEL_KVM, "\nqemu-none\n", &error));
	test_error_is(
		error, CC_ERROR_NOT_FOUND, "/e/hypervisor.args:2: qemu-none: not found on PATH");
}

/* ---- tags */

struct expansion {
	/* The second line; the first is /q. */
	const char *line;
	const char *argument;
};

static const struct expansion expansions[] = {
	{"@NAME@", "c1"},
	{"@UUID@", UUID},
	{"@QEMU_PATH@", "/q"},
	{"@KERNEL@", "/k"},
	{"@INITRD@", "/i"},
	{"@MACHINE@", "pc"},
	{"@MEMORY@", "256M"},
	{"@CPUS@", "1"},
	{"@ACCEL@", "kvm"},
	{"@KERNEL_PARAMS@", "console=ttyS0 quiet"},
	{"@KERNEL_PARAMS@ @KERNEL_NET_PARAMS@", "console=ttyS0 quiet"},
	{"@WORKLOAD_DIR@", "/s/share"},
	{"@COMMS_SOCKET@", "hypervisor.sock"},
	{"@AGENT_CTL_SOCKET@", "ga-ctl.sock"},
	{"@AGENT_TTY_SOCKET@", "ga-tty.sock"},
	{"@CONSOLE_DEVICE@",
		"socket,path=console.sock,server=on,wait=off,id=charconsole0,signal=off"},
	{"@PROCESS_SOCKET@", "socket,id=procsock,path=process.sock,server=on,wait=off"},
	{"a@NAME@b@CPUS@c", "ac1b1c"},
	/* What is no tag. */
	{"@", "@"},
	{"@@", "@@"},
	{"user@HOST", "user@HOST"},
	{"user@host.org", "user@host.org"},
	{"@Name@", "@Name@"},
	{"@NAME @", "@NAME @"},
	{"@x@NAME@", "@xc1"},
	/* An option keeps the value that it has. */
	{"-nographic\n@NETDEV@\n@NETDEV_PARAMS@\n-vga", "-nographic\n-vga"},
	{"-netdev\n@NETDEV_PARAMS@\n-device\n@NETDEVICE_PARAMS@\n-vga", "-vga"},
	{"-append\n@KERNEL_NET_PARAMS@\n-vga", "-vga"},
};

TEST(args_expand_tag)
{
	const struct expansion *expansion = &expansions[_i];
	g_autofree char *text = g_strdup_printf("/q\n%s\n-end\n", expansion->line);
	g_autofree char *lines = g_strdup_printf("/q\n%s\n-end\n", expansion->argument);
	g_autoptr(vm_args) args = expand(text);

	argv_begins(args, lines);
}

TEST(args_do_not_expand_values)
{
	struct vm_config config = default_config();

	config.kernel_parameters = "x=@NAME@ # y";

	g_autoptr(vm_args) args = expand_good(&config, VM_ACCEL_KVM, "/q\n@KERNEL_PARAMS@\n-end\n");

	argv_begins(args, "/q\nconsole=ttyS0 x=@NAME@ # y\n-end\n");
}

TEST(args_double_commas_only_inside_an_option)
{
	struct vm_config config = default_config();

	config.kernel_path = "/a,b";

	g_autoptr(vm_args) args =
		expand_good(&config, VM_ACCEL_KVM, "/q\n@KERNEL@\nx,path=@KERNEL@,y\n-end\n");

	argv_begins(args, "/q\n/a,b\nx,path=/a,,b,y\n-end\n");
}

TEST(args_under_tcg_use_one_thread_for_one_cpu)
{
	const struct vm_config config = default_config();
	g_autoptr(vm_args) args = expand_good(
		&config, VM_ACCEL_TCG, "/q\n-accel\n@ACCEL@\n-machine\npc,accel=@ACCEL@\n-end\n");

	argv_begins(
		args, "/q\n-accel\ntcg,thread=single,tb-size=128\n-machine\npc,accel=tcg\n-end\n");
}

TEST(args_under_tcg_leave_the_threads_of_more_cpus)
{
	struct vm_config config = default_config();

	config.cpus = 2;

	g_autoptr(vm_args) args = expand_good(&config, VM_ACCEL_TCG, "/q\n@ACCEL@\n-end\n");

	argv_begins(args, "/q\ntcg,tb-size=128\n-end\n");
}

TEST(args_expand_the_image_and_its_size)
{
	struct vm_config config = default_config();
	g_autofree char *image = test_write_file("image", "12345");
	g_autofree char *lines = g_strdup_printf("/q\nmem-path=%s,size=5\n-end\n", image);

	config.image_path = image;

	g_autoptr(vm_args) args =
		expand_good(&config, VM_ACCEL_KVM, "/q\nmem-path=@IMAGE@,size=@SIZE@\n-end\n");

	argv_begins(args, lines);
	ck_assert(!argv_has(args, "nvdimm"));
}

TEST(args_drop_initrd_when_there_is_none)
{
	struct vm_config config = default_config();
	g_autofree char *image = test_write_file("image", "12345");

	config.initrd_path = NULL;
	config.image_path = image;

	g_autoptr(vm_args) args =
		expand_good(&config, VM_ACCEL_KVM, "/q\n-initrd\n@INITRD@\n-end\n");

	argv_begins(args, "/q\n-end\n");
}

TEST(args_machine_is_pc_lite_for_a_qemu_lite)
{
	g_autoptr(vm_args) args =
		expand("/opt/qemu-lite-system-x86_64\n-machine\n@MACHINE@\n-end\n");

	argv_begins(args, "/opt/qemu-lite-system-x86_64\n-machine\npc-lite\n-end\n");
	ck_assert(!argv_has(args, "multidevs"));
	ck_assert(!argv_has(args, "-bios"));
}

TEST(args_machine_is_the_configured_one)
{
	struct vm_config config = default_config();

	config.machine = "q35,smm=off";

	g_autoptr(vm_args) args = expand_good(&config, VM_ACCEL_KVM, "/q\n@MACHINE@\n-end\n");

	argv_begins(args, "/q\nq35,smm=off\n-end\n");
}

static const struct test tests[] = {
	RUN_EACH(args_name_file_and_line, G_N_ELEMENTS(bad_templates)),
	RUN(args_refuse_to_grow_without_bound),
	RUN(args_refuse_to_grow_without_bound_over_lines),
	RUN(args_search_a_bare_hypervisor_on_path),
	RUN(args_name_a_hypervisor_that_is_not_on_path),
	RUN_EACH(args_expand_tag, G_N_ELEMENTS(expansions)),
	RUN(args_do_not_expand_values),
	RUN(args_double_commas_only_inside_an_option),
	RUN(args_under_tcg_use_one_thread_for_one_cpu),
	RUN(args_under_tcg_leave_the_threads_of_more_cpus),
	RUN(args_expand_the_image_and_its_size),
	RUN(args_drop_initrd_when_there_is_none),
	RUN(args_machine_is_pc_lite_for_a_qemu_lite),
	RUN(args_machine_is_the_configured_one),
};

TEST_MAIN("vm-tags", tests)
