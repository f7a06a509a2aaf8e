/* SPDX-License-Identifier: GPL-2.0-only */
/* The `mounts` of config.json (runtime-spec, config.md, "Mounts"). */
#pragma once

#include "oci/spec.h"

/*
 * Reads root's `mounts` (may be missing) into a new array of *out_n. Sources of bind mounts are
 * resolved against the bundle. A relative destination is taken as below /, with a warning, as runc
 * does.
 */
gboolean oci_mounts_parse(JsonObject *root, const char *bundle, struct oci_mount **out_mounts,
	gsize *out_n, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void oci_mounts_free(struct oci_mount *mounts, gsize n);
