/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * `linux.resources.devices`: which devices a container may use, as a program that the kernel asks
 * (cgroup-v2.rst, "Device controller").
 */
#pragma once

#include <jansson.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>

#include "agent/error.h"

enum {
	DEVICE_RULES_MAX = 256,
	/* A rule takes at most 8 instructions; the frame around them 6. */
	DEVICE_FILTER_MAX = 8 * (DEVICE_RULES_MAX + 32) + 6,
};

struct device_filter {
	struct bpf_insn code[DEVICE_FILTER_MAX];
	size_t n;
};

/*
 * The later rule has the last word; what none is about is allowed. As runc, making any node and the
 * devices of every container are allowed behind all rules. resources: with the member `devices`.
 * Without rules nothing is built: n is 0.
 */
bool device_filter_build(
	struct device_filter *out, const json_t *resources, struct agent_error *error);
/* Attaches it to a cgroup. A kernel without the controller is logged, and is no error. */
bool device_filter_attach(
	const struct device_filter *filter, const char *cgroup, struct agent_error *error);
/* Both, of the sections of a config.json. */
bool device_filter_apply(const json_t *oci, const char *cgroup, struct agent_error *error);
