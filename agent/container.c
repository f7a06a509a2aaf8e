/* SPDX-License-Identifier: GPL-2.0-only */
/* Keeps containers and processes, reaps, and tells the host of exits. */
#include "agent/container.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "agent/boot.h"
#include "agent/cgroup.h"
#include "agent/cleanup.h"
#include "agent/file.h"
#include "agent/log.h"
#include "agent/rootfs.h"

static struct container *find(const struct pod *pod, const char *id)
{
	struct container *container = pod->containers;

	while (container != NULL && strcmp(container->id, id) != 0)
		container = container->next;
	return container;
}

static void destroy(struct container *container)
{
	close_fd(&container->watch);
	container_spec_clear(&container->spec);
	notify_close(&container->notify);
	close_fd(&container->memory_watch);
	free(container->cgroup);
	free(container->id);
	free(container);
}

struct container *container_new(
	struct pod *pod, const char *id, struct container_spec *spec, struct agent_error *error)
{
	struct container *container;

	/* The id names the cgroup. */
	if (!path_is_name(id)) {
		agent_error_set(error, AGENT_CODE_FAILED, "id: \"%s\" cannot be a name", id);
		return NULL;
	}
	if (find(pod, id) != NULL) {
		agent_error_set(error, AGENT_CODE_FAILED, "container \"%s\" exists", id);
		return NULL;
	}
	container = calloc(1, sizeof *container);
	if (container == NULL) {
		agent_error_set(error, AGENT_CODE_FAILED, "out of memory");
		return NULL;
	}
	container->watch = -1;
	notify_init(&container->notify);
	container->memory_watch = -1;
	container->id = strdup(id);
	if (container->id == NULL || asprintf(&container->cgroup, CGROUP_DIRECTORY "/%s", id) < 0)
		agent_error_set(error, AGENT_CODE_FAILED, "out of memory");
	else if (cgroup_make(container->cgroup, error)) {
		container->spec = *spec;
		*spec = (struct container_spec){0};
		container->spec.hooks.id = container->id;
		if (pod->events)
			container->memory_watch = cgroup_watch_memory(container->cgroup);
		container->next = pod->containers;
		pod->containers = container;
		return container;
	}
	destroy(container);
	return NULL;
}

void container_free(struct pod *pod, struct container *container)
{
	if (container == NULL)
		return;
	for (struct container **at = &pod->containers; *at != NULL; at = &(*at)->next) {
		if (*at != container)
			continue;
		*at = container->next;
		break;
	}
	while (container->processes != NULL)
		container_drop(container, container->processes);
	if (!cgroup_remove(container->cgroup))
		agent_log("remove the cgroup %s: %s", container->cgroup, strerror(errno));
	destroy(container);
}

struct container *container_find(const struct pod *pod, const char *id, struct agent_error *error)
{
	struct container *container = find(pod, id);

	if (container == NULL)
		agent_error_set(error, AGENT_CODE_NOT_FOUND, "container \"%s\" does not exist", id);
	return container;
}

bool container_is_alive(const struct container *container)
{
	const struct process *init = container->init;

	return init != NULL && init->pid > 0 &&
	       (init->state == PROCESS_PREPARED || init->state == PROCESS_STARTING ||
		       init->state == PROCESS_RUNNING);
}

void container_add(struct container *container, struct process *process)
{
	process->next = container->processes;
	container->processes = process;
}

void container_drop(struct container *container, struct process *process)
{
	for (struct process **at = &container->processes; *at != NULL; at = &(*at)->next) {
		if (*at != process)
			continue;
		*at = process->next;
		break;
	}
	if (container->init == process)
		container->init = NULL;
	process_free(process);
}

struct process *container_process(
	const struct container *container, const char *id, struct agent_error *error)
{
	for (struct process *process = container->processes; process != NULL;
		process = process->next)
		if (strcmp(process->id, id) == 0 && process->pid > 0 &&
			process->state != PROCESS_FAILED)
			return process;
	agent_error_set(error, AGENT_CODE_NOT_FOUND,
		"process \"%s\" of container \"%s\" is not running", id, container->id);
	return NULL;
}

bool container_kill_all(struct container *container, struct agent_error *error)
{
	if (container->watch < 0)
		container->watch = cgroup_watch(container->cgroup, error);
	/* Those that look into the guest are in no cgroup of the container's. */
	for (const struct process *process = container->processes; process != NULL;
		process = process->next)
		if (process->pid > 0)
			kill(process->pid, SIGKILL);
	return container->watch >= 0 && cgroup_signal(container->cgroup, SIGKILL, error);
}

bool container_is_gone(const struct container *container)
{
	for (const struct process *process = container->processes; process != NULL;
		process = process->next)
		if (process->pid > 0)
			return false;
	return !cgroup_is_populated(container->watch);
}

/* That the cgroup changed is enough: whoever waits for it looks at the end of the turn. */
static void handle_watch(void *object, short events)
{
	(void)object;
	(void)events;
}

static void handle_memory(void *object, short events)
{
	struct container *container = object;

	container->memory_changed = events != 0;
}

void pod_poll(struct pod *pod, struct pollset *set)
{
	for (struct container *container = pod->containers; container != NULL;
		container = container->next) {
		if (container->watch >= 0)
			pollset_add(set, container->watch, POLLPRI, handle_watch, container);
		notify_poll(&container->notify, set);
		if (container->memory_watch >= 0)
			pollset_add(
				set, container->memory_watch, POLLPRI, handle_memory, container);
		for (struct process *process = container->processes; process != NULL;
			process = process->next)
			process_poll(process, set);
	}
}

static struct process *find_pid(const struct pod *pod, pid_t pid)
{
	for (struct container *container = pod->containers; container != NULL;
		container = container->next)
		for (struct process *process = container->processes; process != NULL;
			process = process->next)
			if (process->pid == pid)
				return process;
	return NULL;
}

void pod_reap(struct pod *pod)
{
	struct process *process;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		process = find_pid(pod, pid);
		/* Else an orphan, which fell to PID 1. */
		if (process == NULL)
			continue;
		/* Its last report was sent before it died: that is heard first. */
		process_receive(process);
		process_reaped(process, status);
	}
}

/* What the container has written by memory maps is on the host before its end is told. */
static void sync_share(void)
{
	AUTO_CLOSE int share = open(SHARE_DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (share >= 0)
		syncfs(share);
}

static void tell_oom(struct container *container, struct control *control)
{
	uint64_t kills = 0;

	if (container->memory_watch >= 0)
		kills = cgroup_oom_kills(container->memory_watch);
	container->memory_changed = false;
	if (kills <= container->oom_kills)
		return;
	/* Without space for it, it is told the next turn. */
	if (control_send_oom(control, container->id, kills))
		container->oom_kills = kills;
	else
		container->memory_changed = true;
}

static void settle(const struct pod *pod, struct container *container, struct process *process,
	struct control *control)
{
	if (process->state != PROCESS_EXITED || !stdio_finish(&process->stdio))
		return;
	if (process == container->init && pod->shared)
		sync_share();
	/* What it was killed for is told before its end. */
	tell_oom(container, control);
	/* Without space for it, it is told the next turn. */
	if (!control_send_exit(control, container->id, process->id, process->status))
		return;
	process->state = PROCESS_ENDED;
	tty_detach(process->tty, &process->stdio);
	if (process != container->init)
		container_drop(container, process);
}

void pod_settle(struct pod *pod, struct control *control)
{
	for (struct container *container = pod->containers; container != NULL;
		container = container->next) {
		notify_settle(&container->notify, container->id, control);
		if (container->memory_changed)
			tell_oom(container, control);
		for (struct process *process = container->processes, *next; process != NULL;
			process = next) {
			next = process->next;
			settle(pod, container, process, control);
		}
	}
}
