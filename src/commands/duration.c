/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads durations. */
#include "commands/duration.h"

#include <string.h>

/* The longest first where one is the beginning of another. */
static const struct {
	const char *suffix;
	gdouble milliseconds;
} units[] = {
	{"ms", 1},
	{"us", 1e-3},
	{"µs", 1e-3},
	{"ns", 1e-6},
	{"s", 1000},
	{"m", 60 * 1000},
	{"h", 60 * 60 * 1000},
};

/* 0: none. */
static gdouble take_unit(const char **text)
{
	for (gsize i = 0; i < G_N_ELEMENTS(units); i++) {
		gsize size = strlen(units[i].suffix);

		if (strncmp(*text, units[i].suffix, size) != 0)
			continue;
		*text += size;
		return units[i].milliseconds;
	}
	return 0;
}

gboolean duration_parse(const char *text, gint64 *out_milliseconds)
{
	gdouble total = 0;

	if (*text == '\0')
		return FALSE;
	while (*text != '\0') {
		gsize size = strspn(text, "0123456789.");
		gdouble unit;
		gdouble number;

		if (size == 0 || *text == '.')
			return FALSE;
		number = g_ascii_strtod(text, NULL);
		text += size;
		unit = take_unit(&text);
		if (unit == 0)
			return FALSE;
		total += number * unit;
	}
	if (!(total < G_MAXINT))
		return FALSE;
	*out_milliseconds = total > 0 ? MAX((gint64)total, 1) : 0;
	return TRUE;
}
