/* SPDX-License-Identifier: GPL-2.0-only */
/* Limits in the units of cgroup v1 and v2. */
#include "runner.h"

#include "wire/limits.h"

static const struct {
	guint64 shares;
	guint64 weight;
} cpu_weights[] = {
	{0, 1}, {1, 1}, {2, 1}, {1024, 39}, {512, 20}, {262144, 10000}, {G_MAXINT64, 10000}};

TEST(shares_become_a_weight)
{
	ck_assert_uint_eq(limits_cpu_weight(cpu_weights[_i].shares), cpu_weights[_i].weight);
}

static const struct {
	guint64 weight;
	guint64 unified;
} io_weights[] = {{0, 1}, {10, 1}, {100, 909 + 1}, {500, 4950}, {1000, 10000}, {5000, 10000}};

TEST(block_weight_becomes_a_weight)
{
	ck_assert_uint_eq(limits_io_weight(io_weights[_i].weight), io_weights[_i].unified);
}

static const struct {
	gint64 memory;
	gint64 both;
	gboolean said;
	gint64 swap;
} swaps[] = {
	{0, 0, FALSE, 0},
	{100, 0, FALSE, 0},
	{100, 100, TRUE, 0},
	{100, 250, TRUE, 150},
	{100, -1, TRUE, -1},
	{-1, 0, TRUE, -1},
	{-1, -1, TRUE, -1},
	/* Refused where it is parsed; here it is nothing that could be converted. */
	{0, 100, FALSE, 0},
	{100, 50, FALSE, 0},
};

TEST(swap_is_what_is_beyond_memory)
{
	gint64 swap = 0;

	ck_assert_int_eq(limits_swap(swaps[_i].memory, swaps[_i].both, &swap), swaps[_i].said);
	ck_assert_int_eq(swap, swaps[_i].swap);
}

static const struct test tests[] = {
	RUN_EACH(shares_become_a_weight, G_N_ELEMENTS(cpu_weights)),
	RUN_EACH(block_weight_becomes_a_weight, G_N_ELEMENTS(io_weights)),
	RUN_EACH(swap_is_what_is_beyond_memory, G_N_ELEMENTS(swaps)),
};

TEST_MAIN("wire-limits", tests)
