/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A container's user namespace (user_namespaces(7)).
 *
 * The child makes the container's files, mounts and devices as the guest's root, and enters the
 * user namespace then: with new mount, UTS and cgroup namespaces that belong to it, in which the
 * mounts made before are locked. Its pid and IPC namespaces remain the guest's.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "agent/error.h"
#include "agent/spec.h"

/* An array such as linux.uidMappings; absent: no maps. */
bool id_maps_parse(
	struct id_maps *out, const json_t *section, const char *key, struct agent_error *error);
void id_maps_clear(struct id_maps *maps);

/* `proc` is the caller's own directory in the guest's /proc. */
bool userns_make(const struct container_spec *spec, int proc, struct agent_error *error);
