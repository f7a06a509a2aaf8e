/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What of the host a container sees: the binds that the proxy makes in its share.
 *
 * The share holds `ID/rootfs` and, for the i-th entry of `mounts` if it is a bind mount,
 * `ID/volume-i/NAME`. Planning touches nothing but stat(2).
 */
#pragma once

#include <glib.h>

#include "oci/spec.h"

struct storage_bind {
	/* Absolute, on the host. */
	char *source;
	/* Below the share. */
	char *target;
	gboolean read_only;
	gboolean recursive;
};

struct storage_plan {
	/* The first is the root. It is writable until the guest has made its mount points in it. */
	struct storage_bind *binds;
	gsize n_binds;
	/* For each of the spec's mounts: its target, if it is a bind mount, or NULL. */
	char **mount_sources;
	gsize n_mounts;
};

/* CC_ERROR_INVALID names the mount whose source is missing. */
struct storage_plan *storage_plan_new(
	const char *id, const struct oci_spec *spec, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void storage_plan_free(struct storage_plan *plan);
typedef struct storage_plan storage_plan;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(storage_plan, storage_plan_free)
