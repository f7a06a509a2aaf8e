/* SPDX-License-Identifier: GPL-2.0-only */
/* The processes of a container, as proc(5) tells of them. */
#pragma once

#include <jansson.h>

#include "agent/container.h"
#include "agent/error.h"

/*
 * {"processes":[{"pid","ppid","pgid","sid","uid","gid","state","tty","nice","threads","cpuMs",
 * "startMs","virtual","resident","name","command"}]} (docs/agent-protocol.md, "ps"): all that are
 * in the container's cgroup or below it. Pids are those of the container's own pid namespace. The
 * caller owns it; NULL on error.
 */
json_t *ps_list(const struct container *container, struct agent_error *error);
