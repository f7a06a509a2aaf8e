/* SPDX-License-Identifier: GPL-2.0-only */
/* `annotations`, a JSON object of strings, as a hash table and back. */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

/* An empty table of char * to char *, both owned. */
GHashTable *oci_annotations_new(void);

/* Adds what object's `annotations` (may be missing) has; values that are not strings are errors. */
gboolean oci_annotations_parse(
	JsonObject *object, GHashTable *annotations, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A new object, its members sorted by name so that the same table is the same text. */
JsonObject *oci_annotations_to_json(GHashTable *annotations);
