/* SPDX-License-Identifier: GPL-2.0-only */
/* What depends on the machine type and on which QEMU it is. */
#include "vm/machine.h"

#include <string.h>
#include <unistd.h>

gboolean vm_machine_is_lite(const char *hypervisor)
{
	g_autofree char *name = g_path_get_basename(hypervisor);

	return strstr(name, "qemu-lite") != NULL;
}

const char *vm_machine_name(const char *configured, const char *hypervisor)
{
	if (strcmp(configured, "auto") != 0)
		return configured;
	return vm_machine_is_lite(hypervisor) ? "pc-lite" : "pc";
}

static gboolean is_machine_option(const char *argument)
{
	static const char *const options[] = {"-machine", "--machine", "-M", "--M", NULL};

	return g_strv_contains(options, argument);
}

char *vm_machine_of_arguments(const char *const *argv)
{
	for (gsize i = 0; argv[i] != NULL && argv[i + 1] != NULL; i++) {
		if (!is_machine_option(argv[i]))
			continue;

		const char *value = argv[i + 1];

		if (g_str_has_prefix(value, "type="))
			value += strlen("type=");

		gsize length = strcspn(value, ",=");

		if (length > 0 && value[length] != '=')
			return g_strndup(value, length);
	}
	return g_strdup("pc");
}

gboolean vm_machine_is_pc(const char *type)
{
	return strcmp(type, "pc") == 0 || g_str_has_prefix(type, "pc-i440fx");
}

gboolean vm_machine_is_mmio(const char *type)
{
	return strcmp(type, "microvm") == 0;
}

static char *readable_file(char *path)
{
	if (access(path, R_OK) == 0)
		return path;
	g_free(path);
	return NULL;
}

char *vm_machine_firmware(const char *name, const char *hypervisor, const char *const *directories)
{
	for (const char *const *directory = directories; *directory != NULL; directory++) {
		char *found = readable_file(g_build_filename(*directory, name, NULL));

		if (found != NULL)
			return found;
	}

	g_autofree char *bin = g_path_get_dirname(hypervisor);
	g_autofree char *share = g_build_filename(bin, "..", "share", "qemu", name, NULL);

	return readable_file(g_canonicalize_filename(share, NULL));
}
