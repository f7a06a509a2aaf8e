/* SPDX-License-Identifier: GPL-2.0-only */
/* Conversions from the units of cgroup v1 to those of v2. */
#include "wire/limits.h"

enum {
	SHARES_MIN = 2,
	SHARES_MAX = 262144,
	BLKIO_WEIGHT_MIN = 10,
	BLKIO_WEIGHT_MAX = 1000,
	WEIGHT_RANGE = 9999,
};

/* From least..most to 1..10000, rounded down. */
static uint64_t scale(uint64_t value, uint64_t least, uint64_t most)
{
	if (value < least)
		value = least;
	if (value > most)
		value = most;
	return 1 + (value - least) * WEIGHT_RANGE / (most - least);
}

uint64_t limits_cpu_weight(uint64_t shares)
{
	return scale(shares, SHARES_MIN, SHARES_MAX);
}

uint64_t limits_io_weight(uint64_t weight)
{
	return scale(weight, BLKIO_WEIGHT_MIN, BLKIO_WEIGHT_MAX);
}

bool limits_swap(int64_t memory, int64_t memory_and_swap, int64_t *out_swap)
{
	/* Memory without a limit, and no word about swap: that has none either. */
	if (memory_and_swap == -1 || (memory == -1 && memory_and_swap == 0))
		*out_swap = -1;
	else if (memory_and_swap > 0 && memory > 0 && memory_and_swap >= memory)
		*out_swap = memory_and_swap - memory;
	else
		return false;
	return true;
}
