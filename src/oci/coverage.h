/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Holds a document against the table of fields (oci/fields.h): so that a wrong type is said before
 * anything is started, and nothing is ignored in silence.
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

/*
 * `section` is what the object is in config.json: "" for all of it, "process" for a process.json,
 * and `place` how errors call it ("" for a root). Wrong types, missing and impossible values, and
 * what cannot be honoured are errors that name the place and the reason. Appends to `warnings` a
 * text, owned by it, for each part that is warned of, and for each that is unknown (config.md,
 * "Extensibility": no error).
 */
gboolean oci_coverage_check(JsonObject *object, const char *section, const char *place,
	GPtrArray *warnings, GError **error) G_GNUC_WARN_UNUSED_RESULT;
