/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the fields of a document say of each other, once oci/coverage.h has found their types right:
 * a limit above its own bound, a sysctl whose namespace is the host's, ids that no map knows.
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

/* Of a whole config.json; errors name the JSON path. */
gboolean oci_rules_check(JsonObject *root, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Of a process; `place` is how errors call it, "" for the root of a process.json. */
gboolean oci_rules_check_process(
	JsonObject *process, const char *place, GError **error) G_GNUC_WARN_UNUSED_RESULT;
