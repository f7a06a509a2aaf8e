/* SPDX-License-Identifier: GPL-2.0-only */
/* `linux.namespaces` of config.json (runtime-spec, config-linux.md, "Namespaces"). */
#pragma once

#include "oci/spec.h"

/*
 * Reads root's `linux.namespaces` (may be missing) into a new array of *out_n. Unknown types, a
 * type given twice and relative paths are errors.
 */
gboolean oci_namespaces_parse(JsonObject *root, struct oci_namespace **out_namespaces, gsize *out_n,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;
void oci_namespaces_free(struct oci_namespace *namespaces, gsize n);
