/* SPDX-License-Identifier: GPL-2.0-only */
/* The proxy's streams between a fake agent and shims' ends, for unit tests. */
#pragma once

#include <glib.h>

#include "proxy/agent.h"
#include "proxy/streams.h"
#include "tests/support/fake-agent.h"

struct rig {
	struct fake_agent guest;
	struct agent *agent;
	struct streams *streams;
	guint ready;
	guint failed;
	guint init_ended;
	guint drained;
};

/* The shim's end of a process. */
struct shim {
	int fd;
	struct buffer in;
	struct streams_numbers numbers;
};

/* An agent of that version and its object, which has greeted. */
void rig_open(struct rig *rig, guint32 version, const char *object);
/* One with all of our extensions. */
void rig_open_ours(struct rig *rig);
void rig_close(struct rig *rig);
/* Streams for a process of the container "c". */
struct shim shim_open(struct rig *rig, const char *process, gboolean terminal, gboolean init);
void shim_close(struct shim *shim);
void guest_puts(struct rig *rig, guint64 seq, const char *text);
/* The event of the end of a process of "c". */
void guest_exits(struct rig *rig, const char *process, int status);
/* Empty frames, the exit note, the end. */
void expect_exit(struct shim *shim, guint status);
/* The guest is told to kill the process. */
void expect_kill(struct rig *rig, const char *process);
