/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The `process` object of config.json and of process.json (runtime-spec, config.md, "Process"):
 * what the host side needs of it, and the whole of it for the guest.
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

struct oci_process {
	GStrv args;
	GStrv env;
	char *cwd;
	gboolean terminal;
	guint32 uid;
	guint32 gid;
	guint32 *additional_gids;
	gsize n_additional_gids;
	/* consoleSize; 0: not given. */
	guint16 rows;
	guint16 columns;
	/* The object as it was read, for the guest. */
	JsonNode *json;
	/* Of a process.json, as in struct oci_spec but with the file's name; NULL else. */
	GPtrArray *warnings;
};

/*
 * Reads and checks the object; path is its place in the document ("process"), for errors. args (not
 * empty) and an absolute cwd are required. The caller frees.
 */
struct oci_process *oci_process_from_json(
	JsonObject *object, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same from a file whose root is the object (`exec --process`); errors name the file. */
struct oci_process *oci_process_load(const char *file, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same from the file's bytes. */
struct oci_process *oci_process_parse(
	const char *data, gsize size, const char *file, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void oci_process_free(struct oci_process *process);
typedef struct oci_process oci_process;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(oci_process, oci_process_free)
