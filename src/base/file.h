/* SPDX-License-Identifier: GPL-2.0-only */
/* Whole files: bounded reads, atomic writes, trees removed without following links. */
#pragma once

#include <glib.h>
#include <sys/types.h>

/*
 * Reads a whole regular file (or pipe) of at most `most` bytes; *out_data is NUL-terminated behind
 * *out_size bytes and the caller's. Errors name the path; a missing file is CC_ERROR_NOT_FOUND, a
 * larger one CC_ERROR_INVALID.
 */
gboolean file_read(const char *path, gsize most, char **out_data, gsize *out_size,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Writes beside the path and renames over it: a reader sees the old content or the new. */
gboolean file_write_atomic(const char *path, const void *data, gsize size, mode_t mode,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * Removes a directory and all below it, on its own file system only; symbolic links are removed,
 * not followed. What is gone already is no error. Stops with an error at a mount point.
 */
gboolean file_remove_tree(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
