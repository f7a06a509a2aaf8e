/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A scope of systemd for a container (org.freedesktop.systemd1(5), StartTransientUnit), as runc
 * asks for it with --systemd-cgroup.
 *
 * systemd makes the cgroup, in the hierarchies that it keeps itself; the others are made at the
 * same path by apply.h. The limits are given to the unit too, so that a reload does not undo them.
 */
#pragma once

#include <gio/gio.h>
#include <glib.h>
#include <sys/types.h>

#include "cgroup/limits.h"
#include "cgroup/place.h"

/* Whether systemd runs here: an error that says so when not. */
gboolean cgroup_systemd_check(const char *run_directory, GError **error) G_GNUC_WARN_UNUSED_RESULT;
#define CGROUP_SYSTEMD_RUN "/run/systemd/system"

/* The arguments of StartTransientUnit: (ssa(sv)a(sa(sv))). A floating reference. */
GVariant *cgroup_systemd_arguments(const struct cgroup_unit *unit, pid_t pid,
	const struct oci_resources *resources, const struct cgroup_vm *vm);

/* Starts the unit with the process in it, and waits until it is there. */
gboolean cgroup_systemd_start(
	GDBusConnection *bus, GVariant *arguments, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Stops it; one that is gone is no error. */
gboolean cgroup_systemd_stop(
	GDBusConnection *bus, const char *unit, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The system's bus; the caller unrefs. */
GDBusConnection *cgroup_systemd_bus(GError **error) G_GNUC_WARN_UNUSED_RESULT;
