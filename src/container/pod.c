/* SPDX-License-Identifier: GPL-2.0-only */
/* Finds a pod's sandbox, whose namespaces are whose, and takes members out again. */
#include "container/pod.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/timeouts.h"
#include "container/container.h"
#include "container/directory.h"
#include "oci/id.h"
#include "oci/pod.h"
#include "sandbox/sandbox.h"

static gboolean has_annotation(const struct oci_state *state, const char *name, const char *value)
{
	return g_strcmp0(g_hash_table_lookup(state->annotations, name), value) == 0;
}

/* By id; else it is the name that the sandbox bears itself, in the same annotation. */
static struct oci_state *look_up(
	const struct settings *settings, const struct oci_pod *pod, GError **error)
{
	if (oci_id_check(pod->sandbox, NULL)) {
		struct oci_state *state = container_state(settings, pod->sandbox, NULL);

		if (state != NULL)
			return state;
	}

	g_autoptr(GPtrArray) states = container_list(settings, error);

	for (guint i = 0; states != NULL && i < states->len; i++) {
		const struct oci_state *state = g_ptr_array_index(states, i);

		if (strcmp(state->sandbox, state->id) == 0 &&
			has_annotation(state, pod->annotation, pod->sandbox))
			return g_ptr_array_steal_index(states, i);
	}
	if (states != NULL)
		g_set_error(error, CC_ERROR, CC_ERROR_NOT_FOUND, "no such sandbox: \"%s\"",
			pod->sandbox);
	return NULL;
}

static struct oci_state *find_running(
	const struct settings *settings, const struct oci_pod *pod, GError **error)
{
	g_autoptr(oci_state) state = look_up(settings, pod, error);

	if (state == NULL)
		return NULL;

	enum oci_status status = oci_state_status(state);

	if (strcmp(state->sandbox, state->id) != 0)
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID,
			"\"%s\" is itself a container of the sandbox \"%s\"", state->id,
			state->sandbox);
	else if (status != OCI_STATUS_RUNNING && status != OCI_STATUS_CREATED)
		g_set_error(error, CC_ERROR, CC_ERROR_NOT_RUNNING, "the sandbox \"%s\" is %s",
			state->id, oci_status_name(status));
	else
		return g_steal_pointer(&state);
	return NULL;
}

gboolean pod_find_sandbox(const struct settings *settings, const struct oci_spec *spec,
	struct oci_state **out_sandbox, GError **error)
{
	struct oci_pod pod;

	*out_sandbox = NULL;
	if (!oci_pod_parse(spec->annotations, &pod, error)) {
		g_prefix_error(error, "%s/" OCI_CONFIG_NAME ": ", spec->bundle);
		return FALSE;
	}
	if (pod.role != OCI_POD_MEMBER)
		return TRUE;
	*out_sandbox = find_running(settings, &pod, error);
	if (*out_sandbox != NULL)
		return TRUE;
	g_prefix_error(error, "%s/" OCI_CONFIG_NAME ": annotations[\"%s\"]: ", spec->bundle,
		pod.annotation);
	return FALSE;
}

/* Namespaces of the guest. The network's is the VM's own, and the shim's on the host. */
static gboolean is_guests(const char *type)
{
	return strcmp(type, "network") != 0;
}

/*
 * A path that an engine gives is that of a process on the host: a container of the pod, by its
 * shim. An engine that keeps a pod's namespaces itself (CRI-O) names files of its own, which all
 * mean the sandbox's.
 */
static const char *owner_of(
	GPtrArray *containers, const struct oci_state *sandbox, const char *path)
{
	int pid;

	if (sscanf(path, "/proc/%d/ns/", &pid) != 1)
		return sandbox->id;
	for (guint i = 0; i < containers->len; i++) {
		const struct oci_state *state = g_ptr_array_index(containers, i);

		if (state->shim.pid == pid && strcmp(state->sandbox, sandbox->id) == 0)
			return state->id;
	}
	return NULL;
}

/* Whether the container may have a new namespace where a path is given. */
static gboolean may_be_new(const struct oci_spec *spec)
{
	struct oci_pod pod;

	return oci_pod_parse(spec->annotations, &pod, NULL) && pod.role == OCI_POD_SANDBOX;
}

static gboolean refuse_namespace(const struct oci_spec *spec, gsize index, GError **error)
{
	const struct oci_namespace *namespace = &spec->namespaces[index];

	g_set_error(error, CC_ERROR, CC_ERROR_INVALID,
		"%s/" OCI_CONFIG_NAME ": linux.namespaces[%" G_GSIZE_FORMAT
		"].path: %s: a container in a virtual machine cannot join a%s %s namespace of the "
		"host or of another machine; containers of one pod share theirs",
		spec->bundle, index, namespace->path,
		strchr("aeiou", *namespace->type) != NULL ? "n" : "", namespace->type);
	return FALSE;
}

static gboolean find_owner(const struct oci_spec *spec, gsize index, GPtrArray *containers,
	const struct oci_state *sandbox, char **out_owner, GError **error)
{
	const struct oci_namespace *namespace = &spec->namespaces[index];
	const char *owner = NULL;

	*out_owner = NULL;
	if (namespace->path == NULL || !is_guests(namespace->type))
		return TRUE;
	if (sandbox != NULL)
		owner = owner_of(containers, sandbox, namespace->path);
	if (owner == NULL && (sandbox != NULL || !may_be_new(spec)))
		return refuse_namespace(spec, index, error);
	*out_owner = g_strdup(owner);
	return TRUE;
}

GPtrArray *pod_namespace_owners(const struct settings *settings, const struct oci_spec *spec,
	const struct oci_state *sandbox, GError **error)
{
	g_autoptr(GPtrArray) owners = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) containers = NULL;

	if (sandbox != NULL) {
		containers = container_list(settings, error);
		if (containers == NULL)
			return NULL;
	}
	for (gsize i = 0; i < spec->n_namespaces; i++) {
		char *owner;

		if (!find_owner(spec, i, containers, sandbox, &owner, error))
			return NULL;
		g_ptr_array_add(owners, owner);
	}
	return g_steal_pointer(&owners);
}

gboolean pod_remove_member(
	const struct settings *settings, const char *sandbox_id, const char *id, GError **error)
{
	g_autofree char *directory = directory_path(settings, sandbox_id);
	g_autoptr(GError) cause = NULL;
	g_autoptr(sandbox_connection) sandbox = sandbox_connect(directory, &cause);

	if (sandbox != NULL && sandbox_wait_ready(sandbox, TIMEOUT_PROXY_REQUEST_MS, &cause) &&
		(sandbox_remove_container(sandbox, id, &cause) ||
			g_error_matches(cause, CC_ERROR, CC_ERROR_NOT_FOUND))) {
		g_clear_error(&cause);
		if (sandbox_unbind(sandbox, id, &cause))
			return TRUE;
	}
	if (g_error_matches(cause, CC_ERROR, CC_ERROR_NOT_RUNNING))
		return TRUE;
	g_propagate_prefixed_error(error, g_steal_pointer(&cause),
		"take \"%s\" out of the sandbox \"%s\": ", id, sandbox_id);
	return FALSE;
}
