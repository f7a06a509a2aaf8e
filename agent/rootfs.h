/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Makes a container's file system, in the child, in its new mount namespace.
 *
 * The bind mounts' sources are picked up before pivot_root(2), and all mounts are made after it:
 * then no symbolic link in the container's files can lead a mount out of its root.
 */
#pragma once

#include <stdbool.h>

#include "agent/error.h"
#include "agent/spec.h"

/* The shared directory in the guest; `source` and root of a container are below it. */
#define SHARE_DIRECTORY "/run/share"

/* root is the path of the container's root in the guest. */
bool rootfs_enter(const struct container_spec *spec, const char *root, struct agent_error *error);
