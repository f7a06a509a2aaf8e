/* SPDX-License-Identifier: GPL-2.0-only */
/* The logs of a container's VM: its hypervisor's words, and the guest's console. */
#pragma once

#include <glib.h>

#include "container/settings.h"

enum logs_source {
	/* QEMU's words and the proxy's. */
	LOGS_HYPERVISOR = 1 << 0,
	/* The guest kernel's. */
	LOGS_CONSOLE = 1 << 1,
};

struct logs_request {
	const char *id;
	/* A set of enum logs_source. */
	int sources;
	/* Goes on as they grow, until the VM has ended or this program is told to stop. */
	gboolean follow;
	/*
	 * Gets what there is, in pieces; title is the file's path where it is another one than of
	 * the piece before, else NULL. FALSE ends it, with an error.
	 */
	gboolean (*put)(const char *title, const char *data, gsize size, GError **error);
};

/*
 * The older half of a log that was begun anew comes first. Of a container that was deleted, logs
 * that --hypervisor-log-dir has kept are found with the same option.
 */
gboolean logs_read(const struct settings *settings, const struct logs_request *request,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;
