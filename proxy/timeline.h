/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest's part of the timeline (base/trace.h): the agent tells its spans on its own clock, and
 * here they are put on the host's. The difference is measured when the agent first answers, as half
 * a round trip, and made smaller when a span would else end before it has been told.
 */
#pragma once

#include <glib.h>

#include "proxy/agent.h"

struct timeline;

/*
 * Asks the agent, when there is a trace and the agent has the feature; else NULL. guest: the
 * hypervisor's pid, for the chart; since: when it started (trace_clock), what is older is a
 * template's. Must outlive the agent's requests. The caller frees.
 */
struct timeline *timeline_new(struct agent *agent, pid_t guest, gint64 since);
void timeline_free(struct timeline *timeline);

/* A span that the guest has told: its words, so it is checked. timeline may be NULL. */
void timeline_add(struct timeline *timeline, const char *name, gint64 begin, gint64 end);
