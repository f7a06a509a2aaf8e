/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The QMP connection (QEMU's docs/interop/qmp-spec): one command at a time, each with a deadline.
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
/* It broke the protocol or is gone: the connection is of no use any more. */
typedef void (*qmp_failed_func)(const GError *error, void *data);

/* Takes over the connected descriptor. The caller frees, which fails what is pending. */
struct qmp *qmp_new(int fd, struct logfile *log, qmp_failed_func failed, void *data);
void qmp_free(struct qmp *qmp);

/*
 * Queues a command with its arguments (taken over, may be NULL); `done` is called once, from the
 * main loop or from qmp_free. It fails after TIMEOUT_PROXY_REQUEST_MS.
 */
gboolean qmp_execute(struct qmp *qmp, const char *command, JsonObject *arguments,
	qmp_reply_func done, void *data, GError **error) G_GNUC_WARN_UNUSED_RESULT;
