/* SPDX-License-Identifier: GPL-2.0-only */
/* From cgroupsPath to directories. */
#include "cgroup/place.h"

#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "cgroup/hierarchy.h"

#define UNIT_PREFIX_DEFAULT "cc-oci-runtime"
#define SLICE_DEFAULT	    "system.slice"
#define SLICE_SUFFIX	    ".slice"

void cgroup_place_free(struct cgroup_place *place)
{
	if (place == NULL)
		return;
	g_free(place->mount);
	g_free(place->path);
	g_strfreev(place->controllers);
	g_free(place);
}

/* path: below the mount. */
static void add_place(GPtrArray *places, const struct cgroup_hierarchy *hierarchy, const char *path)
{
	struct cgroup_place *place = g_new0(struct cgroup_place, 1);
	/* No ".." leads out of the mount. */
	g_autofree char *below = g_canonicalize_filename(path, "/");

	place->mount = g_strdup(hierarchy->mount);
	place->path = g_build_filename(hierarchy->mount, below, NULL);
	place->unified = hierarchy->unified;
	place->controllers = g_strdupv(hierarchy->controllers);
	g_ptr_array_add(places, place);
}

GPtrArray *cgroup_places(const GPtrArray *hierarchies, const char *cgroups_path, const char *name)
{
	const char *path = cgroups_path != NULL ? cgroups_path : name;
	GPtrArray *places = g_ptr_array_new_with_free_func((GDestroyNotify)cgroup_place_free);

	for (guint i = 0; i < hierarchies->len; i++) {
		const struct cgroup_hierarchy *hierarchy = hierarchies->pdata[i];
		/* Before it is joined, so that its ".." stay within it. */
		g_autofree char *below = g_canonicalize_filename(path, "/");
		g_autofree char *parent = hierarchy->unified ? g_path_get_dirname(hierarchy->own)
							     : g_strdup(hierarchy->own);
		g_autofree char *relative = g_build_filename(parent, below, NULL);

		add_place(places, hierarchy, *path == '/' ? below : relative);
	}
	return places;
}

GPtrArray *cgroup_places_of_unit(const GPtrArray *hierarchies, const struct cgroup_unit *unit)
{
	g_autofree char *slice = cgroup_slice_path(unit->slice, NULL);
	g_autofree char *path = g_build_filename(slice, unit->name, NULL);
	GPtrArray *places = g_ptr_array_new_with_free_func((GDestroyNotify)cgroup_place_free);

	for (guint i = 0; i < hierarchies->len; i++)
		add_place(places, hierarchies->pdata[i], path);
	return places;
}

static const struct cgroup_hierarchy *find_hierarchy(
	const GPtrArray *hierarchies, const char *directory)
{
	for (guint i = 0; i < hierarchies->len; i++) {
		const struct cgroup_hierarchy *hierarchy = hierarchies->pdata[i];
		gsize length = strlen(hierarchy->mount);

		if (strncmp(directory, hierarchy->mount, length) == 0 && directory[length] == '/')
			return hierarchy;
	}
	return NULL;
}

GPtrArray *cgroup_places_of_directories(const GPtrArray *hierarchies, const GPtrArray *directories)
{
	GPtrArray *places = g_ptr_array_new_with_free_func((GDestroyNotify)cgroup_place_free);

	for (guint i = 0; i < directories->len; i++) {
		const char *directory = directories->pdata[i];
		const struct cgroup_hierarchy *hierarchy = find_hierarchy(hierarchies, directory);

		if (hierarchy != NULL && g_file_test(directory, G_FILE_TEST_IS_DIR))
			add_place(places, hierarchy, directory + strlen(hierarchy->mount));
	}
	return places;
}

const struct cgroup_place *cgroup_place_of(const GPtrArray *places, const char *controller)
{
	for (guint i = 0; i < places->len; i++) {
		const struct cgroup_place *place = places->pdata[i];

		if (cgroup_has_controller(place->controllers, controller))
			return place;
	}
	return NULL;
}

static gboolean set_invalid(GError **error, const char *text, const char *value)
{
	g_autofree char *quoted = json_quote(value);

	g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "%s, found %s", text, quoted);
	return FALSE;
}

/* Each dash of a slice's name is a level (systemd.slice(5)). */
char *cgroup_slice_path(const char *slice, GError **error)
{
	g_autoptr(GString) path = g_string_new(NULL);
	gsize length = strlen(slice);

	if (strcmp(slice, "-.slice") == 0)
		return g_strdup("/");
	if (!g_str_has_suffix(slice, SLICE_SUFFIX) || length == strlen(SLICE_SUFFIX) ||
		strchr(slice, '/') != NULL || *slice == '-' || strstr(slice, "--") != NULL ||
		strstr(slice, "-.slice") != NULL) {
		(void)set_invalid(error, "expected the name of a slice", slice);
		return NULL;
	}
	length -= strlen(SLICE_SUFFIX);
	for (gsize i = 1; i <= length; i++)
		if (i == length || slice[i] == '-')
			g_string_append_printf(path, "/%.*s" SLICE_SUFFIX, (int)i, slice);
	return g_string_free(g_steal_pointer(&path), FALSE);
}

gboolean cgroup_unit_parse(
	const char *cgroups_path, const char *name, struct cgroup_unit *out_unit, GError **error)
{
	const char *text = cgroups_path != NULL ? cgroups_path : "::";
	g_auto(GStrv) parts = g_strsplit(text, ":", -1);
	g_autofree char *path = NULL;

	if (g_strv_length(parts) != 3)
		return set_invalid(error,
			"linux.cgroupsPath: expected SLICE:PREFIX:NAME with --systemd-cgroup",
			text);

	const char *slice = *parts[0] != '\0' ? parts[0] : SLICE_DEFAULT;
	const char *prefix = cgroups_path != NULL ? parts[1] : UNIT_PREFIX_DEFAULT;

	if (*parts[2] != '\0')
		name = parts[2];
	path = cgroup_slice_path(slice, error);
	if (path == NULL || strchr(prefix, '/') != NULL || strchr(name, '/') != NULL) {
		if (path != NULL)
			(void)set_invalid(error, "expected names without a slash", text);
		g_prefix_error(error, "linux.cgroupsPath: ");
		return FALSE;
	}
	out_unit->slice = g_strdup(slice);
	if (g_str_has_suffix(name, SLICE_SUFFIX))
		out_unit->name = g_strdup(name);
	else
		out_unit->name =
			g_strconcat(prefix, *prefix != '\0' ? "-" : "", name, ".scope", NULL);
	return TRUE;
}

void cgroup_unit_clear(struct cgroup_unit *unit)
{
	g_clear_pointer(&unit->slice, g_free);
	g_clear_pointer(&unit->name, g_free);
}
