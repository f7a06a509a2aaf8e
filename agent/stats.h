/* SPDX-License-Identifier: GPL-2.0-only */
/* Figures of a container's cgroup, as they stand in its files. */
#pragma once

#include <jansson.h>

#include "agent/error.h"

/*
 * The object of docs/agent-protocol.md, "stats"; the caller's. What the kernel does not count is
 * left out. NULL on error.
 */
json_t *stats_collect(const char *directory, struct agent_error *error);
