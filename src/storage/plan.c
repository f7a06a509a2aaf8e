/* SPDX-License-Identifier: GPL-2.0-only */
/* Plans the share of a container. */
#include "storage/plan.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "storage/devices.h"

static void add(struct storage_plan *plan, const char *source, char *target, gboolean read_only,
	gboolean recursive)
{
	plan->binds[plan->n_binds++] = (struct storage_bind){
		.source = g_strdup(source),
		.target = target,
		.read_only = read_only,
		.recursive = recursive,
	};
}

static gboolean check_source(
	const struct oci_spec *spec, gsize index, const char *source, GError **error)
{
	struct stat status;
	int failure = source == NULL ? ENOENT : stat(source, &status) < 0 ? errno : 0;

	if (failure == 0)
		return TRUE;
	g_set_error(error, CC_ERROR, CC_ERROR_INVALID,
		"%s/" OCI_CONFIG_NAME ": mounts[%" G_GSIZE_FORMAT "].source: %s: %s", spec->bundle,
		index, source == NULL ? "missing" : source, g_strerror(failure));
	return FALSE;
}

/* The source's own name at the end: the container sees it in its table of mounts. */
static char *volume_path(const char *id, gsize index, const char *source)
{
	g_autofree char *name = g_path_get_basename(source);

	return g_strdup_printf("%s/volume-%" G_GSIZE_FORMAT "/%s", id, index,
		strcmp(name, "/") == 0 ? "root" : name);
}

struct storage_plan *storage_plan_new(const char *id, const struct oci_spec *spec, GError **error)
{
	g_autoptr(storage_plan) plan = g_new0(struct storage_plan, 1);

	if (!storage_check_devices(spec, "/sys/dev/block", error))
		return NULL;
	plan->binds = g_new0(struct storage_bind, spec->n_mounts + 1);
	plan->mount_sources = g_new0(char *, spec->n_mounts + 1);
	plan->n_mounts = spec->n_mounts;
	add(plan, spec->root_path, g_strdup_printf("%s/rootfs", id), FALSE, TRUE);
	for (gsize i = 0; i < spec->n_mounts; i++) {
		const struct oci_mount *mount = &spec->mounts[i];

		if (!mount->is_bind)
			continue;
		if (!check_source(spec, i, mount->source, error))
			return NULL;
		plan->mount_sources[i] = volume_path(id, i, mount->source);
		add(plan, mount->source, g_strdup(plan->mount_sources[i]), mount->is_readonly,
			mount->is_recursive);
	}
	return g_steal_pointer(&plan);
}

void storage_plan_free(struct storage_plan *plan)
{
	if (plan == NULL)
		return;
	for (gsize i = 0; i < plan->n_binds; i++) {
		g_free(plan->binds[i].source);
		g_free(plan->binds[i].target);
	}
	for (gsize i = 0; i < plan->n_mounts; i++)
		g_free(plan->mount_sources[i]);
	g_free(plan->mount_sources);
	g_free(plan->binds);
	g_free(plan);
}
