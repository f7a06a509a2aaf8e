/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The VM's life: launched, ready, stopped, gone; and the one reason why it ended.
 *
 *   NEW --launch--> STARTING --agent ready--> RUNNING --stop, init ended--> STOPPING
 *    any of them --abort, failure, DESTROYPOD answered--> KILLED --reaped--> ENDED
 *
 * After ENDED nothing is left but the output that shims have not read yet.
 */
#pragma once

#include <glib.h>

#include "proxy/agent.h"
#include "proxy/hypervisor.h"
#include "proxy/notify.h"
#include "proxy/network.h"
#include "proxy/oom.h"
#include "proxy/qmp.h"
#include "proxy/share.h"
#include "proxy/streams.h"
#include "proxy/template.h"

enum vm_state {
	VM_NEW,
	VM_STARTING,
	VM_RUNNING,
	VM_STOPPING,
	VM_KILLED,
	VM_ENDED,
};

struct vm;

struct vm_events {
	/* The agent has answered. */
	void (*ready)(void *data);
	/* The guest has killed for want of memory: a count of vm_get_oom has changed. */
	void (*oom)(void *data);
	/* QEMU is reaped, and all requests to the agent have been answered. */
	void (*ended)(void *data);
	/* Ended, and no link is left: nothing more to do. */
	void (*drained)(void *data);
};

struct vm_launch {
	GStrv argv;
	/* An empty directory for the share to be mounted on. */
	const char *share;
	const char *log_directory;
	/* From now to the agent's answer, in ms. */
	guint agent_timeout;
	/* Paths of the sockets that QEMU makes itself, else NULL. */
	char *sockets[HYPERVISOR_SOCKETS];
	/* What QEMU gets beside its sockets; remains the caller's. */
	const struct hypervisor_descriptor *descriptors;
	gsize n_descriptors;
	/* The guest comes out of a template, and this is who it will be. NULL: it boots. */
	JsonObject *identity;
	/* Of the guest's first network device; owner NULL: it has none. */
	struct network_config network;
};

struct vm *vm_new(const struct vm_events *events, void *data);
void vm_free(struct vm *vm);

/* Once in a life. After an error the VM stays NEW. */
gboolean vm_launch(
	struct vm *vm, const struct vm_launch *launch, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * Makes a template of the running guest: writes its device state to the file, taken over. `done` is
 * called once; the guest stands still then, and is of no other use.
 */
gboolean vm_save(struct vm *vm, int file, template_saved_func done, void *data,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* DESTROYPOD where there is an agent, then SIGKILL. */
void vm_stop(struct vm *vm);
/* SIGKILL; the text is the reason. */
void vm_abort(struct vm *vm, const char *reason);

/* The machine stands still: proxy/power.h. */
gboolean vm_is_paused(const struct vm *vm);
void vm_set_paused(struct vm *vm, gboolean paused);

enum vm_state vm_get_state(const struct vm *vm);
gboolean vm_is_drained(const struct vm *vm);
/* Why it ended; NULL before. */
const GError *vm_get_reason(const struct vm *vm);
/* 0: not launched, or gone. */
pid_t vm_get_pid(const struct vm *vm);

/* NULL before the launch (agent, notify, streams: before their sockets are connected). */
struct share *vm_get_share(struct vm *vm);
struct agent *vm_get_agent(struct vm *vm);
struct network *vm_get_network(struct vm *vm);
struct streams *vm_get_streams(struct vm *vm);
struct notify *vm_get_notify(struct vm *vm);
struct qmp *vm_get_qmp(struct vm *vm);
struct oom *vm_get_oom(struct vm *vm);
struct logfile *vm_get_log(struct vm *vm);
