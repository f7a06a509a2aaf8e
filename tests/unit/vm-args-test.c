/* SPDX-License-Identifier: GPL-2.0-only */
/* hypervisor.args: what is appended to a template, and where it is found. */
#include "runner.h"

#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "tests/support/expand.h"

/* ---- what is appended */

TEST(args_append_what_is_missing)
{
	g_autoptr(vm_args) args = expand(BARE);

	argv_is(args, BARE "-cpu\nhost\n-initrd\n/i\n"
			   "-chardev\nsocket,id=qmp,fd=3\n-mon\nchardev=qmp,mode=control\n"
			   "-chardev\nsocket,id=console,fd=6\n-serial\nchardev:console\n"
			   "-device\nvirtio-serial-pci\n"
			   "-chardev\nsocket,id=control,fd=4\n"
			   "-device\nvirtserialport,chardev=control,name=sh.hyper.channel.0\n"
			   "-chardev\nsocket,id=tty,fd=5\n"
			   "-device\nvirtserialport,chardev=tty,name=sh.hyper.channel.1\n"
			   "-fsdev\nlocal,id=share,path=/s/share,security_model=passthrough,"
			   "multidevs=remap\n"
			   "-device\nvirtio-9p-pci,fsdev=share,mount_tag=share\n"
			   "-global\nvirtio-balloon-device.free-page-reporting=on\n"
			   "-device\nvirtio-balloon-pci");
	ck_assert_ptr_null(args->qmp_socket);
	ck_assert_ptr_null(args->control_socket);
	ck_assert_ptr_null(args->tty_socket);
	ck_assert_ptr_null(args->console_socket);
}

TEST(args_append_the_hypervisor_s_parameters_last)
{
	struct vm_config config = default_config();
	char *parameters[] = {"-trace", "enable=x y", NULL};

	config.hypervisor_parameters = parameters;

	g_autoptr(vm_args) args = expand_good(&config, VM_ACCEL_KVM, BARE);
	guint n = g_strv_length(args->argv);

	ck_assert_str_eq(args->argv[n - 2], "-trace");
	ck_assert_str_eq(args->argv[n - 1], "enable=x y");
}

struct placement {
	/* Lines of the template. */
	const char *lines;
	/* What is then not appended, and without them is. */
	const char *absent;
};

static const struct placement placements[] = {
	{"-cpu\nqemu64", "\n-cpu\nhost\n"},
	{"-initrd\n/other", "\n-initrd\n/i\n"},
	{"-qmp\nunix:@COMMS_SOCKET@,server=on", "\nsocket,id=qmp,fd=3\n"},
	{"-chardev\n@CONSOLE_DEVICE@", "\nsocket,id=console,fd=6\n"},
	{"-device\nvirtio-serial-pci,id=v", "\n-device\nvirtio-serial-pci\n"},
	{"--device\nvirtio-serial-pci,id=v", "\n-device\nvirtio-serial-pci\n"},
	{"-chardev\nsocket,path=@AGENT_CTL_SOCKET@", "\nsocket,id=control,fd=4\n"},
	{"-chardev\nsocket,path=@AGENT_TTY_SOCKET@", "\nsocket,id=tty,fd=5\n"},
	{"-fsdev\nlocal,path=@WORKLOAD_DIR@", "\nvirtio-9p-pci,fsdev=share,mount_tag=share\n"},
};

TEST(args_append_nothing_that_is_placed)
{
	const struct placement *placement = &placements[_i];
	g_autofree char *text = g_strconcat(BARE, placement->lines, "\n", NULL);
	g_autoptr(vm_args) args = expand(text);
	g_autoptr(vm_args) bare = expand(BARE);

	ck_assert(argv_has(bare, placement->absent));
	ck_assert(!argv_has(args, placement->absent));
}

TEST(args_place_initrd_once)
{
	g_autoptr(vm_args) args = expand(BARE "-initrd\n@INITRD@\n");
	int n = 0;

	for (char **argument = args->argv; *argument != NULL; argument++)
		n += strcmp(*argument, "-initrd") == 0;
	ck_assert_int_eq(n, 1);
}

TEST(args_do_not_take_a_name_for_a_device)
{
	g_autoptr(vm_args) args = expand(BARE "-name\nvirtio-serial-pci\n");

	ck_assert(argv_has(args, "\n-device\nvirtio-serial-pci\n"));
}

TEST(args_return_the_sockets_that_are_placed)
{
	g_autoptr(vm_args) args =
		expand("/q\n@COMMS_SOCKET@\n@AGENT_CTL_SOCKET@\n@AGENT_TTY_SOCKET@\n"
		       "@CONSOLE_DEVICE@\n");

	ck_assert_str_eq(args->qmp_socket, "/s/hypervisor.sock");
	ck_assert_str_eq(args->control_socket, "/s/ga-ctl.sock");
	ck_assert_str_eq(args->tty_socket, "/s/ga-tty.sock");
	ck_assert_str_eq(args->console_socket, "/s/console.sock");
}

TEST(args_under_tcg_append_the_largest_processor)
{
	const struct vm_config config = default_config();
	g_autoptr(vm_args) args = expand_good(&config, VM_ACCEL_TCG, BARE);

	ck_assert(argv_has(args, "\n-cpu\nmax,-erms\n"));
}

TEST(args_on_microvm_use_virtio_mmio)
{
	g_autoptr(vm_args) args = expand("/q\n-M\nmicrovm,acpi=off\n");

	ck_assert(argv_has(args, "\nvirtio-serial-device\n"));
	ck_assert(argv_has(args, "\nvirtio-9p-device,fsdev=share,mount_tag=share\n"));
	ck_assert(argv_has(args, "\nvirtio-balloon-device\n"));
	ck_assert(!argv_has(args, "\n-bios\n"));
}

TEST(args_append_the_image_as_nvdimm)
{
	struct vm_config config = default_config();
	g_autofree char *image = test_write_file("im,age", "12345");

	config.image_path = image;

	g_autofree char *escaped = test_path("im,,age");
	g_autofree char *lines = g_strdup_printf(
		"\n-machine\nnvdimm=on\n-m\nslots=1,maxmem=1280M\n-object\n"
		"memory-backend-file,id=image,mem-path=%s,size=5,share=on,readonly=on\n"
		"-device\nnvdimm,id=nvimage,memdev=image,unarmed=on\n",
		escaped);
	g_autoptr(vm_args) args = expand_good(&config, VM_ACCEL_KVM, BARE);

	ck_assert(argv_has(args, lines));
}

TEST(args_escape_the_share)
{
	const struct vm_config config = default_config();
	const struct vm_args_values values = {.config = &config,
		.accel = VM_ACCEL_KVM,
		.name = "c1",
		.uuid = UUID,
		.state_directory = "/s,t",
		.share_directory = "/s,t/share"};
	g_autoptr(GError) error = NULL;
	g_autoptr(vm_args) args = vm_args_expand(BARE, strlen(BARE), "f", &values, &error);

	test_succeeds(args != NULL, error);
	ck_assert(argv_has(args, "path=/s,,t/share,security_model"));
}

struct share_placement {
	/* Lines of the template. */
	const char *lines;
	const char *tag;
};

static const struct share_placement share_placements[] = {
	{"", "share"},
	{"-device\nvirtio-9p-pci,fsdev=f,mount_tag=mine", "share"},
	{"-device\nvirtio-9p-pci,fsdev=f,mount_tag=rootfs\n-fsdev\nlocal,id=f,path=@WORKLOAD_DIR@",
		"rootfs"},
	{"-virtfs\nlocal,mount_tag=t,path=@WORKLOAD_DIR@,security_model=none", "t"},
	{"-fsdev\nlocal,id=f,path=@WORKLOAD_DIR@", "share"},
};

TEST(args_return_the_mount_tag_of_the_share)
{
	const struct share_placement *placement = &share_placements[_i];
	g_autofree char *text = g_strconcat(BARE, placement->lines, "\n", NULL);
	g_autoptr(vm_args) args = expand(text);

	ck_assert_str_eq(args->share_tag, placement->tag);
}

/* ---- whole templates */

/* As Clear Containers wrote them: unchanged, all of it placed but the share. */
TEST(args_expand_a_template_of_clear_containers)
{
	struct vm_config config = default_config();
	g_autofree char *path = test_data_path("hypervisor-old.args");
	g_autofree char *image = test_write_file("image", "12345");
	g_autofree char *text = NULL;
	g_autoptr(GError) error = NULL;
	gsize size;

	config.hypervisor_path = "/usr/bin/qemu-lite-system-x86_64";
	config.initrd_path = NULL;
	config.image_path = image;
	test_succeeds(file_read(path, 1 << 20, &text, &size, &error), error);

	g_autoptr(vm_args) args = expand_good(&config, VM_ACCEL_KVM, text);
	g_autofree char *object = g_strdup_printf(
		"\nmemory-backend-file,id=ram0,mem-path=%s,size=5\n-device\n", image);

	ck_assert(argv_has(args, object));
	ck_assert(argv_has(args, "\n-append\nconsole=hvc0 quiet\n-smp\n"));
	ck_assert(argv_has(args, "\nsocket,id=ctl,path=ga-ctl.sock,server,nowait\n"));
	ck_assert(argv_has(args, "name=sh.hyper.channel.1\n-uuid\n" UUID "\n-qmp\n"
				 "unix:hypervisor.sock,server,nowait\n-nographic\n-vga\nnone\n"
				 "-fsdev\nlocal,id=share,path=/s/share,"
				 "security_model=passthrough\n"
				 "-device\nvirtio-9p-pci,fsdev=share,mount_tag=share\n"));
	ck_assert_str_eq(args->qmp_socket, "/s/hypervisor.sock");
}

static const char *const without_balloon[] = {
	"/opt/qemu-lite-system-x86_64\n-machine\n@MACHINE@\n",
	BARE "-device\nvirtio-balloon-pci,id=mine\n",
};

TEST(args_add_no_balloon_to_a_qemu_lite_or_another)
{
	g_autoptr(vm_args) args = expand(without_balloon[_i]);
	g_autofree char *joined = g_strjoinv("\n", args->argv);

	ck_assert_ptr_null(strstr(joined, "free-page-reporting"));
}

/* The small kernel's machine has its devices on virtio-mmio, and no firmware of ours. */
TEST(args_microvm_is_whole)
{
	const struct vm_config config = default_config();
	const struct vm_args_values values = {
		.config = &config,
		.accel = VM_ACCEL_TCG,
		.kernel_finds_mmio = TRUE,
		.tsc_khz = 2596136,
		.name = "c1",
		.uuid = UUID,
		.state_directory = "/s",
		.share_directory = "/s/share",
	};
	const char *text = "/q\n-machine\n@MACHINE@\n-append\n@KERNEL_PARAMS@\n";
	g_autoptr(GError) error = NULL;
	g_autoptr(vm_args) args = vm_args_expand(text, strlen(text), "f", &values, &error);

	test_succeeds(args != NULL, error);
	argv_begins(args,
		"/q\n-machine\nmicrovm,acpi=off\n-append\n"
		"console=ttyS0 mitigations=off noreplace-smp tsc_early_khz=2596136 tsc=reliable "
		"reboot=t acpi=off quiet\n-cpu\nmax,-erms\n-initrd\n/i\n-chardev\n");
	ck_assert(g_strv_contains((const char *const *)args->argv, "virtio-serial-device"));
	ck_assert(g_strv_contains(
		(const char *const *)args->argv, "virtio-9p-device,fsdev=share,mount_tag=share"));
}

TEST(args_microvm_under_kvm_has_pci_devices)
{
	const struct vm_config config = default_config();
	const struct vm_args_values values = {
		.config = &config,
		.accel = VM_ACCEL_KVM,
		.kernel_finds_mmio = TRUE,
		.name = "c1",
		.uuid = UUID,
		.state_directory = "/s",
		.share_directory = "/s/share",
	};
	const char *text = "/q\n-machine\n@MACHINE@\n-append\n@KERNEL_PARAMS@\n";
	g_autoptr(GError) error = NULL;
	g_autoptr(vm_args) args = vm_args_expand(text, strlen(text), "f", &values, &error);

	test_succeeds(args != NULL, error);
	argv_begins(args, "/q\n-machine\nmicrovm,acpi=on,pcie=on\n-append\n"
			  "console=ttyS0 reboot=t quiet\n-cpu\nhost\n-initrd\n/i\n-chardev\n");
	ck_assert(g_strv_contains((const char *const *)args->argv, "virtio-serial-pci"));
	ck_assert(g_strv_contains(
		(const char *const *)args->argv, "virtio-9p-pci,fsdev=share,mount_tag=share"));
}

/* The template that is installed has every tag known, and names its lines' values. */
TEST(args_expand_the_installed_template)
{
	const struct vm_config config = default_config();
	g_autofree char *path = test_data_path("../../data/hypervisor.args.in");
	g_autofree char *text = NULL;
	g_autoptr(GError) error = NULL;
	gsize size;

	test_succeeds(file_read(path, 1 << 20, &text, &size, &error), error);

	g_autoptr(vm_args) args = expand_good(&config, VM_ACCEL_TCG, text);

	argv_begins(args, "/q\n-name\nc1\n-uuid\n" UUID "\n-nodefaults\n");
	ck_assert(argv_has(args,
		"\n-machine\npc\n-accel\ntcg,thread=single,tb-size=128\n-m\n256M\n-smp\n1\n"
		"-kernel\n/k\n-append\n"
		"console=ttyS0 mitigations=off noreplace-smp quiet\n-cpu\nmax,-erms\n"));
}

TEST(args_load_takes_the_first_of_the_lookup)
{
	const struct vm_config config = default_config();
	const struct vm_args_values values = {.config = &config,
		.accel = VM_ACCEL_KVM,
		.name = "c1",
		.uuid = UUID,
		.state_directory = "/s",
		.share_directory = "/s/share"};
	const struct vm_lookup lookup = {"/nonexistent", test_directory(), NULL};
	g_autoptr(GError) error = NULL;

	g_free(test_write_file("hypervisor.args", "/from-file\n"));

	g_autoptr(vm_args) args = vm_args_load(&lookup, &values, &error);

	test_succeeds(args != NULL, error);
	ck_assert_str_eq(args->argv[0], "/from-file");
}

TEST(args_load_names_where_it_has_looked)
{
	const struct vm_config config = default_config();
	const struct vm_args_values values = {.config = &config, .accel = VM_ACCEL_KVM};
	const struct vm_lookup lookup = {NULL, "/no/s", "/no/d"};
	g_autoptr(GError) error = NULL;

	ck_assert_ptr_null(vm_args_load(&lookup, &values, &error));
	test_error_is(error, CC_ERROR_NOT_FOUND, "hypervisor.args: not found in /no/s, /no/d");
}

/* A QEMU in the test's directory with its firmware beside: found on every host. */
TEST(args_append_firmware_for_pc)
{
	struct vm_config config = default_config();
	g_autofree char *share = test_path("share/qemu");
	g_autofree char *hypervisor = test_path("bin/qemu");

	ck_assert_int_eq(g_mkdir_with_parents(share, 0700), 0);
	config.hypervisor_path = hypervisor;

	g_free(test_write_file("share/qemu/qboot.rom", ""));

	g_autoptr(vm_args) args =
		expand_good(&config, VM_ACCEL_KVM, "@QEMU_PATH@\n-machine\n@MACHINE@\n");

	ck_assert(argv_has(args, "\n-bios\n"));
	ck_assert(argv_has(args, "/qboot.rom\n-initrd\n"));
}

TEST(args_leave_the_firmware_of_the_template)
{
	g_autoptr(vm_args) args = expand("/q\n-bios\nmine\n");

	ck_assert(!argv_has(args, "qboot"));
}

static const struct test tests[] = {
	RUN_EACH(args_add_no_balloon_to_a_qemu_lite_or_another, G_N_ELEMENTS(without_balloon)),
	RUN(args_microvm_is_whole),
	RUN(args_microvm_under_kvm_has_pci_devices),
	RUN(args_append_what_is_missing),
	RUN(args_append_the_hypervisor_s_parameters_last),
	RUN_EACH(args_append_nothing_that_is_placed, G_N_ELEMENTS(placements)),
	RUN_EACH(args_return_the_mount_tag_of_the_share, G_N_ELEMENTS(share_placements)),
	RUN(args_place_initrd_once),
	RUN(args_do_not_take_a_name_for_a_device),
	RUN(args_return_the_sockets_that_are_placed),
	RUN(args_under_tcg_append_the_largest_processor),
	RUN(args_on_microvm_use_virtio_mmio),
	RUN(args_append_the_image_as_nvdimm),
	RUN(args_escape_the_share),
	RUN(args_expand_a_template_of_clear_containers),
	RUN(args_expand_the_installed_template),
	RUN(args_load_takes_the_first_of_the_lookup),
	RUN(args_load_names_where_it_has_looked),
	RUN(args_append_firmware_for_pc),
	RUN(args_leave_the_firmware_of_the_template),
};

TEST_MAIN("vm-args", tests)
