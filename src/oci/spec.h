/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * config.json as one immutable struct (runtime-spec 1.x, config.md and config-linux.md).
 *
 * Parsing takes bytes and touches nothing else. Errors name the file and the JSON path. The guest
 * gets its sections from the document itself, so that nothing is lost on the way.
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

#include "oci/hooks.h"
#include "oci/process.h"
#include "oci/resources.h"

#define OCI_SPEC_VERSION "1.2.0"
#define OCI_CONFIG_NAME	 "config.json"

struct oci_mount {
	/* Absolute, in the container. */
	char *destination;
	/* "" when not given. */
	char *type;
	/* For a bind mount absolute, resolved against the bundle; NULL when not given. */
	char *source;
	GStrv options;
	/* Of type bind, or with the option bind or rbind. */
	gboolean is_bind;
	gboolean is_recursive;
	gboolean is_readonly;
};

struct oci_namespace {
	/* As the spec spells it: pid, network, mount, ipc, uts, user, cgroup, time. */
	char *type;
	/* NULL: a new one. */
	char *path;
};

struct oci_spec {
	/* Absolute path of the bundle. */
	char *bundle;
	char *version;
	struct oci_process *process;
	/* Absolute. */
	char *root_path;
	gboolean root_readonly;
	/* NULL when not given. */
	char *hostname;
	struct oci_mount *mounts;
	gsize n_mounts;
	struct oci_namespace *namespaces;
	gsize n_namespaces;
	struct oci_hooks *hooks;
	/* Never NULL. */
	struct oci_resources *resources;
	/* Where the host's cgroup is; NULL when not given. */
	char *cgroups_path;
	/* Names and values, both char *. */
	GHashTable *annotations;
	/* The `vm` object, or NULL. Belongs to the document. */
	JsonObject *vm;
	/* The whole document, for the guest. */
	JsonNode *document;
	/* char *: what is not honoured though it is accepted, "linux.mountLabel: why". */
	GPtrArray *warnings;
};

/* bundle is an absolute path. The caller frees. */
struct oci_spec *oci_spec_parse(
	const char *data, gsize size, const char *bundle, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Reads bundle/config.json; also checks that root.path is a directory. */
struct oci_spec *oci_spec_load(const char *bundle, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * config.json as it was at `create` is kept in the container's state directory: later changes of
 * the bundle's own have no effect (runtime-spec, runtime.md, "Lifecycle", 3).
 */
gboolean oci_spec_keep(const struct oci_spec *spec, const char *directory,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The kept one, of which paths are relative to the bundle. Does not look at root.path. */
struct oci_spec *oci_spec_load_kept(
	const char *directory, const char *bundle, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void oci_spec_free(struct oci_spec *spec);
typedef struct oci_spec oci_spec;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(oci_spec, oci_spec_free)

/* The namespace of a type ("network"), or NULL when the container shares it. */
const struct oci_namespace *oci_spec_namespace(const struct oci_spec *spec, const char *type);
