/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The QMP connection (QEMU's docs/interop/qmp-spec): commands with deadlines, answered in order.
 *
 * They are sent at once, without waiting for the greeting or for each other's replies: what is
 * queued before QEMU is executed is in its socket when it looks there first.
 *
 * A QEMU that a guest has broken into is the guest: lines are bounded and every reply is checked.
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

#include "proxy/logfile.h"

enum {
	/* The longest line, and the longest queue of commands. */
	QMP_LINE_MAX = 256 << 10,
	QMP_COMMANDS_MAX = 64,
};

struct qmp;

/* value: what "return" holds, NULL with an error. Valid during the call. */
typedef void (*qmp_reply_func)(JsonNode *value, const GError *error, void *data);

struct qmp_events {
	/* It broke the protocol or is gone: the connection is of no use any more. */
	void (*failed)(const GError *error, void *data);
	/* An event by its name, with its "data", or NULL. Both are valid during the call. */
	void (*event)(const char *name, JsonObject *details, void *data);
};

/* Takes over the connected descriptor. The caller frees, which fails what is pending. */
struct qmp *qmp_new(int fd, struct logfile *log, const struct qmp_events *events, void *data);
void qmp_free(struct qmp *qmp);

/*
 * Queues a command with its arguments (taken over, may be NULL); `done` is called once, from the
 * main loop or from qmp_free. It fails after TIMEOUT_PROXY_REQUEST_MS.
 */
gboolean qmp_execute(struct qmp *qmp, const char *command, JsonObject *arguments,
	qmp_reply_func done, void *data, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same with a descriptor to go with the command ("getfd"), taken over. */
gboolean qmp_execute_with(struct qmp *qmp, const char *command, JsonObject *arguments, int fd,
	qmp_reply_func done, void *data, GError **error) G_GNUC_WARN_UNUSED_RESULT;
