/* SPDX-License-Identifier: GPL-2.0-only */
/* The lines of a hypervisor.args. */
#include "vm/template.h"

#include <string.h>

#include "base/error.h"

enum {
	LINE_SIZE_MAX = 64 << 10,
};

static void free_line(gpointer data)
{
	struct vm_line *line = data;

	g_free(line->text);
	g_free(line);
}

/* Up to a `#` at the start or after a blank: elsewhere it is part of a name. */
static gsize length_without_comment(const char *line, gsize length)
{
	for (gsize i = 0; i < length; i++)
		if (line[i] == '#' && (i == 0 || g_ascii_isspace(line[i - 1])))
			return i;
	return length;
}

static void add_line(GPtrArray *lines, guint number, const char *start, gsize length)
{
	g_autofree char *text = g_strstrip(g_strndup(start, length_without_comment(start, length)));

	if (*text == '\0')
		return;

	struct vm_line *line = g_new(struct vm_line, 1);

	*line = (struct vm_line){.number = number, .text = g_steal_pointer(&text)};
	g_ptr_array_add(lines, line);
}

static gboolean check_text(const char *text, gsize size, const char *file, GError **error)
{
	const char *problem = NULL;

	if (size > VM_TEMPLATE_SIZE_MAX)
		problem = "larger than 1 MiB";
	else if (memchr(text, '\0', size) != NULL)
		problem = "has a NUL byte";
	else if (!g_utf8_validate(text, (gssize)size, NULL))
		problem = "not UTF-8";
	if (problem == NULL)
		return TRUE;
	g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "%s: %s", file, problem);
	return FALSE;
}

GPtrArray *vm_template_lines(const char *text, gsize size, const char *file, GError **error)
{
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(free_line);
	const char *end = text + size;
	guint number = 1;

	if (!check_text(text, size, file, error))
		return NULL;
	for (const char *start = text; start < end; number++) {
		const char *newline = memchr(start, '\n', (gsize)(end - start));
		gsize length = (gsize)((newline != NULL ? newline : end) - start);

		if (length > LINE_SIZE_MAX) {
			g_set_error(error, CC_ERROR, CC_ERROR_INVALID,
				"%s:%u: line longer than 64 KiB", file, number);
			return NULL;
		}
		add_line(lines, number, start, length);
		start += length + (newline != NULL);
	}
	if (lines->len == 0) {
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "%s: empty: no hypervisor", file);
		return NULL;
	}
	return g_steal_pointer(&lines);
}
