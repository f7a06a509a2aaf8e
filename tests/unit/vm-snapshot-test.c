/* SPDX-License-Identifier: GPL-2.0-only */
/* Templates: who can have one, what makes another key, and what is added to the arguments. */
#include "runner.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "vm/snapshot.h"

static char *no_parameters[] = {NULL};

struct rig {
	char *hypervisor;
	char *kernel;
	struct vm_config config;
	struct vm_args_values values;
};

static void rig_open(struct rig *rig)
{
	rig->hypervisor = test_write_file("qemu", "q");
	rig->kernel = test_write_file("vmlinux", "k");
	rig->config = (struct vm_config){
		.source = "/e/vm.json",
		.hypervisor_path = rig->hypervisor,
		.hypervisor_parameters = no_parameters,
		.kernel_path = rig->kernel,
		.kernel_parameters = "quiet",
		.initrd_path = "/i",
		.machine = "q35",
		.memory_mib = 256,
		.cpus = 1,
	};
	rig->values = (struct vm_args_values){
		.config = &rig->config,
		.accel = VM_ACCEL_TCG,
		.name = "c1",
		.uuid = "5e3b1d7c-0f0a-4a54-9a57-6f9b5d3c2a11",
		.state_directory = "/s",
		.share_directory = "/s/share",
	};
}

static void rig_close(struct rig *rig)
{
	g_free(rig->hypervisor);
	g_free(rig->kernel);
}

#define USUAL                                                                                      \
	"@QEMU_PATH@\n-name\n@NAME@\n-uuid\n@UUID@\n-machine\n@MACHINE@\n-m\n@MEMORY@\n"           \
	"-kernel\n@KERNEL@\n"

static struct vm_args *expand(const struct rig *rig, const char *more)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *text = g_strconcat(USUAL, more, NULL);
	struct vm_args *args =
		vm_args_expand(text, strlen(text), "/e/hypervisor.args", &rig->values, &error);

	test_succeeds(args != NULL, error);
	return args;
}

static char *key_of(const struct rig *rig, const char *more)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(vm_args) args = expand(rig, more);
	char *key = vm_snapshot_key(args, rig->values.accel, 1000000, &error);

	test_succeeds(key != NULL, error);
	return key;
}

TEST(key_does_not_depend_on_the_container)
{
	struct rig rig;
	g_autofree char *first = NULL;
	g_autofree char *second = NULL;

	rig_open(&rig);
	first = key_of(&rig, "");
	rig.values.name = "c2";
	rig.values.uuid = "00000000-0f0a-4a54-9a57-6f9b5d3c2a11";
	rig.values.state_directory = "/t";
	rig.values.share_directory = "/t/share";
	second = key_of(&rig, "");
	ck_assert_str_eq(first, second);
	ck_assert_uint_eq(strlen(first), 64);
	rig_close(&rig);
}

static void touch(const char *path)
{
	const struct timespec times[] = {{.tv_sec = 1}, {.tv_sec = 1}};

	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void change_memory(struct rig *rig)
{
	rig->config.memory_mib = 512;
}

static void change_machine(struct rig *rig)
{
	rig->config.machine = "q35,smm=off";
}

static void change_accel(struct rig *rig)
{
	rig->values.accel = VM_ACCEL_KVM;
}

static void change_kernel(struct rig *rig)
{
	touch(rig->kernel);
}

static void change_hypervisor(struct rig *rig)
{
	touch(rig->hypervisor);
}

static void replace_hypervisor(struct rig *rig)
{
	g_autofree char *beside = test_write_file("qemu.new", "q");

	touch(rig->hypervisor);
	touch(beside);
	ck_assert_int_eq(rename(beside, rig->hypervisor), 0);
}

static void (*const changes[])(struct rig *rig) = {change_memory, change_machine, change_accel,
	change_kernel, change_hypervisor, replace_hypervisor};

TEST(key_depends_on_what_shapes_the_machine)
{
	struct rig rig;
	g_autofree char *before = NULL;
	g_autofree char *after = NULL;

	rig_open(&rig);
	before = key_of(&rig, "");
	changes[_i](&rig);
	after = key_of(&rig, "");
	ck_assert_str_ne(before, after);
	rig_close(&rig);
}

TEST(key_of_a_missing_hypervisor_is_an_error)
{
	struct rig rig;
	g_autoptr(GError) error = NULL;
	g_autoptr(vm_args) args = NULL;

	rig_open(&rig);
	args = expand(&rig, "");
	ck_assert_int_eq(remove(rig.hypervisor), 0);
	ck_assert_ptr_null(vm_snapshot_key(args, VM_ACCEL_TCG, 1000000, &error));
	ck_assert_ptr_nonnull(error);
	rig_close(&rig);
}

static const struct {
	const char *more;
	const char *obstacle;
} obstacles[] = {
	{"", NULL},
	{"-device\nvirtio-rng-pci\n", NULL},
	{"-qmp\nunix:@COMMS_SOCKET@,server=on,wait=off\n", "sockets that are placed by path"},
	{"-chardev\nsocket,id=x,path=/x,server=on\n", "a socket or file that is placed by path"},
	{"-mem-path\n/dev/shm\n", "-mem-path: the memory is a template's file"},
	{"--mem-path\n/dev/shm\n", "-mem-path: the memory is a template's file"},
	{"-object\nmemory-backend-memfd,id=m,size=256M\n", "a memory backend of its own"},
	{"-device\nvhost-user-fs-pci,chardev=c,tag=t\n", "vhost-user"},
	{"-drive\nfile=/x\n", "-drive: its file may differ from what the template has seen"},
	{"-m\n512M\n", "a memory size other than that of vm.json"},
};

TEST(obstacles_are_named)
{
	struct rig rig;
	g_autoptr(vm_args) args = NULL;
	g_autofree char *obstacle = NULL;

	rig_open(&rig);
	args = expand(&rig, obstacles[_i].more);
	obstacle = vm_snapshot_obstacle(args, &rig.config);
	ck_assert_pstr_eq(obstacle, obstacles[_i].obstacle);
	rig_close(&rig);
}

static char *last_arguments(char **argv, guint n)
{
	return g_strjoinv(" ", argv + g_strv_length(argv) - n);
}

TEST(clone_reads_private_memory_and_the_state)
{
	struct rig rig;
	g_autoptr(vm_args) args = NULL;
	g_autofree char *text = NULL;

	rig_open(&rig);
	args = expand(&rig, "");
	vm_snapshot_append(args, &rig.config, VM_SNAPSHOT_CLONED);
	text = last_arguments(args->argv, 6);
	ck_assert_str_eq(text,
		"-object "
		"memory-backend-file,id=template,size=256M,mem-path=/proc/self/fd/8,share=off"
		" -machine memory-backend=template -incoming defer");
	rig_close(&rig);
}

TEST(template_shares_its_memory_with_the_file)
{
	struct rig rig;
	g_autoptr(vm_args) args = NULL;
	g_autofree char *text = NULL;

	rig_open(&rig);
	args = expand(&rig, "");
	vm_snapshot_append(args, &rig.config, VM_SNAPSHOT_MADE);
	text = last_arguments(args->argv, 4);
	ck_assert_str_eq(text,
		"-object "
		"memory-backend-file,id=template,size=256M,mem-path=/proc/self/fd/8,share=on"
		" -machine memory-backend=template");
	rig_close(&rig);
}

static const struct test tests[] = {
	RUN(key_does_not_depend_on_the_container),
	RUN_EACH(key_depends_on_what_shapes_the_machine, G_N_ELEMENTS(changes)),
	RUN(key_of_a_missing_hypervisor_is_an_error),
	RUN_EACH(obstacles_are_named, G_N_ELEMENTS(obstacles)),
	RUN(clone_reads_private_memory_and_the_state),
	RUN(template_shares_its_memory_with_the_file),
};

TEST_MAIN("vm-snapshot", tests)
