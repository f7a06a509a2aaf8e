/* SPDX-License-Identifier: GPL-2.0-only */
/* Where vm.json and hypervisor.args are looked for. */
#include "vm/lookup.h"

#include "base/error.h"
#include "vm/config.h"

enum {
	DIRECTORIES = 3,
};

static void list_directories(const struct vm_lookup *lookup, const char **out_directories)
{
	out_directories[0] = lookup->bundle;
	out_directories[1] = lookup->sysconf;
	out_directories[2] = lookup->defaults;
}

char *vm_lookup_find(const struct vm_lookup *lookup, const char *name)
{
	const char *directories[DIRECTORIES];

	list_directories(lookup, directories);
	for (gsize i = 0; i < DIRECTORIES; i++) {
		if (directories[i] == NULL)
			continue;

		g_autofree char *path = g_build_filename(directories[i], name, NULL);

		if (g_file_test(path, G_FILE_TEST_EXISTS))
			return g_canonicalize_filename(path, NULL);
	}
	return NULL;
}

char *vm_lookup_require(const struct vm_lookup *lookup, const char *name, GError **error)
{
	char *found = vm_lookup_find(lookup, name);

	if (found != NULL)
		return found;

	const char *directories[DIRECTORIES];
	g_autoptr(GString) places = g_string_new(NULL);

	list_directories(lookup, directories);
	for (gsize i = 0; i < DIRECTORIES; i++)
		if (directories[i] != NULL)
			g_string_append_printf(
				places, "%s%s", places->len > 0 ? ", " : "", directories[i]);
	g_set_error(error, CC_ERROR, CC_ERROR_NOT_FOUND, "%s: not found in %s", name, places->str);
	return NULL;
}
