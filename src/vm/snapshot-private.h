/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the store share. */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

#include "vm/snapshot-store.h"

#define SNAPSHOT_RAM	"ram"
#define SNAPSHOT_STATE	"state"
#define SNAPSHOT_META	"meta.json"
#define SNAPSHOT_DRAFT	".new"
#define SNAPSHOT_FAILED ".bad"

/*
 * meta.json: {"ram": FILE, "state": FILE, "checksum": SHA-256 of the state, "created": SECONDS,
 * "description": OBJECT}, where FILE is {"inode", "size", "mtime" (nanoseconds)}.
 */
JsonObject *snapshot_describe_file(int fd, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Whether the open file is the one that was described. */
gboolean snapshot_check_file(
	JsonObject *meta, const char *member, int fd, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The caller frees. */
char *snapshot_checksum(int fd, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The memory's file can be opened for writing until the snapshot is cleared. */
gboolean snapshot_open_memory(
	struct vm_snapshot *snapshot, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* From now on the files in the directory cannot be changed, where that can be had. */
void snapshot_seal(const char *path);
/* Removes such a directory. */
gboolean snapshot_remove(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The store is a directory of ours that nobody else may enter. Not there: CC_ERROR_NOT_FOUND. */
gboolean snapshot_check_directory(const char *directory, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * Locks a directory without waiting. -1 with CC_ERROR_EXISTS when another has it, with
 * CC_ERROR_NOT_FOUND when there is none.
 */
int snapshot_lock(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
