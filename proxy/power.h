/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is asked of the machine itself: stand still, go on, run on these CPUs.
 *
 * While it stands still no deadline of the guest's runs (agent_hold).
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

#include "proxy/vm.h"

/* error: NULL when it is done. */
typedef void (*power_func)(const GError *error, void *data);

/* Of one that stands still already, or runs already, an error. `done` is called once, later. */
gboolean power_pause(
	struct vm *vm, power_func done, void *data, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean power_resume(
	struct vm *vm, power_func done, void *data, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* CPU i of the machine on the i-th of the host's (guint), from the first again after the last. */
gboolean power_pin(struct vm *vm, GArray *cpus, power_func done, void *data,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;
