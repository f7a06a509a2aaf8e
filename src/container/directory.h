/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * State directories: $root/ID, mode 0700. The directory is the reservation of the id, and a lock on
 * it (flock(2)) is held by the command that changes the container.
 */
#pragma once

#include <glib.h>

#include "container/settings.h"

/* Where a container's state is, whether or not it exists. The caller frees. */
char *directory_path(const struct settings *settings, const char *id);

/*
 * Makes a container's directory and locks it. CC_ERROR_EXISTS when there is one, unless it is the
 * remains of a `create` that died before it wrote a record: these are removed. Returns the lock's
 * descriptor; closing it unlocks.
 */
int directory_reserve(
	const struct settings *settings, const char *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Locks an existing one; CC_ERROR_NOT_FOUND when there is none. */
int directory_lock(
	const struct settings *settings, const char *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

gboolean directory_remove(
	const struct settings *settings, const char *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Where a container's hypervisor logs go. The caller frees. */
char *directory_logs_path(const struct settings *settings, const char *id);
/* The same; made if need be. The caller frees. */
char *directory_logs(
	const struct settings *settings, const char *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
