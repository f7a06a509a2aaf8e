/* SPDX-License-Identifier: GPL-2.0-only */
/* Lists of CPUs and memory nodes, "0-3,7". */
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "oci/resources.h"

enum {
	/* More than the largest kernels have. */
	NUMBER_MAX = 8191,
};

static gboolean parse_number(const char *text, guint *out_number)
{
	guint64 number;

	if (!g_ascii_string_to_unsigned(text, 10, 0, NUMBER_MAX, &number, NULL))
		return FALSE;
	*out_number = (guint)number;
	return TRUE;
}

/* "3" or "0-3". */
static gboolean parse_range(const char *text, guint8 *members)
{
	g_auto(GStrv) ends = g_strsplit(text, "-", 2);
	guint first;
	guint last;

	if (ends[0] == NULL || !parse_number(ends[0], &first))
		return FALSE;
	last = first;
	if (ends[1] != NULL && !parse_number(ends[1], &last))
		return FALSE;
	for (guint i = first; i <= last; i++)
		members[i] = 1;
	return first <= last;
}

GArray *oci_cpu_list_parse(const char *text, GError **error)
{
	g_auto(GStrv) ranges = g_strsplit(text, ",", -1);
	g_autofree guint8 *members = g_malloc0(NUMBER_MAX + 1);
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(guint));
	gboolean good = ranges[0] != NULL;

	for (char **range = ranges; good && *range != NULL; range++)
		good = parse_range(g_strstrip(*range), members);
	if (!good) {
		g_autofree char *quoted = json_quote(text);

		g_set_error(error, CC_ERROR, CC_ERROR_INVALID,
			"expected a list such as 0-3,7, found %s", quoted);
		return NULL;
	}
	for (guint i = 0; i <= NUMBER_MAX; i++)
		if (members[i])
			g_array_append_val(list, i);
	return g_steal_pointer(&list);
}
