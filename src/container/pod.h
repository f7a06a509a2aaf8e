/* SPDX-License-Identifier: GPL-2.0-only */
/* Pods: containers that live in the VM of another one, their sandbox. */
#pragma once

#include <glib.h>

#include "container/settings.h"
#include "oci/spec.h"
#include "oci/state.h"

/*
 * The sandbox whose VM the container goes into: *out_sandbox is its record, the caller's; NULL for
 * a container with a VM of its own. A sandbox that does not run is an error.
 */
gboolean pod_find_sandbox(const struct settings *settings, const struct oci_spec *spec,
	struct oci_state **out_sandbox, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * For each of the spec's namespaces: the id of the container of the pod that has it already, or
 * NULL for one of its own. The caller frees. A namespace that lies in no VM we could put the
 * container into is an error, which names its place. sandbox: as pod_find_sandbox has found it.
 */
GPtrArray *pod_namespace_owners(const struct settings *settings, const struct oci_spec *spec,
	const struct oci_state *sandbox, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * Takes a container out of its pod's VM: its processes are killed, its cgroup in the guest and its
 * part of the share removed. With the VM gone there is nothing to do.
 */
gboolean pod_remove_member(const struct settings *settings, const char *sandbox_id, const char *id,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;
