/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The operations on containers, one a file, each a list of named steps.
 *
 * All of them take the container's lock as long as they change its record, look at what is really
 * there before they believe it, and undo in reverse what they have done when a step fails.
 */
#pragma once

#include <glib.h>

#include "base/process.h"
#include "container/settings.h"
#include "oci/process.h"
#include "oci/state.h"
#include "sandbox/processes.h"

struct create_options {
	const char *id;
	/* Absolute. */
	const char *bundle;
	/* NULL: none. */
	const char *pid_file;
	const char *console_socket;
	/* The caller stays until the process ends, so that its own terminal can be the process's.
	 */
	gboolean attached;
	/* Of the service manager (sd_notify(3)), for the container's messages; NULL: none. */
	const char *notify_socket;
};

/*
 * Everything up to the process's last exec (OCI `create`). *out_shim is the OCI process; it is a
 * child of the caller.
 */
gboolean container_create(const struct settings *settings, const struct create_options *options,
	struct process_ref *out_shim, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Lets the created process run (OCI `start`). */
gboolean container_start(
	const struct settings *settings, const char *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

struct exec_options {
	const char *id;
	const struct oci_process *process;
	const char *pid_file;
	const char *console_socket;
	gboolean attached;
	/* A cgroup below the container's own, in the guest; NULL: that one. */
	const char *cgroup;
	/* Into a paused container too: it runs when that goes on. */
	gboolean ignore_paused;
	/* In the guest's own namespaces (docs/agent-protocol.md, "vm-exec"). */
	gboolean in_vm;
};

/* Runs a further process in a container; as container_create for *out_shim. */
gboolean container_exec(const struct settings *settings, const struct exec_options *options,
	struct process_ref *out_shim, GError **error) G_GNUC_WARN_UNUSED_RESULT;
struct exec_flags {
	/* The program and its arguments. */
	char **args;
	/* Further NAME=VALUE, or NULL. */
	char **env;
	/* NULL: as the container's process. */
	const char *cwd;
	/* "UID" or "UID:GID"; NULL: as the container's process. */
	const char *user;
	/* Group ids in place of the container's, or NULL. */
	char **additional_gids;
	/* Names, "CAP_X", in addition to the container's; or NULL. */
	char **capabilities;
	/* TRUE: whatever the container says. */
	gboolean no_new_privileges;
	/* For a look into the guest: root with every capability, and nothing of the container's. */
	gboolean in_vm;
	gboolean terminal;
	/* Of the terminal; 0: not known. */
	guint16 rows;
	guint16 columns;
};

/*
 * The process that the flags of exec describe: the one of the container's config.json (or with
 * in_vm one of its own), changed by them. The caller frees.
 */
struct oci_process *container_exec_process(const struct settings *settings, const char *id,
	const struct exec_flags *flags, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * Waits for the end of a shim that is our child, passing on to it the signals that we get. Returns
 * the exit status, 128 + N for signal N.
 */
int container_wait(const struct process_ref *shim);

/* Signals the first process (OCI `kill`), or all. CC_ERROR_NOT_RUNNING: "container not running". */
gboolean container_signal(const struct settings *settings, const char *id, int signal, gboolean all,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * The processes in the container, struct guest_process * by the guest's word; and the shims that
 * stand for those that the host has started (init and execs), struct process_ref. Both are empty
 * when the container has stopped. The caller unrefs.
 */
GPtrArray *container_processes(
	const struct settings *settings, const char *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
GArray *container_shims(
	const struct settings *settings, const char *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * Other limits for a container that runs (`update`); resources: as in linux.resources, what is not
 * in it stays as it is. What its VM cannot give is an error.
 */
gboolean container_update(const struct settings *settings, const char *id, JsonObject *resources,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* All of its processes stand still (`pause`), or go on (`resume`). */
gboolean container_pause(
	const struct settings *settings, const char *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean container_resume(
	const struct settings *settings, const char *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * Ends what is left of a stopped container and removes its state (OCI `delete`); with force, a
 * running one's too, and a missing one is no error.
 */
gboolean container_delete(const struct settings *settings, const char *id, gboolean force,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The record of a container. CC_ERROR_NOT_FOUND: `container "x" does not exist`. */
struct oci_state *container_state(
	const struct settings *settings, const char *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/*
 * The records of all containers, by id; elements are struct oci_state *. Directories without a
 * readable record are no containers. A root that does not exist holds none.
 */
GPtrArray *container_list(
	const struct settings *settings, GError **error) G_GNUC_WARN_UNUSED_RESULT;
