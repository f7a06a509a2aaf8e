/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * `linux.resources` of config.json as what is written into the files of a cgroup v2.
 *
 * Parsing checks and converts (wire/limits.h) and touches nothing; applying writes. What belongs to
 * the host (cpuset, network class, rates of the host's devices) is not here.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/error.h"

enum {
	LIMITS_MAX = 128,
};

struct limit {
	/* Name of the file in the cgroup's directory, and the text for it. Both owned. */
	char *file;
	char *value;
	/* Where the kernel has no such file, nothing is lost. */
	bool optional;
	/* An errno that means as much, or 0: the guest does not have the device. */
	int ignored;
};

struct limits {
	struct limit items[LIMITS_MAX];
	size_t n;
	/* The memory limit must be above what is in use: bytes; 0: no such rule. */
	int64_t checked_memory;
};

/* resources: the object, or NULL for none. On error nothing is left to clear. */
bool limits_parse(struct limits *out, const json_t *resources, struct agent_error *error);
/* Bears a zeroed struct. */
void limits_clear(struct limits *limits);
/* Writes them into the cgroup's directory, in order, up to the first that cannot be. */
bool limits_apply(const struct limits *limits, const char *directory, struct agent_error *error);
/* Both, of the sections of a config.json. */
bool limits_apply_sections(const json_t *oci, const char *directory, struct agent_error *error);
