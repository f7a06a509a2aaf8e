/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Passes on what containers say of their state (sd_notify(3)) to the service manager's socket.
 *
 * The guest is hostile, and the service manager trusts: only assignments that speak of the
 * service's own state go through, none that names processes or descriptors of the host.
 */
#pragma once

#include <glib.h>

#include "proxy/logfile.h"

enum {
	NOTIFY_CONTAINERS_MAX = 64,
	/* Of one message, from the guest. */
	NOTIFY_TEXT_MAX = 4096,
};

struct notify;

/* The log stays the caller's. */
struct notify *notify_new(struct logfile *log);
void notify_free(struct notify *notify);

/*
 * From now on messages of the container go to the unix socket at the path, in the name of the
 * process pid (0: our own). A second call for a container replaces the first.
 */
gboolean notify_add(struct notify *notify, const char *container, const char *path, gint64 pid,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A message of a container; from one that was not added it is dropped. */
void notify_pass(struct notify *notify, const char *container, const char *text);

/* The assignments of a message that may pass, a line each; "" if there are none. The caller's. */
char *notify_filter(const char *text);
