/* SPDX-License-Identifier: GPL-2.0-only */
/* Finds the cgroup hierarchies. */
#include "cgroup/hierarchy.h"

#include <string.h>

#include "base/file.h"

enum {
	TABLE_SIZE_MAX = 8 << 20,
	/* Of a line of mountinfo (proc(5)): the fixed fields in front of the optional ones. */
	FIELD_ROOT = 3,
	FIELD_MOUNT = 4,
	FIELDS_FIXED = 6,
	/* Behind the separator. */
	FIELD_TYPE = 0,
	FIELD_OPTIONS = 2,
};

static void hierarchy_free(struct cgroup_hierarchy *hierarchy)
{
	g_free(hierarchy->mount);
	g_strfreev(hierarchy->controllers);
	g_free(hierarchy->own);
	g_free(hierarchy);
}

/* Options of the superblock that are no controller. */
static gboolean is_controller(const char *option)
{
	static const char *const others[] = {"rw", "ro", "xattr", "clone_children", "noprefix",
		"nsdelegate", "memory_localevents", "memory_recursiveprot", NULL};

	return *option != '\0' && !g_strv_contains(others, option) &&
	       !g_str_has_prefix(option, "release_agent=");
}

static GStrv controllers_of_options(const char *options)
{
	g_auto(GStrv) words = g_strsplit(options, ",", -1);
	GPtrArray *controllers = g_ptr_array_new();

	for (char **word = words; *word != NULL; word++)
		if (is_controller(*word))
			g_ptr_array_add(controllers, g_strdup(*word));
	g_ptr_array_add(controllers, NULL);
	return (GStrv)g_ptr_array_free(controllers, FALSE);
}

static GStrv controllers_of_unified(const char *mount)
{
	g_autofree char *path = g_build_filename(mount, "cgroup.controllers", NULL);
	g_autofree char *text = NULL;
	gsize size;

	if (!file_read(path, TABLE_SIZE_MAX, &text, &size, NULL))
		return g_new0(char *, 1);
	return g_strsplit_set(g_strstrip(text), " \n", -1);
}

gboolean cgroup_has_controller(char *const *controllers, const char *name)
{
	return g_strv_contains((const char *const *)controllers, name);
}

/* A line of /proc/self/cgroup, "4:cpu,cpuacct:/path"; the unified one's is "0::/path". */
static gboolean is_line_of(const struct cgroup_hierarchy *hierarchy, char *const *fields)
{
	g_auto(GStrv) names = NULL;

	if (hierarchy->unified)
		return strcmp(fields[0], "0") == 0 && *fields[1] == '\0';
	names = g_strsplit(fields[1], ",", -1);
	return names[0] != NULL && cgroup_has_controller(hierarchy->controllers, names[0]);
}

/*
 * Our path in the hierarchy as it is seen through this mount, whose root may be a cgroup below the
 * hierarchy's own root, as in a container.
 */
static char *find_own(const struct cgroup_hierarchy *hierarchy, const char *root, const char *own)
{
	g_auto(GStrv) lines = g_strsplit(own, "\n", -1);

	for (char **line = lines; *line != NULL; line++) {
		g_auto(GStrv) fields = g_strsplit(*line, ":", 3);
		gsize length = strcmp(root, "/") == 0 ? 0 : strlen(root);

		if (g_strv_length(fields) < 3 || !is_line_of(hierarchy, fields))
			continue;
		if (strncmp(fields[2], root, length) == 0 && fields[2][length] == '/')
			return g_strdup(fields[2] + length);
		break;
	}
	return g_strdup("/");
}

static gboolean is_known(const GPtrArray *hierarchies, const struct cgroup_hierarchy *hierarchy)
{
	for (guint i = 0; i < hierarchies->len; i++) {
		const struct cgroup_hierarchy *other = hierarchies->pdata[i];

		if (other->unified != hierarchy->unified)
			continue;
		if (hierarchy->unified || (hierarchy->controllers[0] != NULL &&
						  cgroup_has_controller(other->controllers,
							  hierarchy->controllers[0])))
			return TRUE;
	}
	return FALSE;
}

/* Adds the hierarchy of a line of mountinfo, if it is one and not there yet. */
static void add_line(GPtrArray *hierarchies, const char *line, const char *own)
{
	const char *separator = strstr(line, " - ");
	g_auto(GStrv) fields = g_strsplit(line, " ", FIELDS_FIXED + 1);
	g_auto(GStrv) rest = separator != NULL ? g_strsplit(separator + 3, " ", -1) : NULL;
	struct cgroup_hierarchy *hierarchy;

	if (rest == NULL || g_strv_length(fields) < FIELDS_FIXED ||
		g_strv_length(rest) <= FIELD_OPTIONS ||
		(strcmp(rest[FIELD_TYPE], "cgroup") != 0 &&
			strcmp(rest[FIELD_TYPE], "cgroup2") != 0))
		return;
	hierarchy = g_new0(struct cgroup_hierarchy, 1);
	hierarchy->mount = g_strcompress(fields[FIELD_MOUNT]);
	hierarchy->unified = strcmp(rest[FIELD_TYPE], "cgroup2") == 0;
	hierarchy->controllers = hierarchy->unified ? controllers_of_unified(hierarchy->mount)
						    : controllers_of_options(rest[FIELD_OPTIONS]);
	hierarchy->own = find_own(hierarchy, fields[FIELD_ROOT], own);
	if (is_known(hierarchies, hierarchy))
		hierarchy_free(hierarchy);
	else
		g_ptr_array_add(hierarchies, hierarchy);
}

GPtrArray *cgroup_hierarchies_parse(const char *mountinfo, const char *own)
{
	g_auto(GStrv) lines = g_strsplit(mountinfo, "\n", -1);
	GPtrArray *hierarchies = g_ptr_array_new_with_free_func((GDestroyNotify)hierarchy_free);

	for (char **line = lines; *line != NULL; line++)
		add_line(hierarchies, *line, own);
	return hierarchies;
}

GPtrArray *cgroup_hierarchies_load(GError **error)
{
	g_autofree char *mountinfo = NULL;
	g_autofree char *own = NULL;
	gsize size;

	if (!file_read("/proc/self/mountinfo", TABLE_SIZE_MAX, &mountinfo, &size, error) ||
		!file_read("/proc/self/cgroup", TABLE_SIZE_MAX, &own, &size, error))
		return NULL;
	return cgroup_hierarchies_parse(mountinfo, own);
}
