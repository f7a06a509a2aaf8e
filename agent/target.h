/* SPDX-License-Identifier: GPL-2.0-only */
/* Paths of a container's root as descriptors: where mounts go. */
#pragma once

#include <stdbool.h>

#include "agent/error.h"

/*
 * Opens what is at the path (O_PATH), in the root that the caller is in: links are followed within
 * it, and never those of /proc that lead elsewhere. -1 with errno.
 */
int target_find(const char *path);
/* The same; what is missing is made, with the directories above it: a directory, or a file. */
int target_make(const char *path, bool is_directory, struct agent_error *error);
