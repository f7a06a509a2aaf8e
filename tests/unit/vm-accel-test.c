/* SPDX-License-Identifier: GPL-2.0-only */
/* The choice of the accelerator. */
#include "runner.h"

#include <sys/stat.h>

#include "base/error.h"
#include "vm/accel.h"

/* A file stands for /dev/kvm, a directory of the test for /sys/module. */
static void make_module(const char *name)
{
	g_autofree char *path = test_path(name);

	ck_assert_int_eq(mkdir(path, 0700), 0);
}

static enum vm_accel probe(const char **out_reason)
{
	g_autofree char *device = test_path("kvm");

	return vm_accel_probe(device, test_directory(), out_reason);
}

static const char *const names[] = {"auto", "kvm", "tcg"};

TEST(accel_names_round_trip)
{
	g_autoptr(GError) error = NULL;
	enum vm_accel accel;

	test_succeeds(vm_accel_parse(names[_i], &accel, &error), error);
	ck_assert_str_eq(vm_accel_name(accel), names[_i]);
}

static const char *const bad_names[] = {"", "KVM", "xen", "kvm,thread=multi", " tcg"};

TEST(accel_refuses_another_word)
{
	g_autoptr(GError) error = NULL;
	enum vm_accel accel = VM_ACCEL_KVM;
	g_autofree char *message =
		g_strdup_printf("unknown accelerator \"%s\" (auto, kvm or tcg)", bad_names[_i]);

	ck_assert(!vm_accel_parse(bad_names[_i], &accel, &error));
	test_error_is(error, CC_ERROR_INVALID, message);
	ck_assert_int_eq(accel, VM_ACCEL_KVM);
}

TEST(probe_without_a_device_is_tcg)
{
	const char *reason = NULL;

	make_module("kvm_intel");
	ck_assert_int_eq(probe(&reason), VM_ACCEL_TCG);
	ck_assert_str_eq(reason, "the KVM device does not exist");
}

TEST(probe_with_a_device_alone_is_tcg)
{
	g_autofree char *device = test_write_file("kvm-intel", "");
	const char *reason = NULL;

	ck_assert_int_eq(vm_accel_probe(device, test_directory(), &reason), VM_ACCEL_TCG);
	ck_assert_str_eq(reason, "the processor's own KVM module is not loaded");
}

TEST(probe_with_device_and_module_is_kvm)
{
	g_autofree char *device = test_write_file("device", "");

	make_module("kvm");
	make_module("kvm_intel");
	make_module("kvm_hv");
	ck_assert_int_eq(vm_accel_probe(device, test_directory(), NULL), VM_ACCEL_KVM);
}

TEST(probe_on_a_pvm_host_is_tcg)
{
	g_autofree char *device = test_write_file("device", "");
	const char *reason = NULL;

	make_module("kvm_intel");
	make_module("kvm_pvm");
	ck_assert_int_eq(vm_accel_probe(device, test_directory(), &reason), VM_ACCEL_TCG);
	ck_assert_str_eq(reason, "KVM is that of a PVM host, which runs no ordinary guest");
}

TEST(probe_with_a_device_that_does_not_open_is_tcg)
{
	const char *reason = NULL;

	/* A directory cannot be opened for writing, by root either. */
	make_module("kvm");
	ck_assert_int_eq(probe(&reason), VM_ACCEL_TCG);
	ck_assert_str_eq(reason, "the KVM device cannot be opened");
}

static const struct test tests[] = {
	RUN_EACH(accel_names_round_trip, G_N_ELEMENTS(names)),
	RUN_EACH(accel_refuses_another_word, G_N_ELEMENTS(bad_names)),
	RUN(probe_without_a_device_is_tcg),
	RUN(probe_with_a_device_alone_is_tcg),
	RUN(probe_with_device_and_module_is_kvm),
	RUN(probe_on_a_pvm_host_is_tcg),
	RUN(probe_with_a_device_that_does_not_open_is_tcg),
};

TEST_MAIN("vm-accel", tests)
