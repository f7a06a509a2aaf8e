/* SPDX-License-Identifier: GPL-2.0-only */
/* The guest kernel's configuration and command line. */
#include "vm/kernel.h"

#include <string.h>

#include "base/file.h"

enum {
	/* A distribution's has 300 KiB. */
	CONFIG_SIZE_MAX = 4 << 20,
};

/* Both built in: a module could not be loaded before the initramfs has its devices. */
static const char *const mmio_options[] = {
	"CONFIG_VIRTIO_MMIO=y\n",
	"CONFIG_VIRTIO_MMIO_CMDLINE_DEVICES=y\n",
};

gboolean vm_kernel_finds_mmio(const char *path)
{
	g_autofree char *config = g_strconcat(path, ".config", NULL);
	g_autofree char *text = NULL;
	gsize size;

	if (!file_read(config, CONFIG_SIZE_MAX, &text, &size, NULL))
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(mmio_options); i++) {
		const char *found = strstr(text, mmio_options[i]);

		if (found == NULL || (found > text && found[-1] != '\n'))
			return FALSE;
	}
	return TRUE;
}

/* The parameter, with or without a value, is among the words. */
static gboolean has_parameter(const char *const *words, const char *name)
{
	for (const char *const *word = words; *word != NULL; word++) {
		const char *rest = *word;

		if (g_str_has_prefix(rest, name) &&
			(rest[strlen(name)] == '\0' || rest[strlen(name)] == '='))
			return TRUE;
	}
	return FALSE;
}

char *vm_kernel_parameters(
	const char *configured, enum vm_accel accel, const char *console, const char *machine)
{
	g_auto(GStrv) words = g_strsplit_set(configured, " \t\n", -1);
	const char *const *given = (const char *const *)words;
	g_autoptr(GString) line = g_string_new(NULL);

	if (!has_parameter(given, "console"))
		g_string_append_printf(line, "console=%s ", console);
	if (accel == VM_ACCEL_TCG && !has_parameter(given, "mitigations"))
		g_string_append(line, "mitigations=off ");
	if (accel == VM_ACCEL_TCG && !has_parameter(given, "noreplace-smp"))
		g_string_append(line, "noreplace-smp ");
	g_string_append(line, machine);
	g_string_append(line, configured);
	return g_strstrip(g_string_free(g_steal_pointer(&line), FALSE));
}
