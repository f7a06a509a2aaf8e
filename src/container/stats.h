/* SPDX-License-Identifier: GPL-2.0-only */
/* The figures of a container, in the shape that runc's `events` prints. */
#pragma once

#include <json-glib/json-glib.h>

#include "cgroup/figures.h"
#include "container/settings.h"

/*
 * `data` of runc's stats event, the caller's: what the guest's cgroup has counted, and in the
 * member `vm` what the host's has, with the difference: what the virtual machine itself costs. A
 * paused guest tells nothing; then there is `vm` alone.
 */
JsonObject *container_stats(
	const struct settings *settings, const char *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same from figures: guest is the agent's answer (NULL: none), host the host's. */
JsonObject *container_stats_format(JsonObject *guest, const struct cgroup_figures *host);
