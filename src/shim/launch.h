/* SPDX-License-Identifier: GPL-2.0-only */
/* The runtime's side of a shim: starting it, and handing a process over to it. */
#pragma once

#include <glib.h>

#include "base/process.h"
#include "wire/handover.h"

struct shim_options {
	/* Path of cc-shim. */
	const char *path;
	/* The container process's own: what the shim shows as its command line. */
	const char *const *argv;
	/* Become the shim's 0, 1 and 2. */
	int stdio[3];
	/* The directory that is to be "/" for the shim: see shim/root.h. NULL: the caller's. */
	const char *root;
	/* As in base/spawn.h. */
	const GArray *cgroups;
	/* The network namespace to sit in, -1: the caller's; or a new one. */
	int network_namespace;
	gboolean new_network_namespace;
};

struct shim {
	struct process_ref process;
	/* Our end of the handover socket; closing it before the handover ends the shim. */
	int socket;
};

#define SHIM_INIT                                                                                  \
	{                                                                                          \
		.socket = -1                                                                       \
	}

/* Starts a shim, which waits. It is a child of the caller. */
gboolean shim_start(const struct shim_options *options, struct shim *out_shim,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Gives it its process and the descriptor of its streams (which remains the caller's to close). */
gboolean shim_hand_over(struct shim *shim, const struct handover *handover, int streams,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Ends a shim that is of no use any more, and reaps it if it is our child. */
void shim_abandon(struct shim *shim);
/* Forgets it: it goes on by itself. */
void shim_clear(struct shim *shim);
