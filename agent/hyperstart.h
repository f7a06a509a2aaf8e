/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Translates what a plain hyperstart host sends (docs/agent-protocol.md, "Payloads") into the
 * sections of an OCI config.json, so that there is one way to make a process.
 *
 * `root` is the container's root directory (a descriptor): names of users and groups are looked up
 * in its passwd and group. The caller owns the result; NULL on error.
 */
#pragma once

#include <jansson.h>

#include "agent/error.h"

json_t *hyperstart_process_to_oci(const json_t *process, int root, struct agent_error *error);
/* `hostname` is the pod's, or NULL. */
json_t *hyperstart_container_to_oci(
	const json_t *container, const char *hostname, int root, struct agent_error *error);
