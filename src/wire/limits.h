/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Limits of config.json, which are in the units of cgroup v1, in those of cgroup v2
 * (Documentation/admin-guide/cgroup-v2.rst). Host and guest convert alike, as runc and crun do.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
	/* What engines mean when they give a quota and no period, in µs. */
	LIMITS_CPU_PERIOD_DEFAULT = 100000,
};

/* cpu.shares, 2 to 262144, as cpu.weight, 1 to 10000; what is beyond the ends is the end. */
uint64_t limits_cpu_weight(uint64_t shares);
/* blkio.weight, 10 to 1000, as io.weight, 1 to 10000; likewise. io.bfq.weight takes it as it is. */
uint64_t limits_io_weight(uint64_t weight);
/*
 * memory.swap of config.json counts memory and swap, memory.swap.max swap alone. Bytes; -1: no
 * limit, 0: none given. False: nothing is said about swap.
 */
bool limits_swap(int64_t memory, int64_t memory_and_swap, int64_t *out_swap);
