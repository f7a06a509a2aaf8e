/* SPDX-License-Identifier: GPL-2.0-only */
/* Asks systemd for a transient scope. */
#include "cgroup/systemd.h"

#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/timeouts.h"
#include "wire/limits.h"

#define BUS_NAME "org.freedesktop.systemd1"
#define BUS_PATH "/org/freedesktop/systemd1"
#define MANAGER	 "org.freedesktop.systemd1.Manager"
#define NO_UNIT	 "org.freedesktop.systemd1.NoSuchUnit"
#define MODE	 "replace"
#define USEC	 1000000

static const guint64 mib = 1 << 20;

gboolean cgroup_systemd_check(const char *run_directory, GError **error)
{
	struct stat status;

	/* sd_booted(3). */
	if (lstat(run_directory, &status) == 0 && S_ISDIR(status.st_mode))
		return TRUE;
	g_set_error(error, CC_ERROR, CC_ERROR_FAILED,
		"--systemd-cgroup: systemd is not the init system here (no %s)", run_directory);
	return FALSE;
}

static void add(GVariantBuilder *properties, const char *name, GVariant *value)
{
	g_variant_builder_add(properties, "(sv)", name, value);
}

static void add_memory(GVariantBuilder *properties, const struct oci_resources *resources,
	const struct cgroup_vm *vm)
{
	guint64 allowance =
		vm->emulated ? CGROUP_MEMORY_ALLOWANCE_TCG_MIB : CGROUP_MEMORY_ALLOWANCE_MIB;

	if (resources->memory_limit > 0)
		add(properties, "MemoryMax",
			g_variant_new_uint64((vm->memory_mib + allowance) * mib));
}

/* systemd counts a quota in µs of each second, in steps of 10 ms, as runc gives it. */
static void add_cpu(GVariantBuilder *properties, const struct oci_resources *resources)
{
	gint64 period =
		resources->cpu_period > 0 ? resources->cpu_period : LIMITS_CPU_PERIOD_DEFAULT;
	const gint64 step = 10000;

	if (resources->cpu_shares > 0)
		add(properties, "CPUWeight",
			g_variant_new_uint64(limits_cpu_weight((guint64)resources->cpu_shares)));
	if (resources->cpu_quota > 0) {
		gdouble share = (gdouble)resources->cpu_quota / (gdouble)period;
		gint64 quota = (gint64)(share * USEC) + USEC / 100 * CGROUP_CPU_ALLOWANCE_PERCENT;

		add(properties, "CPUQuotaPerSecUSec",
			g_variant_new_uint64((guint64)((quota + step - 1) / step * step)));
	}
}

GVariant *cgroup_systemd_arguments(const struct cgroup_unit *unit, pid_t pid,
	const struct oci_resources *resources, const struct cgroup_vm *vm)
{
	static const char *const accounting[] = {
		"CPUAccounting", "MemoryAccounting", "IOAccounting", "TasksAccounting"};
	g_autofree char *description = g_strdup_printf("cc-oci-runtime container %s", unit->name);
	guint32 pids[] = {(guint32)pid};
	GVariantBuilder properties;

	g_variant_builder_init(&properties, G_VARIANT_TYPE("a(sv)"));
	add(&properties, "Description", g_variant_new_string(description));
	if (g_str_has_suffix(unit->name, ".scope")) {
		add(&properties, "Slice", g_variant_new_string(unit->slice));
		add(&properties, "Delegate", g_variant_new_boolean(TRUE));
		add(&properties, "PIDs",
			g_variant_new_fixed_array(
				G_VARIANT_TYPE_UINT32, pids, G_N_ELEMENTS(pids), sizeof *pids));
	} else {
		add(&properties, "Wants",
			g_variant_new_strv((const char *const[]){unit->slice}, 1));
	}
	add(&properties, "DefaultDependencies", g_variant_new_boolean(FALSE));
	for (gsize i = 0; i < G_N_ELEMENTS(accounting); i++)
		add(&properties, accounting[i], g_variant_new_boolean(TRUE));
	add_memory(&properties, resources, vm);
	add_cpu(&properties, resources);
	return g_variant_new("(ssa(sv)a(sa(sv)))", unit->name, MODE, &properties, NULL);
}

GDBusConnection *cgroup_systemd_bus(GError **error)
{
	GDBusConnection *bus = g_bus_get_sync(G_BUS_TYPE_SYSTEM, NULL, error);

	if (bus == NULL)
		g_prefix_error(error, "--systemd-cgroup: ");
	else
		g_dbus_connection_set_exit_on_close(bus, FALSE);
	return bus;
}

static GVariant *call(GDBusConnection *bus, const char *method, GVariant *arguments, GError **error)
{
	return g_dbus_connection_call_sync(bus, BUS_NAME, BUS_PATH, MANAGER, method, arguments,
		G_VARIANT_TYPE("(o)"), G_DBUS_CALL_FLAGS_NONE, TIMEOUT_PROXY_REQUEST_MS, NULL,
		error);
}

/* data: the jobs that have ended, path → result. Ours may be before we know its path. */
static void on_job_removed(GDBusConnection *bus, const char *sender, const char *object,
	const char *interface, const char *signal, GVariant *arguments, void *data)
{
	GHashTable *ended = data;
	const char *path;
	const char *result;

	(void)bus;
	(void)sender;
	(void)object;
	(void)interface;
	(void)signal;
	if (!g_variant_is_of_type(arguments, G_VARIANT_TYPE("(uoss)")))
		return;
	g_variant_get(arguments, "(u&o&s&s)", NULL, &path, NULL, &result);
	g_hash_table_replace(ended, g_strdup(path), g_strdup(result));
}

static gboolean on_tick(void *data)
{
	(void)data;
	return G_SOURCE_CONTINUE;
}

/* Runs the main loop until the job has ended; its result, or NULL at the deadline. */
static const char *wait_for_job(GHashTable *ended, const char *path)
{
	gint64 deadline = deadline_after(TIMEOUT_PROXY_REQUEST_MS);
	const char *result;
	/* So that the deadline is seen when nothing comes. */
	guint tick = g_timeout_add_seconds(1, on_tick, NULL);

	while ((result = g_hash_table_lookup(ended, path)) == NULL && deadline_left(deadline) > 0)
		g_main_context_iteration(NULL, TRUE);
	g_source_remove(tick);
	return result;
}

gboolean cgroup_systemd_start(GDBusConnection *bus, GVariant *arguments, GError **error)
{
	g_autoptr(GHashTable) ended =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	guint subscription =
		g_dbus_connection_signal_subscribe(bus, BUS_NAME, MANAGER, "JobRemoved", BUS_PATH,
			NULL, G_DBUS_SIGNAL_FLAGS_NONE, on_job_removed, ended, NULL);
	g_autoptr(GVariant) reply = call(bus, "StartTransientUnit", arguments, error);
	const char *result = NULL;
	const char *path = NULL;

	if (reply != NULL) {
		g_variant_get(reply, "(&o)", &path);
		result = wait_for_job(ended, path);
		if (g_strcmp0(result, "done") != 0)
			g_set_error(error, CC_ERROR, CC_ERROR_FAILED, "its job ended with: %s",
				result != NULL ? result : "no answer");
	}

	gboolean done = g_strcmp0(result, "done") == 0;

	g_dbus_connection_signal_unsubscribe(bus, subscription);
	if (!done)
		g_prefix_error(error, "systemd: start the container's unit: ");
	return done;
}

gboolean cgroup_systemd_stop(GDBusConnection *bus, const char *unit, GError **error)
{
	g_autoptr(GError) cause = NULL;
	g_autoptr(GVariant) reply =
		call(bus, "StopUnit", g_variant_new("(ss)", unit, MODE), &cause);
	g_autofree char *name = cause != NULL ? g_dbus_error_get_remote_error(cause) : NULL;

	if (reply != NULL || g_strcmp0(name, NO_UNIT) == 0)
		return TRUE;
	g_propagate_prefixed_error(error, g_steal_pointer(&cause), "systemd: stop %s: ", unit);
	return FALSE;
}
