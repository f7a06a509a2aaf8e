/* SPDX-License-Identifier: GPL-2.0-only */
/* How large a VM becomes for its container's limits. */
#include "runner.h"

#include "vm/size.h"

#define MIB (1024LL * 1024)

static const struct {
	gint64 limit;
	guint configured;
	guint most;
	guint size;
} memories[] = {
	/* Without a limit, and where it fits, the configured size. */
	{0, 256, 0, 256},
	{-1, 256, 0, 256},
	{64 * MIB, 256, 0, 256},
	{191 * MIB, 256, 0, 256},
	/* The guest's own needs count. */
	{192 * MIB, 256, 0, 512},
	{512 * MIB, 256, 0, 1024},
	{1024 * MIB, 256, 0, 2048},
	/* No more than the host has, or the configuration allows. */
	{9000 * MIB, 256, 0, 8192},
	{G_MAXINT64, 256, 0, 8192},
	{1024 * MIB, 256, 600, 600},
	{1024 * MIB, 256, 128, 256},
};

static const struct vm_size_host host = {.memory_mib = 8192, .cpus = 4};

TEST(memory_fits_the_limit)
{
	struct vm_config config = {.memory_mib = memories[_i].configured,
		.memory_max_mib = memories[_i].most,
		.cpus = 1};
	struct oci_resources resources = {.memory_limit = memories[_i].limit};

	vm_size_fit(&config, &resources, &host);
	ck_assert_uint_eq(config.memory_mib, memories[_i].size);
	ck_assert_uint_eq(config.cpus, 1);
}

static const struct {
	gint64 quota;
	gint64 period;
	const char *cpus;
	guint configured;
	guint most;
	guint size;
} cpus[] = {
	{0, 0, NULL, 1, 0, 1},
	{-1, 0, NULL, 1, 0, 1},
	{50000, 100000, NULL, 1, 0, 1},
	{100000, 100000, NULL, 1, 0, 1},
	{100001, 100000, NULL, 1, 0, 2},
	{250000, 0, NULL, 1, 0, 3},
	{250000, 0, NULL, 4, 0, 4},
	{2500000, 100000, NULL, 1, 0, 4},
	{2500000, 100000, NULL, 1, 2, 2},
	{G_MAXINT64, 1000, NULL, 1, 0, 4},
	/* A cpuset is how many there can be. */
	{0, 0, "0-1", 1, 0, 2},
	{300000, 100000, "0-1", 1, 0, 2},
	{100000, 100000, "0-1", 1, 0, 1},
};

TEST(cpus_are_what_the_quota_is_worth)
{
	struct vm_config config = {
		.memory_mib = 256, .cpus = cpus[_i].configured, .cpus_max = cpus[_i].most};
	struct oci_resources resources = {.cpu_quota = cpus[_i].quota,
		.cpu_period = cpus[_i].period,
		.cpuset_cpus = (char *)cpus[_i].cpus};

	vm_size_fit(&config, &resources, &host);
	ck_assert_uint_eq(config.cpus, cpus[_i].size);
	ck_assert_uint_eq(config.memory_mib, 256);
}

TEST(a_host_has_something)
{
	struct vm_size_host here = vm_size_host();

	ck_assert_uint_gt(here.memory_mib, 64);
	ck_assert_uint_ge(here.cpus, 1);
}

static const struct test tests[] = {
	RUN_EACH(memory_fits_the_limit, G_N_ELEMENTS(memories)),
	RUN_EACH(cpus_are_what_the_quota_is_worth, G_N_ELEMENTS(cpus)),
	RUN(a_host_has_something),
};

TEST_MAIN("vm-size", tests)
