/* SPDX-License-Identifier: GPL-2.0-only */
/* The pod's containers and their processes. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "agent/control.h"
#include "agent/error.h"
#include "agent/notify.h"
#include "agent/pollset.h"
#include "agent/process.h"
#include "agent/spec.h"

struct container {
	struct container *next;
	char *id;
	/* The cgroup's directory. */
	char *cgroup;
	/* What it is made of; of its further processes too. */
	struct container_spec spec;
	/* cgroup.events while the container is being removed or frozen; -1 else. */
	int watch;
	struct notify notify;
	/* memory.events, where the host wants to know; -1 else. */
	int memory_watch;
	bool memory_changed;
	/* PAUSE has been served, and no RESUME since. */
	bool frozen;
	/* Processes killed for want of memory: those that the host has been told of. */
	uint64_t oom_kills;
	/* Among `processes`, and there until the container is freed. NULL: not launched. */
	struct process *init;
	struct process *processes;
};

struct pod {
	/* STARTPOD has been served. */
	bool started;
	/* The share is mounted. */
	bool shared;
	/* The host takes OOM. */
	bool events;
	/* The pod's host name, or NULL. */
	char *hostname;
	struct container *containers;
};

/* Makes the cgroup too, adds the container to the pod, and takes what the spec owns over. */
struct container *container_new(
	struct pod *pod, const char *id, struct container_spec *spec, struct agent_error *error);
/* Takes it out of the pod, with its processes and its cgroup. Bears NULL. */
void container_free(struct pod *pod, struct container *container);
/* NULL with the code not-found. */
struct container *container_find(const struct pod *pod, const char *id, struct agent_error *error);
/* Its init has a program that runs, or waits for START. */
bool container_is_alive(const struct container *container);

void container_add(struct container *container, struct process *process);
void container_drop(struct container *container, struct process *process);
/* A process that has not exited; NULL with the code not-found. */
struct process *container_process(
	const struct container *container, const char *id, struct agent_error *error);

/* Kills every process in the cgroup, and watches it from then on. */
bool container_kill_all(struct container *container, struct agent_error *error);
/* After that: whether all have gone. */
bool container_is_gone(const struct container *container);

void pod_poll(struct pod *pod, struct pollset *set);
/* Takes the exit of every child that has ended, whosever it was. */
void pod_reap(struct pod *pod);
/* Tells the exits whose output is drained. */
void pod_settle(struct pod *pod, struct control *control);
