/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Makes plans true: directories, limits, membership; and undoes it.
 *
 * What a host does not let us do (a read-only or foreign cgroup file system) is a warning: the
 * container runs, with the limits that hold in its guest.
 */
#pragma once

#include <glib.h>

#include "cgroup/limits.h"
#include "cgroup/place.h"

/*
 * Makes the directories (struct cgroup_place *), those above them too, and hands down what a child
 * needs: a parent's cpuset in v1, controllers in v2. Places that may not be made are taken out of
 * the array, with one warning.
 */
gboolean cgroup_make(GPtrArray *places, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Writes what is in an array of cgroup_limits. */
gboolean cgroup_write_all(const GPtrArray *writes, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * Descriptors of the directories' cgroup.procs, as int: writing "0" moves the writer. Directories
 * are absolute paths (char *); those that are gone are left out.
 */
GArray *cgroup_open_members(const GPtrArray *directories, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Closes them. Bears NULL. */
void cgroup_close_members(GArray *members);
/* Moves a process that has no children. */
gboolean cgroup_move(const GArray *members, pid_t pid, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * Removes the directories with those below them; waits for members that are on their way out, at
 * most TIMEOUT_PROCESS_EXIT_MS. Those that are gone already are no error.
 */
gboolean cgroup_remove(const GPtrArray *directories, GError **error) G_GNUC_WARN_UNUSED_RESULT;
