/* SPDX-License-Identifier: GPL-2.0-only */
/* `hooks` of config.json (runtime-spec, config.md, "POSIX-platform Hooks"). */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

enum oci_hook_kind {
	OCI_HOOK_PRESTART,
	OCI_HOOK_CREATE_RUNTIME,
	OCI_HOOK_CREATE_CONTAINER,
	OCI_HOOK_START_CONTAINER,
	OCI_HOOK_POSTSTART,
	OCI_HOOK_POSTSTOP,
	OCI_HOOK_KINDS,
};

struct oci_hook {
	/* Absolute. */
	char *path;
	/* With argv[0]; {path} where the document has none. */
	GStrv args;
	/* The whole environment; empty where the document has none. */
	GStrv env;
	/* Seconds; 0: none given. */
	gint64 timeout;
};

struct oci_hooks {
	/* For each kind a list of struct oci_hook *, in their order. */
	GPtrArray *lists[OCI_HOOK_KINDS];
};

/* "prestart", "createRuntime", … */
const char *oci_hook_name(enum oci_hook_kind kind);

/* Reads root's `hooks` (may be missing). The caller frees. */
struct oci_hooks *oci_hooks_parse(JsonObject *root, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/*
 * What all hooks of a kind may take together, in milliseconds; `usual` of one that says nothing.
 * At most G_MAXINT32.
 */
gint64 oci_hooks_time(const struct oci_hooks *hooks, enum oci_hook_kind kind, gint64 usual);
void oci_hooks_free(struct oci_hooks *hooks);
typedef struct oci_hooks oci_hooks;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(oci_hooks, oci_hooks_free)
