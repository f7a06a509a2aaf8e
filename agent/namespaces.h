/* SPDX-License-Identifier: GPL-2.0-only */
/* The namespaces that a child makes for itself, or joins, after its clone. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "agent/error.h"
#include "agent/spec.h"

/* For an init, in its cgroup: the cgroup and time namespaces, those of others; then its names. */
bool namespaces_make(const struct container_spec *spec, struct agent_error *error);

/*
 * For a further process: those of the init, but for its user namespace, whose descriptor is handed
 * out for namespaces_join_user(); -1: it has none of its own.
 */
bool namespaces_join(
	const struct container_spec *spec, pid_t init, int *out_user, struct agent_error *error);
/* Last of all: what the process could do before it can no more. */
bool namespaces_join_user(int user, struct agent_error *error);
