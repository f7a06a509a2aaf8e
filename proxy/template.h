/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Templates, as QEMU sees them: a VM's device state written to a file, and read from one.
 *
 * The memory is not in that file but in another, which QEMU has mapped: shared where a template is
 * made, private where one is used (migration's x-ignore-shared). Both files come as descriptors.
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

#include "proxy/agent.h"
#include "proxy/qmp.h"

struct template;

/* Does nothing yet. The caller frees, after the connection. */
struct template *template_new(struct qmp *qmp);
void template_free(struct template *template);

/*
 * Queues what makes a QEMU that waits with `-incoming defer` read HYPERVISOR_FD_STATE; to be called
 * before it is started. As soon as the guest runs, the agent is told its new identity: that object
 * (kept), with entropy and the time added. `failed` is called, once, when it does not restore.
 */
gboolean template_restore(struct template *template, struct agent *agent, JsonObject *identity,
	void (*failed)(const GError *error, void *data), void *data,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * After the agent's answer: when it took so long that the guest's clock may be wrong by too much,
 * tells it anew, and returns TRUE: there will be another answer. A few times at most.
 */
gboolean template_tell_again(struct template *template);

/* error: NULL when the whole state is in the file. */
typedef void (*template_saved_func)(const GError *error, void *data);

/* Writes the state to the file, taken over. `done` is called once, from template_free at last. */
gboolean template_save(struct template *template, int file, template_saved_func done, void *data,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* An event of QMP's. */
void template_event(struct template *template, const char *name, JsonObject *details);
