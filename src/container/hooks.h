/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs the hooks that belong to the host: prestart, createRuntime, poststart, poststop. They run in
 * the caller's namespaces, with the container's state on stdin and exactly their own environment.
 */
#pragma once

#include <glib.h>

#include "oci/hooks.h"
#include "oci/state.h"

/* One after another; the first that fails ends it, the error names it: `hooks.prestart[0]: …`. */
gboolean hooks_run(const struct oci_hooks *hooks, enum oci_hook_kind kind,
	const struct oci_state *state, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* All of them; one that fails is a warning in the log. */
void hooks_run_all(
	const struct oci_hooks *hooks, enum oci_hook_kind kind, const struct oci_state *state);
