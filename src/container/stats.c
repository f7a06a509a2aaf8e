/* SPDX-License-Identifier: GPL-2.0-only */
/* Figures of guest and host as one object. */
#include "container/stats.h"

#include "base/error.h"
#include "base/timeouts.h"
#include "container/cgroup.h"
#include "container/container.h"
#include "container/directory.h"
#include "sandbox/resources.h"
#include "sandbox/sandbox.h"

enum {
	NS_PER_US = 1000,
};

/* The number at a path of members, as the guest has sent it; 0 where there is none. */
static gint64 figure(JsonObject *object, const char *section, const char *table, const char *member)
{
	const char *const names[] = {section, table};
	JsonNode *node;

	for (gsize i = 0; i < G_N_ELEMENTS(names) && object != NULL; i++) {
		if (names[i] == NULL)
			continue;
		node = json_object_get_member(object, names[i]);
		object = node != NULL && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node)
								      : NULL;
	}
	node = object != NULL ? json_object_get_member(object, member) : NULL;
	if (node == NULL || !JSON_NODE_HOLDS_VALUE(node) ||
		json_node_get_value_type(node) != G_TYPE_INT64)
		return 0;
	return json_node_get_int(node);
}

/* JSON's numbers here have no sign in runc's: "no limit" is the largest of them. */
static void set_limit(JsonObject *object, const char *name, gint64 value)
{
	json_object_set_int_member(object, name, value < 0 ? G_MAXINT64 : value);
}

static JsonObject *format_cpu(JsonObject *guest)
{
	JsonObject *cpu = json_object_new();
	JsonObject *usage = json_object_new();
	JsonObject *throttling = json_object_new();

	json_object_set_int_member(
		usage, "total", figure(guest, "cpu", "stat", "usage_usec") * NS_PER_US);
	json_object_set_int_member(
		usage, "kernel", figure(guest, "cpu", "stat", "system_usec") * NS_PER_US);
	json_object_set_int_member(
		usage, "user", figure(guest, "cpu", "stat", "user_usec") * NS_PER_US);
	json_object_set_int_member(
		throttling, "periods", figure(guest, "cpu", "stat", "nr_periods"));
	json_object_set_int_member(
		throttling, "throttledPeriods", figure(guest, "cpu", "stat", "nr_throttled"));
	json_object_set_int_member(throttling, "throttledTime",
		figure(guest, "cpu", "stat", "throttled_usec") * NS_PER_US);
	json_object_set_object_member(cpu, "usage", usage);
	json_object_set_object_member(cpu, "throttling", throttling);
	return cpu;
}

static JsonObject *format_usage(gint64 usage, gint64 limit, gint64 most, gint64 failures)
{
	JsonObject *entry = json_object_new();

	set_limit(entry, "limit", limit);
	json_object_set_int_member(entry, "usage", usage);
	json_object_set_int_member(entry, "max", most);
	json_object_set_int_member(entry, "failcnt", failures);
	return entry;
}

/* memory.stat as it is, as far as it holds numbers. */
static JsonObject *format_raw(JsonObject *guest)
{
	JsonObject *raw = json_object_new();
	JsonObject *memory = NULL;
	JsonNode *node = json_object_get_member(guest, "memory");
	JsonNode *stat;

	if (node != NULL && JSON_NODE_HOLDS_OBJECT(node))
		memory = json_node_get_object(node);
	stat = memory != NULL ? json_object_get_member(memory, "stat") : NULL;
	if (stat == NULL || !JSON_NODE_HOLDS_OBJECT(stat))
		return raw;

	g_autoptr(GList) names = json_object_get_members(json_node_get_object(stat));

	for (GList *name = names; name != NULL; name = name->next)
		json_object_set_int_member(
			raw, name->data, figure(guest, "memory", "stat", name->data));
	return raw;
}

static JsonObject *format_memory(JsonObject *guest)
{
	JsonObject *memory = json_object_new();
	gint64 usage = figure(guest, "memory", NULL, "current");
	gint64 swap = figure(guest, "memory", NULL, "swap");
	gint64 limit = figure(guest, "memory", NULL, "max");
	gint64 swap_limit = figure(guest, "memory", NULL, "swapMax");

	json_object_set_int_member(memory, "cache", figure(guest, "memory", "stat", "file"));
	json_object_set_object_member(memory, "usage",
		format_usage(usage, limit, figure(guest, "memory", NULL, "peak"),
			figure(guest, "memory", "events", "max")));
	/* As in v1: memory and swap. */
	json_object_set_object_member(memory, "swap",
		format_usage(
			usage + swap, limit < 0 || swap_limit < 0 ? -1 : limit + swap_limit, 0, 0));
	json_object_set_object_member(memory, "kernel",
		format_usage(figure(guest, "memory", "stat", "kernel"), -1, 0, 0));
	json_object_set_object_member(memory, "kernelTCP",
		format_usage(figure(guest, "memory", "stat", "sock"), -1, 0, 0));
	json_object_set_object_member(memory, "raw", format_raw(guest));
	return memory;
}

static JsonObject *format_pids(JsonObject *guest)
{
	JsonObject *pids = json_object_new();
	gint64 limit = figure(guest, "pids", NULL, "max");

	json_object_set_int_member(pids, "current", figure(guest, "pids", NULL, "current"));
	/* runc's word for none. */
	json_object_set_int_member(pids, "limit", MAX(limit, 0));
	return pids;
}

static const struct {
	const char *list;
	const char *member;
	const char *op;
} io_figures[] = {
	{"ioServiceBytesRecursive", "rbytes", "Read"},
	{"ioServiceBytesRecursive", "wbytes", "Write"},
	{"ioServicedRecursive", "rios", "Read"},
	{"ioServicedRecursive", "wios", "Write"},
};

static void add_io(JsonObject *blkio, JsonObject *device, gsize index)
{
	JsonObject *entry = json_object_new();
	const char *list = io_figures[index].list;

	json_object_set_int_member(entry, "major", figure(device, NULL, NULL, "major"));
	json_object_set_int_member(entry, "minor", figure(device, NULL, NULL, "minor"));
	json_object_set_string_member(entry, "op", io_figures[index].op);
	json_object_set_int_member(
		entry, "value", figure(device, NULL, NULL, io_figures[index].member));
	if (!json_object_has_member(blkio, list))
		json_object_set_array_member(blkio, list, json_array_new());
	json_array_add_object_element(json_object_get_array_member(blkio, list), entry);
}

static JsonObject *format_io(JsonObject *guest)
{
	JsonObject *blkio = json_object_new();
	JsonNode *node = json_object_get_member(guest, "io");
	JsonArray *devices =
		node != NULL && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;

	for (guint i = 0; devices != NULL && i < json_array_get_length(devices); i++) {
		JsonNode *device = json_array_get_element(devices, i);

		for (gsize j = 0; JSON_NODE_HOLDS_OBJECT(device) && j < G_N_ELEMENTS(io_figures);
			j++)
			add_io(blkio, json_node_get_object(device), j);
	}
	return blkio;
}

static JsonObject *format_hugepages(JsonObject *guest)
{
	JsonObject *hugepages = json_object_new();
	JsonNode *node = json_object_get_member(guest, "hugetlb");
	JsonObject *sizes =
		node != NULL && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
	g_autoptr(GList) names = sizes != NULL ? json_object_get_members(sizes) : NULL;

	for (GList *name = names; name != NULL; name = name->next) {
		JsonObject *entry = json_object_new();

		json_object_set_int_member(
			entry, "usage", figure(sizes, name->data, NULL, "current"));
		set_limit(entry, "max", figure(sizes, name->data, NULL, "max"));
		json_object_set_int_member(entry, "failcnt", 0);
		json_object_set_object_member(hugepages, name->data, entry);
	}
	return hugepages;
}

static void set_known(JsonObject *object, const char *name, gint64 value)
{
	if (value >= 0)
		json_object_set_int_member(object, name, value);
}

/* What the host has counted, and how much of it is not the container's. */
static JsonObject *format_vm(JsonObject *guest, const struct cgroup_figures *host)
{
	JsonObject *vm = json_object_new();
	JsonObject *memory = json_object_new();
	JsonObject *cpu = json_object_new();

	set_known(memory, "usage", host->memory_usage);
	set_known(memory, "limit", host->memory_limit);
	set_known(memory, "max", host->memory_peak);
	set_known(cpu, "total", host->cpu_total);
	if (guest != NULL) {
		gint64 usage = figure(guest, "memory", NULL, "current");
		gint64 total = figure(guest, "cpu", "stat", "usage_usec") * NS_PER_US;

		json_object_set_int_member(
			memory, "guestTotal", figure(guest, "guest", NULL, "total"));
		json_object_set_int_member(
			memory, "guestAvailable", figure(guest, "guest", NULL, "available"));
		if (host->memory_usage >= 0)
			json_object_set_int_member(
				memory, "overhead", MAX(host->memory_usage - usage, 0));
		if (host->cpu_total >= 0)
			json_object_set_int_member(
				cpu, "overhead", MAX(host->cpu_total - total, 0));
	}
	json_object_set_object_member(vm, "memory", memory);
	json_object_set_object_member(vm, "cpu", cpu);
	set_known(vm, "pids", host->pids);
	return vm;
}

JsonObject *container_stats_format(JsonObject *guest, const struct cgroup_figures *host)
{
	JsonObject *data = json_object_new();

	if (guest != NULL) {
		json_object_set_object_member(data, "cpu", format_cpu(guest));
		json_object_set_object_member(data, "cpuset", json_object_new());
		json_object_set_object_member(data, "memory", format_memory(guest));
		json_object_set_object_member(data, "pids", format_pids(guest));
		json_object_set_object_member(data, "blkio", format_io(guest));
		json_object_set_object_member(data, "hugetlb", format_hugepages(guest));
		json_object_set_object_member(data, "intel_rdt", json_object_new());
		json_object_set_null_member(data, "network_interfaces");
	}
	json_object_set_object_member(data, "vm", format_vm(guest, host));
	return data;
}

static JsonNode *ask_guest(
	const struct settings *settings, const struct oci_state *state, GError **error)
{
	g_autofree char *directory = directory_path(settings, state->sandbox);
	g_autoptr(sandbox_connection) sandbox = sandbox_connect(directory, error);

	if (sandbox == NULL || !sandbox_wait_ready(sandbox, TIMEOUT_PROXY_REQUEST_MS, error))
		return NULL;
	return sandbox_stats(sandbox, state->id, error);
}

JsonObject *container_stats(const struct settings *settings, const char *id, GError **error)
{
	g_autofree char *directory = directory_path(settings, id);
	g_autoptr(oci_state) state = container_state(settings, id, error);
	g_autoptr(GPtrArray) directories = NULL;
	g_autoptr(JsonNode) guest = NULL;
	struct cgroup_figures host;

	if (state == NULL)
		return NULL;
	if (oci_state_status(state) == OCI_STATUS_STOPPED) {
		g_set_error(error, CC_ERROR, CC_ERROR_NOT_RUNNING,
			"container with id %s is not running", id);
		return NULL;
	}
	if (oci_state_status(state) != OCI_STATUS_PAUSED) {
		guest = ask_guest(settings, state, error);
		if (guest == NULL)
			return NULL;
	}
	directories = container_cgroup_directories(directory, error);
	if (directories == NULL)
		return NULL;
	cgroup_figures_read(directories, &host);
	return container_stats_format(guest != NULL ? json_node_get_object(guest) : NULL, &host);
}
