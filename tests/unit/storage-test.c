/* SPDX-License-Identifier: GPL-2.0-only */
/* What of the host a container will see. */
#include "runner.h"

#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "storage/devices.h"
#include "storage/plan.h"

static struct oci_spec *parse(const char *mounts)
{
	g_autofree char *config =
		g_strdup_printf("{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"rootfs\"},"
				"\"process\":{\"cwd\":\"/\",\"args\":[\"x\"]},\"mounts\":[%s]}",
			mounts);
	GError *error = NULL;
	struct oci_spec *spec = oci_spec_parse(config, strlen(config), test_directory(), &error);

	test_succeeds(spec != NULL, error);
	return spec;
}

TEST(storage_plan_starts_with_the_writable_root)
{
	g_autoptr(oci_spec) spec = parse("");
	g_autofree char *rootfs = test_path("rootfs");
	GError *error = NULL;
	g_autoptr(storage_plan) plan = storage_plan_new("c1", spec, &error);

	ck_assert_ptr_nonnull(plan);
	ck_assert_uint_eq(plan->n_binds, 1);
	ck_assert_str_eq(plan->binds[0].source, rootfs);
	ck_assert_str_eq(plan->binds[0].target, "c1/rootfs");
	ck_assert(!plan->binds[0].read_only);
}

TEST(storage_plan_numbers_volumes_by_their_mounts)
{
	g_autoptr(oci_spec) spec = parse("{\"destination\":\"/proc\",\"type\":\"proc\"},"
					 "{\"destination\":\"/v\",\"source\":\"/\","
					 "\"options\":[\"rbind\",\"ro\"]}");
	GError *error = NULL;
	g_autoptr(storage_plan) plan = storage_plan_new("c1", spec, &error);

	ck_assert_ptr_nonnull(plan);
	ck_assert_uint_eq(plan->n_binds, 2);
	ck_assert_str_eq(plan->binds[1].source, "/");
	ck_assert_str_eq(plan->binds[1].target, "c1/volume-1/root");
	ck_assert(plan->binds[1].read_only);
	ck_assert(plan->binds[1].recursive);
	ck_assert_ptr_null(plan->mount_sources[0]);
	ck_assert_str_eq(plan->mount_sources[1], "c1/volume-1/root");
}

TEST(storage_plan_names_a_missing_source)
{
	g_autoptr(oci_spec) spec =
		parse("{\"destination\":\"/v\",\"source\":\"/nowhere\",\"options\":[\"bind\"]}");
	g_autofree char *expected = g_strdup_printf(
		"%s/config.json: mounts[0].source: /nowhere: No such file or directory",
		test_directory());
	g_autoptr(GError) error = NULL;

	ck_assert_ptr_null(storage_plan_new("c1", spec, &error));
	test_error_is(error, CC_ERROR_INVALID, expected);
}

static struct oci_spec *parse_devices(const char *resources)
{
	g_autofree char *config = g_strdup_printf(
		"{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"rootfs\"},\"process\":{\"cwd\":\"/"
		"\","
		"\"args\":[\"x\"]},\"linux\":{\"devices\":[{\"path\":\"/dev/a\",\"type\":\"c\","
		"\"major\":8,\"minor\":0},{\"path\":\"/dev/b\",\"type\":\"b\",\"major\":8,"
		"\"minor\":0}],\"resources\":{\"devices\":[%s]}}}",
		resources);
	GError *error = NULL;
	struct oci_spec *spec = oci_spec_parse(config, strlen(config), "/b", &error);

	test_succeeds(spec != NULL, error);
	return spec;
}

TEST(storage_refuses_a_block_device_of_the_host)
{
	g_autoptr(oci_spec) spec =
		parse_devices("{\"allow\":true,\"type\":\"b\",\"major\":8,\"minor\":0}");
	g_autofree char *has = test_path("");
	g_autoptr(GError) error = NULL;

	/* The host has none of that number. */
	test_succeeds(storage_check_devices(spec, has, &error), error);
	g_free(test_write_file("8:0", ""));
	ck_assert(!storage_check_devices(spec, has, &error));
	test_error_is(error, CC_ERROR_INVALID,
		"/b/config.json: linux.devices[1]: not possible: block device 8:0 of the host is "
		"not passed into a guest");
}

TEST(storage_passes_over_the_hosts_devices_of_a_privileged_container)
{
	g_autoptr(oci_spec) spec = parse_devices("{\"allow\":false,\"access\":\"rwm\"},"
						 "{\"allow\":true,\"access\":\"rwm\"}");
	g_autofree char *has = test_path("");
	GError *error = NULL;

	g_free(test_write_file("8:0", ""));
	test_succeeds(storage_check_devices(spec, has, &error), error);
}

static const struct test tests[] = {
	RUN(storage_plan_starts_with_the_writable_root),
	RUN(storage_plan_numbers_volumes_by_their_mounts),
	RUN(storage_plan_names_a_missing_source),
	RUN(storage_refuses_a_block_device_of_the_host),
	RUN(storage_passes_over_the_hosts_devices_of_a_privileged_container),
};

TEST_MAIN("storage", tests)
