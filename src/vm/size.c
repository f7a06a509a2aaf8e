/* SPDX-License-Identifier: GPL-2.0-only */
/* linux.resources to memory and CPUs of a VM. */
#include "vm/size.h"

#include <unistd.h>

#include "wire/limits.h"

static const gint64 mib = 1 << 20;

struct vm_size_host vm_size_host(void)
{
	gint64 pages = sysconf(_SC_PHYS_PAGES);
	gint64 page = sysconf(_SC_PAGESIZE);
	gint64 cpus = sysconf(_SC_NPROCESSORS_ONLN);

	return (struct vm_size_host){
		.memory_mib = (guint)MAX(pages * page / mib, 1),
		.cpus = (guint)MAX(cpus, 1),
	};
}

static void fit_memory(
	struct vm_config *config, const struct oci_resources *resources, guint host_mib)
{
	guint most = config->memory_max_mib != 0 ? config->memory_max_mib : host_mib;
	/* Rounded up, without overflow: engines write "no limit" as a very large number too. */
	gint64 needed = resources->memory_limit / mib + 1 + VM_SIZE_GUEST_MIB;
	gint64 size = config->memory_mib;

	if (resources->memory_limit <= 0)
		return;
	while (size < needed && size < most)
		size *= 2;
	config->memory_mib = MAX(config->memory_mib, (guint)MIN(size, most));
}

static guint cpus_of_quota(const struct oci_resources *resources)
{
	gint64 period =
		resources->cpu_period > 0 ? resources->cpu_period : LIMITS_CPU_PERIOD_DEFAULT;

	return (guint)MIN((resources->cpu_quota - 1) / period + 1, G_MAXINT);
}

static guint cpus_of_cpuset(const struct oci_resources *resources)
{
	/* Checked when it was parsed. */
	g_autoptr(GArray) list = oci_cpu_list_parse(resources->cpuset_cpus, NULL);

	return list != NULL ? list->len : 1;
}

static void fit_cpus(
	struct vm_config *config, const struct oci_resources *resources, guint host_cpus)
{
	guint most = config->cpus_max != 0 ? config->cpus_max : host_cpus;
	guint wanted = 1;

	if (resources->cpuset_cpus != NULL)
		wanted = cpus_of_cpuset(resources);
	if (resources->cpu_quota > 0)
		wanted = resources->cpuset_cpus != NULL ? MIN(wanted, cpus_of_quota(resources))
							: cpus_of_quota(resources);
	config->cpus = MAX(config->cpus, MIN(wanted, most));
}

void vm_size_fit(struct vm_config *config, const struct oci_resources *resources,
	const struct vm_size_host *host)
{
	fit_memory(config, resources, host->memory_mib);
	fit_cpus(config, resources, host->cpus);
}
