/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The share: what the guest may see of the host's files, in a mount namespace of the proxy's own.
 *
 * A small tmpfs holds nothing but mount points; what is bound on them is the workload's. All of it
 * exists in the private namespace only, so the host's mount table never changes, and the kernel
 * undoes it when proxy and QEMU are gone.
 */
#pragma once

#include <glib.h>

struct share;

struct share_bind {
	/* Absolute path on the host; symbolic links are followed. */
	const char *source;
	/* Below the share: components that are neither empty nor "." nor "..". */
	const char *target;
	gboolean read_only;
	/* With the mounts below the source. */
	gboolean recursive;
	/* The process in whose mount namespace the source is looked up; 0: ours, which has what
	 * was mounted when we began, and later what of the host is shared. */
	pid_t process;
};

/*
 * Leaves the host's mount namespace for a private one: mounts of the host still appear in it, its
 * own do not appear on the host. Call once, before any thread.
 */
gboolean share_unshare(GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Mounts the tmpfs on an existing directory. The caller frees, which does not unmount. */
struct share *share_mount(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void share_free(struct share *share);

/* Whether the text can be a target. */
gboolean share_check_target(const char *target, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * Binds the source on the target, whose directories are made (0755); a source that is no directory
 * is bound on a file. Parents of a target are the share's own directories, never a bound one. A
 * recursive read-only bind covers the mounts below where the kernel can (mount_setattr, 5.12);
 * where not, *out_top_only is TRUE and only the top is read-only.
 */
gboolean share_add(struct share *share, const struct share_bind *bind, gboolean *out_top_only,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Makes a bound target read-only; its other flags stay. */
/*
 * Takes away what is bound below a directory of the share, and the directory. One that is not there
 * is no error.
 */
gboolean share_remove(
	struct share *share, const char *target, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean share_protect(
	struct share *share, const char *target, GError **error) G_GNUC_WARN_UNUSED_RESULT;
