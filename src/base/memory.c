/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads smaps_rollup. */
#include "base/memory.h"

#include <string.h>

#include "base/error.h"
#include "base/file.h"

enum {
	ROLLUP_SIZE_MAX = 64 << 10,
};

/* The figure of a line `NAME:   123 kB`, in bytes. */
static gboolean read_figure(const char *text, const char *name, guint64 *out_bytes, GError **error)
{
	for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
		guint64 kib;
		char *end;

		line += *line == '\n';
		if (!g_str_has_prefix(line, name))
			continue;
		kib = g_ascii_strtoull(line + strlen(name), &end, 10);
		if (!g_str_has_prefix(end, " kB") || kib > G_MAXUINT64 >> 10)
			break;
		*out_bytes = kib << 10;
		return TRUE;
	}
	g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "no figure \"%s\"", name);
	return FALSE;
}

gboolean memory_parse(const char *text, struct memory_cost *out_cost, GError **error)
{
	guint64 pss;
	guint64 clean;
	guint64 dirty;

	if (!read_figure(text, "Pss:", &pss, error) ||
		!read_figure(text, "Private_Clean:", &clean, error) ||
		!read_figure(text, "Private_Dirty:", &dirty, error))
		return FALSE;
	*out_cost = (struct memory_cost){.pss = pss, .private = clean + dirty};
	return TRUE;
}

gboolean memory_of_process(pid_t pid, struct memory_cost *out_cost, GError **error)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/smaps_rollup", (int)pid);
	g_autofree char *text = NULL;
	gsize size;

	if (!file_read(path, ROLLUP_SIZE_MAX, &text, &size, error))
		return FALSE;
	if (memory_parse(text, out_cost, error))
		return TRUE;
	g_prefix_error(error, "%s: ", path);
	return FALSE;
}
