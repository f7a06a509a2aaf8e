/* SPDX-License-Identifier: GPL-2.0-only */
/* Small files of proc, sys and cgroup, and paths. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "agent/error.h"

/* One write(2) of the whole text to a file that is there. */
bool file_write(const char *path, const char *text, struct agent_error *error);
/* At most size - 1 bytes, terminated. */
bool file_read(const char *path, char *out, size_t size, struct agent_error *error);

/* Makes the directory and those above it; what is there already stays. 0 or an errno. */
int path_make_directories(const char *path, mode_t mode);
/* Makes an empty file, and the directories above it. 0 or an errno. */
int path_make_file(const char *path, mode_t mode);

/* A relative path that names something below where it starts: not empty, not absolute, no "..". */
bool path_is_below(const char *path);
/* A single name: no "/", not empty, not "." or "..". */
bool path_is_name(const char *name);
