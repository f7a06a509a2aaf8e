/* SPDX-License-Identifier: GPL-2.0-only */
/* Changes to the resources of a container's config.json. */
#pragma once

#include <json-glib/json-glib.h>

/*
 * Merges a document of linux.resources into that of a config.json, which it changes: member by
 * member, arrays as a whole. What engines write for "not given" (0, "", null) changes nothing.
 */
void oci_resources_merge(JsonObject *config, JsonObject *update);
