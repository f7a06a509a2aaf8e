/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A connection to a running VM: its proxy, and through it the agent, as typed calls.
 *
 * Every call waits for its answer, with a deadline (base/timeouts.h). A proxy that is gone is
 * CC_ERROR_NOT_RUNNING; what the agent refuses comes back with the agent's words and code.
 */
#pragma once

#include <glib.h>

#include "base/process.h"
#include "oci/spec.h"
#include "vm/args.h"
#include "wire/handover.h"

struct sandbox;

/*
 * Starts the proxy of a new VM in a state directory, in the given network namespace (-1: the
 * caller's) and cgroups (as in base/spawn.h). Until sandbox_own, the VM ends with this connection.
 */
struct sandbox *sandbox_spawn(const char *proxy_path, const char *directory, int network_namespace,
	const GArray *cgroups, struct process_ref *out_proxy,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Connects to the VM of a state directory. CC_ERROR_NOT_RUNNING when it is gone. */
struct sandbox *sandbox_connect(const char *directory, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The proxy at the other end, by the kernel's word: it need not answer. */
gboolean sandbox_get_proxy(const struct sandbox *sandbox, struct process_ref *out_proxy,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;
void sandbox_free(struct sandbox *sandbox);
typedef struct sandbox sandbox_connection;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(sandbox_connection, sandbox_free)

/* Who a clone is, beside what the proxy adds: the time, and entropy. */
struct sandbox_identity {
	/* NULL: the template's. */
	const char *hostname;
	/* 32 hexadecimal digits. */
	const char *machine_id;
};

enum {
	/* What one message takes. */
	SANDBOX_LAUNCH_FDS = 8,
};

struct sandbox_launch {
	const struct vm_args *args;
	/* An empty directory, seen populated by the VM alone. */
	const char *share_directory;
	const char *log_directory;
	/* Milliseconds from here to a ready agent. */
	gint64 agent_timeout;
	/* What the hypervisor gets besides, and by which numbers (base/hypervisor.h). */
	int fds[SANDBOX_LAUNCH_FDS];
	int numbers[SANDBOX_LAUNCH_FDS];
	gsize n_fds;
	/* The guest comes out of a template, as the arguments have it, and takes this identity. */
	const struct sandbox_identity *identity;
	/* Whose the network device is. */
	const char *owner;
	const struct vm_nic *nic;
};

/* Gives the hypervisor a descriptor, which remains the caller's. */
void sandbox_launch_give(struct sandbox_launch *launch, int fd, int number);

/* Starts the hypervisor; the guest boots while the caller goes on. */
gboolean sandbox_launch(struct sandbox *sandbox, const struct sandbox_launch *launch,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Writes the guest's device state to the file; the guest stands still then, for good. */
gboolean sandbox_save(struct sandbox *sandbox, int file, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Makes a directory or file of the host appear in the share. */
gboolean sandbox_bind(struct sandbox *sandbox, const char *source, const char *target,
	gboolean read_only, gboolean recursive, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Takes away all that was bound below a directory of the share. */
gboolean sandbox_unbind(
	struct sandbox *sandbox, const char *target, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Makes what was bound read-only for the guest. */
gboolean sandbox_protect(
	struct sandbox *sandbox, const char *target, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/*
 * Waits until the agent answers, at most timeout milliseconds, and learns what it can do. Needed
 * once before any of the calls below.
 */
gboolean sandbox_wait_ready(
	struct sandbox *sandbox, gint64 timeout, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/*
 * Gives the guest the links, addresses and routes that its network namespace has now. resolver: an
 * address of 127.0.0.0/8 at which that namespace answers DNS, or NULL.
 */
gboolean sandbox_network(
	struct sandbox *sandbox, const char *resolver, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Gives the guest the addresses of QEMU's user network. */
gboolean sandbox_user_network(struct sandbox *sandbox, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The VM lives on without this connection. */
gboolean sandbox_own(struct sandbox *sandbox, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Ends the VM; returns when the hypervisor is gone. */
gboolean sandbox_stop(struct sandbox *sandbox, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A process that is about to be in the guest: its id, and its streams for the shim. */
struct sandbox_process {
	const char *container;
	const char *id;
	struct handover handover;
	/* Closing it, and the shim's copy, kills the process. */
	int streams;
};

#define SANDBOX_PROCESS_INIT                                                                       \
	{                                                                                          \
		.streams = -1                                                                      \
	}

/* The id of a container's first process. */
#define SANDBOX_INIT_PROCESS "init"

struct sandbox_reservation {
	/* Kept, not copied. */
	const char *container;
	const char *process;
	gboolean terminal;
	/* The VM ends with the process. */
	gboolean is_sandbox_init;
	/* Stands for it on the host. */
	struct process_ref shim;
};

/* Reserves streams for a process. */
gboolean sandbox_reserve_process(struct sandbox *sandbox, const struct sandbox_reservation *wanted,
	struct sandbox_process *out_process, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The pod: the share, found by its mount tag, is mounted in the guest. */
gboolean sandbox_start_pod(struct sandbox *sandbox, const char *hostname, const char *share_tag,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;
struct sandbox_container {
	const struct oci_spec *spec;
	/* For each of the spec's mounts, its path below the share if it is a bind mount. */
	char *const *mount_sources;
	/* For each of its namespaces, the id of the VM's container that has it; NULL: a new one. */
	GPtrArray *namespace_owners;
	/* It gets a socket for sd_notify(3): see sandbox_notify. */
	gboolean notify;
};

/* Makes a container, ready but for its last exec. */
gboolean sandbox_new_container(struct sandbox *sandbox, const struct sandbox_container *container,
	const struct sandbox_process *process, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/*
 * What the container will say of itself (sd_notify(3)) goes to the service manager's socket at the
 * path, in the name of the process pid. Before sandbox_new_container.
 */
gboolean sandbox_notify(struct sandbox *sandbox, const char *container, const char *path, pid_t pid,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Lets it run. */
gboolean sandbox_start_container(struct sandbox *sandbox, const char *container,
	const struct oci_spec *spec, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/*
 * Runs a further process in a container: in its cgroup, or the one below that is named (NULL:
 * none). With in_vm, outside of the container's namespaces, in those of the guest.
 */
gboolean sandbox_exec(struct sandbox *sandbox, const struct oci_process *description,
	const char *cgroup, gboolean in_vm, const struct sandbox_process *process,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Signals a container's first process, or all its processes; CC_ERROR_TIMEOUT after so many ms. */
gboolean sandbox_signal(struct sandbox *sandbox, const char *container, int signal, gboolean all,
	gint64 timeout, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Removes a container, with all its processes, from a VM that goes on. */
gboolean sandbox_remove_container(
	struct sandbox *sandbox, const char *container, GError **error) G_GNUC_WARN_UNUSED_RESULT;
