/* SPDX-License-Identifier: GPL-2.0-only */
/* A container's cgroup: made, signalled as a whole, watched until it is empty, removed. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "agent/error.h"

bool cgroup_make(const char *path, struct agent_error *error);
/* Sends the signal to every process in the cgroup and below it. */
bool cgroup_signal(const char *path, int signal, struct agent_error *error);
/* A descriptor that polls POLLPRI when the cgroup becomes empty; -1 on error. */
int cgroup_watch(const char *path, struct agent_error *error);
/* Whether a process lives in the cgroup or below it. */
bool cgroup_is_populated(int watch);
/* Makes all in the cgroup and below it stand still, or go on. */
bool cgroup_freeze(const char *path, bool freeze, struct agent_error *error);
/* Whether all stand still. */
bool cgroup_is_frozen(int watch);
/* A descriptor that polls POLLPRI when the counters of memory.events change; -1: there is none. */
int cgroup_watch_memory(const char *path);
/* How many processes the kernel has killed for want of memory; reading arms the watch anew. */
uint64_t cgroup_oom_kills(int watch);
/* With those that the container has made below it; false with errno. */
bool cgroup_remove(const char *path);
