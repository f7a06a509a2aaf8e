/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The record of a container: `state.json` in its state directory, and the state that OCI defines
 * (runtime-spec, runtime.md, "State").
 *
 * The record is written atomically under the container's lock and never trusted alone: a container
 * whose shim is gone is stopped, whatever it says.
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

#include "base/process.h"

enum oci_status {
	OCI_STATUS_CREATING,
	OCI_STATUS_CREATED,
	OCI_STATUS_RUNNING,
	OCI_STATUS_PAUSED,
	OCI_STATUS_STOPPED,
};

struct oci_state {
	char *oci_version;
	char *id;
	char *bundle;
	char *rootfs;
	/* RFC 3339, UTC, with nanoseconds, as runc writes it. */
	char *created;
	/* Login name of who created it; "" when unknown. */
	char *owner;
	GHashTable *annotations;
	/* The container whose VM this one lives in: its own id, or the pod's sandbox. */
	char *sandbox;
	/* Where its hypervisor's logs are; "": in the state directory of its sandbox. */
	char *logs;
	/* The last status that a command has reached; ask oci_state_status for the true one. */
	enum oci_status recorded_status;
	/* Of a paused one: what it goes on as, CREATED or RUNNING. */
	enum oci_status paused_status;
	/* Of a container with a VM of its own: its size. 0: not known. */
	gint64 vm_memory_mib;
	gint64 vm_cpus;
	gboolean terminal;
	/* The OCI pid. */
	struct process_ref shim;
	struct process_ref proxy;
};

struct oci_state *oci_state_new(void);
void oci_state_free(struct oci_state *state);
typedef struct oci_state oci_state;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(oci_state, oci_state_free)

/* directory: the container's state directory. A missing record is CC_ERROR_NOT_FOUND. */
struct oci_state *oci_state_load(const char *directory, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same from the record's bytes; errors name `path`. */
struct oci_state *oci_state_parse(
	const char *data, gsize size, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean oci_state_save(const struct oci_state *state, const char *directory,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The status as of now: STOPPED when the shim is gone. */
enum oci_status oci_state_status(const struct oci_state *state);
/* "creating", "created", "running", "paused", "stopped". */
const char *oci_status_name(enum oci_status status);

/*
 * The object that `state` prints and hooks get: ociVersion, id, pid (0 when stopped), status,
 * bundle, rootfs, created, annotations (only if any), owner, in runc's order. The caller's.
 */
JsonObject *oci_state_to_json(const struct oci_state *state);
