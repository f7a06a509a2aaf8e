/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mounts as descriptors (open_tree(2), fsmount(2), move_mount(2)): made first, with their
 * attributes, and attached when they are right. All in the container's mount namespace.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "agent/error.h"
#include "agent/spec.h"

/* A detached copy of what is mounted at the path, with all below it if asked for; -1 on error. */
int mount_pick_up(const char *path, bool recursive, struct agent_error *error);
/* A detached new file system of the mount's type, with its data and attributes; -1 on error. */
int mount_make(const struct container_spec *spec, const struct spec_mount *mount,
	struct agent_error *error);
/* Attributes and propagation as the options say. */
bool mount_change(int tree, const struct mount_options *options, struct agent_error *error);
bool mount_propagate(int tree, unsigned long propagation, struct agent_error *error);
bool mount_make_read_only(int tree, struct agent_error *error);
/* Puts the tree on what the descriptor is. */
bool mount_attach(int tree, int target, struct agent_error *error);

/* A tmpfs that is to be read-only is filled first: mount points and devices are made in it. */
bool mount_is_late_read_only(const struct spec_mount *mount);
