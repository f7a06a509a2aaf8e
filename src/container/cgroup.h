/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A container's cgroups on the host: made before its first process, joined by each before it
 * executes anything, recorded in the state directory before they exist, so that they are found
 * again whatever dies meanwhile.
 */
#pragma once

#include <glib.h>

#include "cgroup/limits.h"
#include "cgroup/place.h"
#include "container/settings.h"
#include "oci/spec.h"

struct container_cgroup {
	/* struct cgroup_place *; NULL: not made. */
	GPtrArray *places;
	/* Descriptors of their cgroup.procs: for spawn. With systemd empty until the join. */
	GArray *members;
	/* With --systemd-cgroup; name NULL: without. */
	struct cgroup_unit unit;
	struct cgroup_vm vm;
};

/* Makes them, with all limits but those of the CPU. directory: the state directory. */
gboolean container_cgroup_make(const struct settings *settings, const struct oci_spec *spec,
	const char *id, const char *directory, struct container_cgroup *cgroup,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* With systemd: makes the unit with this process, which has no children, in it. Else nothing. */
gboolean container_cgroup_adopt(const struct oci_spec *spec, pid_t pid,
	struct container_cgroup *cgroup, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The limits of the CPU, once the VM is up. */
gboolean container_cgroup_limit_cpu(const struct oci_spec *spec,
	const struct container_cgroup *cgroup, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void container_cgroup_clear(struct container_cgroup *cgroup);

/* Membership for a further process of a container; the caller closes (cgroup_close_members). */
GArray *container_cgroup_open(const char *directory, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/*
 * Writes other limits into the cgroups of a container that runs. Of the VM only its memory counts;
 * how it runs is recorded.
 */
gboolean container_cgroup_update(const char *directory, const struct oci_resources *resources,
	const struct cgroup_vm *vm, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The directories recorded (char *), an empty array when there are none. */
GPtrArray *container_cgroup_directories(
	const char *directory, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Removes what the state directory records; without a record, nothing. */
gboolean container_cgroup_remove(const char *directory, GError **error) G_GNUC_WARN_UNUSED_RESULT;
