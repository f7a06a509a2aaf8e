/* SPDX-License-Identifier: GPL-2.0-only */
/* The guest kernel's command line. */
#include "vm/kernel.h"

#include <string.h>

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

char *vm_kernel_parameters(const char *configured, enum vm_accel accel, const char *console)
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
	g_string_append(line, configured);
	return g_strstrip(g_string_free(g_steal_pointer(&line), FALSE));
}
