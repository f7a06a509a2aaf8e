/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a container's shims, proxy and hypervisor sit: one directory in each hierarchy.
 *
 * Planning is pure. Relative paths and the default are as runc's: below our own cgroup, in a v2
 * hierarchy beside it, since a cgroup that has processes cannot hand controllers down.
 */
#pragma once

#include <glib.h>

struct cgroup_place {
	/* Mount point of its hierarchy, and the directory: absolute. */
	char *mount;
	char *path;
	gboolean unified;
	GStrv controllers;
};

/* A systemd unit to be asked for. */
struct cgroup_unit {
	/* "system.slice", "docker-abc.scope". */
	char *slice;
	char *name;
};

/*
 * The places of `linux.cgroupsPath`; NULL: none given, and the name is used. Elements are struct
 * cgroup_place *.
 */
GPtrArray *cgroup_places(const GPtrArray *hierarchies, const char *cgroups_path, const char *name);
/* Those of a unit of systemd. */
GPtrArray *cgroup_places_of_unit(const GPtrArray *hierarchies, const struct cgroup_unit *unit);
/* Those of directories (char *) that are there. */
GPtrArray *cgroup_places_of_directories(const GPtrArray *hierarchies, const GPtrArray *directories);
void cgroup_place_free(struct cgroup_place *place);

/* The place in the hierarchy of a controller, or NULL. */
const struct cgroup_place *cgroup_place_of(const GPtrArray *places, const char *controller);

/*
 * `linux.cgroupsPath` as systemd's drivers write it, SLICE:PREFIX:NAME; NULL: none given, and
 * the name is used. The caller clears.
 */
gboolean cgroup_unit_parse(const char *cgroups_path, const char *name, struct cgroup_unit *out_unit,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cgroup_unit_clear(struct cgroup_unit *unit);
/* "/a.slice/a-b.slice" of "a-b.slice"; NULL: no name of a slice. The caller frees. */
char *cgroup_slice_path(const char *slice, GError **error) G_GNUC_WARN_UNUSED_RESULT;
