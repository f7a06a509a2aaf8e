/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The cgroup hierarchies of this host: v1 (one a controller or group of them), v2, or both beside
 * each other (cgroups(7)).
 */
#pragma once

#include <glib.h>

struct cgroup_hierarchy {
	/* Where it is mounted. */
	char *mount;
	gboolean unified;
	/* "memory", "name=systemd"; of a unified one, those that its root can hand down. */
	GStrv controllers;
	/* Our own cgroup in it, as a path below the mount: "/", "/user.slice". */
	char *own;
};

/*
 * From the texts of /proc/self/mountinfo and /proc/self/cgroup; the controllers of a unified one
 * are read from its mount. Elements are struct cgroup_hierarchy *, each hierarchy once. A host
 * without any gives an empty array.
 */
GPtrArray *cgroup_hierarchies_parse(const char *mountinfo, const char *own);
/* Those of this process. */
GPtrArray *cgroup_hierarchies_load(GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether the controller is one of the vector's. */
gboolean cgroup_has_controller(char *const *controllers, const char *name);
