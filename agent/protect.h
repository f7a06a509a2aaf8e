/* SPDX-License-Identifier: GPL-2.0-only */
/* Takes away from a container's finished file system what its config does not grant. */
#pragma once

#include <stdbool.h>

#include "agent/error.h"
#include "agent/spec.h"

/*
 * In the child, after all mounts and the terminal: writes the sysctl values, makes the read-only
 * and the masked paths, then the read-only tmpfs mounts, and last the root itself. `null` is a
 * detached mount of the guest's null device.
 */
bool protect_rootfs(const struct container_spec *spec, int null, struct agent_error *error);
