/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processes that the guest's kernel has killed for want of memory: counted, told to clients, and
 * shown on the host, where engines look.
 *
 * An engine learns of it from the memory cgroup of the container's pid alone: from its oom_control
 * (v1) or memory.events (v2). The host's kernel has killed nothing, since the guest's was first. So
 * when a container's first process ends after such a kill, a process of ours is sacrificed in that
 * cgroup (proxy/victim.h) before its shim ends: from then on the cgroup says what has happened.
 */
#pragma once

#include <glib.h>

#include "proxy/logfile.h"

enum {
	OOM_CONTAINERS_MAX = 512,
};

struct oom;

struct oom_events {
	/* A count has changed. */
	void (*changed)(void *data);
	/* A process has ended, and the host's cgroup says why, where that was memory. */
	void (*exited)(const char *container, const char *process, int status, void *data);
};

struct oom *oom_new(const struct oom_events *events, void *data);
/* Where it says what it does; until then nowhere. */
void oom_set_log(struct oom *oom, struct logfile *log);

/* What is under way is done with, as oom_finish does it. */
void oom_free(struct oom *oom);

/* A container, and the directory of its memory cgroup on the host; NULL: it has none. */
gboolean oom_add(struct oom *oom, const char *container, const char *directory,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The guest's word, which may be wrong; a container that was not added is none. */
void oom_count(struct oom *oom, const char *container, guint64 kills);
guint64 oom_get_kills(const struct oom *oom, const char *container);

/*
 * A process has ended: `exited` comes at once, or, of the first process of a container that memory
 * ran out in, when the host's cgroup shows it. Of a kill after that nothing is shown.
 */
void oom_exit(struct oom *oom, const char *container, const char *process, int status);
/* Waits no longer for any. */
void oom_finish(struct oom *oom);
