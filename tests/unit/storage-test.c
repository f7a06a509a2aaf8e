/* SPDX-License-Identifier: GPL-2.0-only */
/* What of the host a container will see. */
#include "runner.h"

#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
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

static const struct test tests[] = {
	RUN(storage_plan_starts_with_the_writable_root),
	RUN(storage_plan_numbers_volumes_by_their_mounts),
	RUN(storage_plan_names_a_missing_source),
};

TEST_MAIN("storage", tests)
