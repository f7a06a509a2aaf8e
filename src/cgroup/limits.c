/* SPDX-License-Identifier: GPL-2.0-only */
/* linux.resources into files of cgroups v1 and v2. */
#include "cgroup/limits.h"

#include "cgroup/hierarchy.h"
#include "cgroup/place.h"
#include "wire/limits.h"

enum {
	PERCENT = 100,
};

static const gint64 mib = 1 << 20;

static void write_free(struct cgroup_write *write)
{
	g_free(write->directory);
	g_free(write->file);
	g_free(write->value);
	g_free(write->fallback);
	g_free(write->other_file);
	g_free(write->other_value);
	g_free(write);
}

static GPtrArray *writes_new(void)
{
	return g_ptr_array_new_with_free_func((GDestroyNotify)write_free);
}

/* The value is taken over. */
static struct cgroup_write *add(GPtrArray *writes, const struct cgroup_place *place,
	const char *file, char *value, const char *origin)
{
	struct cgroup_write *write = g_new0(struct cgroup_write, 1);

	write->directory = g_strdup(place->path);
	write->file = g_strdup(file);
	write->value = value;
	write->origin = origin;
	g_ptr_array_add(writes, write);
	return write;
}

static char *amount(gint64 value, gboolean unified)
{
	return value < 0 && unified ? g_strdup("max") : g_strdup_printf("%" G_GINT64_FORMAT, value);
}

/* A limit of the container's is one of the VM: of all its memory, and what runs it. */
static gint64 host_memory(gint64 limit, const struct cgroup_vm *vm)
{
	gint64 allowance =
		vm->emulated ? CGROUP_MEMORY_ALLOWANCE_TCG_MIB : CGROUP_MEMORY_ALLOWANCE_MIB;

	return limit < 0 ? -1 : (vm->memory_mib + allowance) * mib;
}

static void add_memory(GPtrArray *writes, const GPtrArray *places,
	const struct oci_resources *resources, const struct cgroup_vm *vm)
{
	const struct cgroup_place *place = cgroup_place_of(places, "memory");
	gint64 limit = host_memory(resources->memory_limit, vm);
	gint64 swap;

	if (place == NULL)
		return;
	if (resources->memory_limit != 0)
		add(writes, place, place->unified ? "memory.max" : "memory.limit_in_bytes",
			amount(limit, place->unified), "linux.resources.memory.limit");
	if (resources->memory_limit != 0 &&
		limits_swap(resources->memory_limit, resources->memory_swap, &swap))
		/* v1 counts memory and swap here, v2 swap alone. */
		add(writes, place,
			place->unified ? "memory.swap.max" : "memory.memsw.limit_in_bytes",
			amount(swap < 0 || place->unified ? swap : limit + swap, place->unified),
			"linux.resources.memory.swap");
	if (resources->memory_reservation != 0)
		add(writes, place, place->unified ? "memory.low" : "memory.soft_limit_in_bytes",
			amount(resources->memory_reservation, place->unified),
			"linux.resources.memory.reservation");
	if (resources->memory_swappiness >= 0 && !place->unified)
		add(writes, place, "memory.swappiness", amount(resources->memory_swappiness, FALSE),
			"linux.resources.memory.swappiness");
}

static void add_cpuset(
	GPtrArray *writes, const GPtrArray *places, const struct oci_resources *resources)
{
	const struct cgroup_place *place = cgroup_place_of(places, "cpuset");

	if (place == NULL)
		return;
	if (resources->cpuset_cpus != NULL)
		add(writes, place, "cpuset.cpus", g_strdup(resources->cpuset_cpus),
			"linux.resources.cpu.cpus")
			->required = TRUE;
	if (resources->cpuset_mems != NULL)
		add(writes, place, "cpuset.mems", g_strdup(resources->cpuset_mems),
			"linux.resources.cpu.mems")
			->required = TRUE;
}

/* The block devices are the host's, and what the guest reads goes through the hypervisor. */
static const struct {
	enum oci_io_kind kind;
	const char *file;
	const char *key;
	const char *origin;
} io_files[] = {
	{OCI_IO_READ_BPS, "blkio.throttle.read_bps_device", "rbps",
		"linux.resources.blockIO.throttleReadBpsDevice"},
	{OCI_IO_WRITE_BPS, "blkio.throttle.write_bps_device", "wbps",
		"linux.resources.blockIO.throttleWriteBpsDevice"},
	{OCI_IO_READ_IOPS, "blkio.throttle.read_iops_device", "riops",
		"linux.resources.blockIO.throttleReadIOPSDevice"},
	{OCI_IO_WRITE_IOPS, "blkio.throttle.write_iops_device", "wiops",
		"linux.resources.blockIO.throttleWriteIOPSDevice"},
};

static char *format_rate(const struct oci_io_limit *limit, const char *key, gboolean unified)
{
	if (!unified)
		return g_strdup_printf(
			"%u:%u %" G_GINT64_FORMAT, limit->major, limit->minor, limit->value);
	if (limit->value == 0)
		return g_strdup_printf("%u:%u %s=max", limit->major, limit->minor, key);
	return g_strdup_printf(
		"%u:%u %s=%" G_GINT64_FORMAT, limit->major, limit->minor, key, limit->value);
}

static void add_rates(
	GPtrArray *writes, const struct cgroup_place *place, const struct oci_resources *resources)
{
	for (gsize i = 0; i < G_N_ELEMENTS(io_files); i++) {
		const struct oci_io_limits *limits = &resources->io[io_files[i].kind];

		for (gsize j = 0; j < limits->n; j++)
			add(writes, place, place->unified ? "io.max" : io_files[i].file,
				format_rate(&limits->items[j], io_files[i].key, place->unified),
				io_files[i].origin)
				->required = TRUE;
	}
}

/* By the I/O scheduler, the file of BFQ is there or the general one. device: "8:0 " or "". */
static void add_weight(GPtrArray *writes, const struct cgroup_place *place, const char *device,
	gint64 weight, const char *origin)
{
	const char *suffix = *device != '\0' && !place->unified ? "_device" : "";
	g_autofree char *bfq =
		g_strdup_printf("%s.bfq.weight%s", place->unified ? "io" : "blkio", suffix);
	guint64 plain = place->unified ? limits_io_weight((guint64)weight) : (guint64)weight;
	struct cgroup_write *write = add(
		writes, place, bfq, g_strdup_printf("%s%" G_GINT64_FORMAT, device, weight), origin);

	write->other_file = g_strdup_printf("%s.weight%s", place->unified ? "io" : "blkio", suffix);
	write->other_value = g_strdup_printf("%s%" G_GUINT64_FORMAT, device, plain);
}

static void add_weights(
	GPtrArray *writes, const struct cgroup_place *place, const struct oci_resources *resources)
{
	const struct oci_io_limits *devices = &resources->io[OCI_IO_WEIGHT];

	if (resources->io_weight > 0)
		add_weight(
			writes, place, "", resources->io_weight, "linux.resources.blockIO.weight");
	for (gsize i = 0; i < devices->n; i++) {
		g_autofree char *device =
			g_strdup_printf("%u:%u ", devices->items[i].major, devices->items[i].minor);

		if (devices->items[i].value > 0)
			add_weight(writes, place, device, devices->items[i].value,
				"linux.resources.blockIO.weightDevice");
	}
}

static void add_io(
	GPtrArray *writes, const GPtrArray *places, const struct oci_resources *resources)
{
	const struct cgroup_place *place = cgroup_place_of(places, "blkio");

	if (place == NULL)
		place = cgroup_place_of(places, "io");
	if (place == NULL)
		return;
	add_weights(writes, place, resources);
	add_rates(writes, place, resources);
}

/* Of v1 alone: in v2, packets are told apart by their cgroup, not by a number. */
static void add_network(
	GPtrArray *writes, const GPtrArray *places, const struct oci_resources *resources)
{
	const struct cgroup_place *class = cgroup_place_of(places, "net_cls");
	const struct cgroup_place *priority = cgroup_place_of(places, "net_prio");

	if (class != NULL && resources->network_class != 0)
		add(writes, class, "net_cls.classid",
			g_strdup_printf("%" G_GUINT32_FORMAT, resources->network_class),
			"linux.resources.network.classID");
	for (gsize i = 0; priority != NULL && i < resources->n_priorities; i++)
		add(writes, priority, "net_prio.ifpriomap",
			g_strdup_printf("%s %" G_GUINT32_FORMAT, resources->priorities[i].interface,
				resources->priorities[i].value),
			"linux.resources.network.priorities");
}

GPtrArray *cgroup_limits(
	const GPtrArray *places, const struct oci_resources *resources, const struct cgroup_vm *vm)
{
	GPtrArray *writes = writes_new();

	add_memory(writes, places, resources, vm);
	add_cpuset(writes, places, resources);
	add_io(writes, places, resources);
	add_network(writes, places, resources);
	return writes;
}

static gint64 with_allowance(gint64 quota, gint64 period)
{
	return quota + period * CGROUP_CPU_ALLOWANCE_PERCENT / PERCENT;
}

static void add_quota_v1(GPtrArray *writes, const struct cgroup_place *place, gint64 quota,
	gint64 period, gboolean set_period)
{
	const char *origin = "linux.resources.cpu.quota";

	if (set_period)
		add(writes, place, "cpu.cfs_period_us", amount(period, FALSE),
			"linux.resources.cpu.period");
	if (quota < 0)
		add(writes, place, "cpu.cfs_quota_us", g_strdup("-1"), origin);
	else if (quota > 0)
		/* Above the parent's, v1 refuses it. */
		add(writes, place, "cpu.cfs_quota_us", amount(with_allowance(quota, period), FALSE),
			origin)
			->fallback = amount(quota, FALSE);
}

static void add_quota_v2(
	GPtrArray *writes, const struct cgroup_place *place, gint64 quota, gint64 period)
{
	g_autofree char *text = amount(quota > 0 ? with_allowance(quota, period) : -1, TRUE);

	add(writes, place, "cpu.max", g_strdup_printf("%s %" G_GINT64_FORMAT, text, period),
		"linux.resources.cpu.quota");
}

static void add_shares(
	GPtrArray *writes, const struct cgroup_place *place, const struct oci_resources *resources)
{
	const char *origin = "linux.resources.cpu.shares";

	if (resources->cpu_idle >= 0)
		add(writes, place, "cpu.idle", amount(resources->cpu_idle, FALSE),
			"linux.resources.cpu.idle");
	if (resources->cpu_shares == 0 || resources->cpu_idle == 1)
		return;
	if (place->unified)
		add(writes, place, "cpu.weight",
			g_strdup_printf("%" G_GUINT64_FORMAT,
				limits_cpu_weight((guint64)resources->cpu_shares)),
			origin);
	else
		add(writes, place, "cpu.shares", amount(resources->cpu_shares, FALSE), origin);
}

GPtrArray *cgroup_limits_of_cpu(const GPtrArray *places, const struct oci_resources *resources)
{
	const struct cgroup_place *place = cgroup_place_of(places, "cpu");
	GPtrArray *writes = writes_new();
	gint64 period =
		resources->cpu_period > 0 ? resources->cpu_period : LIMITS_CPU_PERIOD_DEFAULT;

	if (place == NULL)
		return writes;
	add_shares(writes, place, resources);
	if (resources->cpu_quota != 0 || resources->cpu_period != 0) {
		if (place->unified)
			add_quota_v2(writes, place, resources->cpu_quota, period);
		else
			add_quota_v1(writes, place, resources->cpu_quota, period,
				resources->cpu_period > 0);
	}
	if (resources->cpu_burst > 0)
		add(writes, place, place->unified ? "cpu.max.burst" : "cpu.cfs_burst_us",
			amount(resources->cpu_burst, FALSE), "linux.resources.cpu.burst");
	return writes;
}
