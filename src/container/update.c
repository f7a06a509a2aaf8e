/* SPDX-License-Identifier: GPL-2.0-only */
/* Other limits for a container that runs: first in its guest, then on the host. */
#include <string.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/timeouts.h"
#include "container/cgroup.h"
#include "container/container.h"
#include "container/directory.h"
#include "oci/coverage.h"
#include "oci/update.h"
#include "sandbox/resources.h"
#include "vm/size.h"
#include "wire/limits.h"

static const gint64 mib = 1 << 20;

/* What is changed, and from what. */
struct update {
	const struct settings *settings;
	/* As the caller gave it. */
	JsonObject *document;
	struct oci_resources *asked;
	struct oci_state *state;
	/* Of the VM's container: its size. */
	struct oci_state *sandbox_state;
	char *directory;
	/* The container's, with the change in it. */
	struct oci_spec *spec;
	struct oci_resources *merged;
	struct sandbox *sandbox;
};

static void update_clear(struct update *update)
{
	sandbox_free(update->sandbox);
	oci_resources_free(update->merged);
	oci_resources_free(update->asked);
	oci_spec_free(update->spec);
	oci_state_free(update->sandbox_state);
	oci_state_free(update->state);
	g_free(update->directory);
}

static gboolean check_document(struct update *update, GError **error)
{
	g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);

	if (!oci_coverage_check(update->document, "linux.resources", "", warnings, error))
		return FALSE;
	for (guint i = 0; i < warnings->len; i++)
		log_warning("update: %s", (const char *)warnings->pdata[i]);
	update->asked = oci_resources_parse(update->document, "", error);
	return update->asked != NULL;
}

static gboolean check_status(struct update *update, GError **error)
{
	switch (oci_state_status(update->state)) {
	case OCI_STATUS_CREATED:
	case OCI_STATUS_RUNNING:
		return TRUE;
	case OCI_STATUS_PAUSED:
		g_set_error(error, CC_ERROR, CC_ERROR_FAILED,
			"cannot update a paused container: its guest stands still");
		return FALSE;
	default:
		g_set_error(error, CC_ERROR, CC_ERROR_NOT_RUNNING, "container not running");
		return FALSE;
	}
}

static gboolean merge(struct update *update, GError **error)
{
	update->spec = oci_spec_load_kept(update->directory, update->state->bundle, error);
	if (update->spec == NULL)
		return FALSE;

	JsonObject *config = json_node_get_object(update->spec->document);

	oci_resources_merge(config, update->document);
	update->merged = oci_resources_of_document(config, error);
	return update->merged != NULL;
}

/* The VM's own size does not change: what is more than it is cannot be had. */
static gboolean check_size(struct update *update, GError **error)
{
	const struct oci_state *vm = update->sandbox_state;
	const struct oci_resources *merged = update->merged;
	gint64 most = (vm->vm_memory_mib - VM_SIZE_GUEST_MIB) * mib;
	gint64 period = merged->cpu_period > 0 ? merged->cpu_period : LIMITS_CPU_PERIOD_DEFAULT;

	if (vm->vm_memory_mib > 0 && update->asked->memory_limit > most) {
		g_set_error(error, CC_ERROR, CC_ERROR_FAILED,
			"memory.limit: %" G_GINT64_FORMAT " bytes: the virtual machine, of "
			"%" G_GINT64_FORMAT " MiB, has %" G_GINT64_FORMAT " for its container",
			update->asked->memory_limit, vm->vm_memory_mib, most);
		return FALSE;
	}
	if (vm->vm_cpus > 0 && update->asked->cpu_quota > 0 &&
		(merged->cpu_quota - 1) / period + 1 > vm->vm_cpus) {
		g_set_error(error, CC_ERROR, CC_ERROR_FAILED,
			"cpu.quota: %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT
			" µs: the virtual machine has %" G_GINT64_FORMAT " CPUs",
			merged->cpu_quota, period, vm->vm_cpus);
		return FALSE;
	}
	return TRUE;
}

static gboolean connect(struct update *update, GError **error)
{
	g_autofree char *directory = directory_path(update->settings, update->state->sandbox);

	update->sandbox = sandbox_connect(directory, error);
	return update->sandbox != NULL &&
	       sandbox_wait_ready(update->sandbox, TIMEOUT_PROXY_REQUEST_MS, error);
}

static gboolean apply_in_guest(struct update *update, GError **error)
{
	JsonObject *config = json_node_get_object(update->spec->document);
	JsonObject *resources = json_object_get_object_member(
		json_object_get_object_member(config, "linux"), "resources");

	return sandbox_update(
		update->sandbox, update->state->id, json_object_ref(resources), error);
}

static gboolean apply_on_host(struct update *update, GError **error)
{
	struct cgroup_vm vm = {.memory_mib = (guint)update->sandbox_state->vm_memory_mib};

	return container_cgroup_update(update->directory, update->merged, &vm, error);
}

static gboolean pin(struct update *update, GError **error)
{
	g_autoptr(GArray) cpus = NULL;

	if (update->asked->cpuset_cpus == NULL ||
		strcmp(update->state->sandbox, update->state->id) != 0)
		return TRUE;
	cpus = oci_cpu_list_parse(update->asked->cpuset_cpus, error);
	return cpus != NULL && sandbox_pin(update->sandbox, cpus, error);
}

static gboolean keep(struct update *update, GError **error)
{
	return oci_spec_keep(update->spec, update->directory, error);
}

static gboolean load_states(struct update *update, const char *id, GError **error)
{
	g_clear_pointer(&update->state, oci_state_free);
	g_clear_pointer(&update->sandbox_state, oci_state_free);
	update->state = container_state(update->settings, id, error);
	if (update->state == NULL)
		return FALSE;
	update->sandbox_state = container_state(update->settings, update->state->sandbox, error);
	return update->sandbox_state != NULL;
}

static gboolean (*const steps[])(struct update *update, GError **error) = {
	check_status,
	merge,
	check_size,
	connect,
	apply_in_guest,
	apply_on_host,
	pin,
	keep,
};

gboolean container_update(
	const struct settings *settings, const char *id, JsonObject *resources, GError **error)
{
	struct update update = {.settings = settings, .document = resources};
	auto_fd int lock = -1;
	gboolean done = check_document(&update, error) && load_states(&update, id, error);

	if (done) {
		lock = directory_lock(settings, id, error);
		update.directory = directory_path(settings, id);
		/* Once more, now that nobody else changes it. */
		done = lock >= 0 && load_states(&update, id, error);
	}
	for (gsize i = 0; done && i < G_N_ELEMENTS(steps); i++)
		done = steps[i](&update, error);
	update_clear(&update);
	return done;
}
