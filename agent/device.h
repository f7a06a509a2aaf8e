/* SPDX-License-Identifier: GPL-2.0-only */
/* Device nodes and links in a container's /dev (runtime-spec config-linux.md, "Default Devices").
 */
#pragma once

#include <stdbool.h>

#include "agent/error.h"
#include "agent/spec.h"

/* In the child, after the mounts. The default ones only where /dev is a tmpfs of the config. */
bool device_make_all(const struct container_spec *spec, struct agent_error *error);
