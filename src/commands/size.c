/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads sizes with a suffix. */
#include "commands/size.h"

#include <string.h>

/* "", "b", "k", "kb", "kib": the letter's factor; 0: none of them. */
static gdouble parse_suffix(const char *suffix)
{
	static const char letters[] = "kmgtp";
	const char *letter = *suffix != '\0' ? strchr(letters, g_ascii_tolower(*suffix)) : NULL;
	gdouble factor = 1;

	if (*suffix == '\0' || g_ascii_strcasecmp(suffix, "b") == 0)
		return 1;
	if (letter == NULL || (suffix[1] != '\0' && g_ascii_strcasecmp(suffix + 1, "b") != 0 &&
				      g_ascii_strcasecmp(suffix + 1, "ib") != 0))
		return 0;
	for (const char *step = letters; step <= letter; step++)
		factor *= 1024;
	return factor;
}

gboolean size_parse(const char *text, gint64 *out_bytes)
{
	gdouble number;
	gdouble factor;
	char *end;

	if (strcmp(text, "-1") == 0) {
		*out_bytes = -1;
		return TRUE;
	}
	if (!g_ascii_isdigit(*text))
		return FALSE;
	number = g_ascii_strtod(text, &end);
	/* It reads exponents and hexadecimal digits as well. */
	if (end != text + strspn(text, "0123456789."))
		return FALSE;
	while (*end == ' ')
		end++;
	factor = parse_suffix(end);
	/* Of what is written without a suffix, not a byte is lost to rounding. */
	if (factor == 1 && memchr(text, '.', strlen(text)) == NULL) {
		g_autofree char *digits = g_strndup(text, strspn(text, "0123456789"));

		return g_ascii_string_to_signed(digits, 10, 0, G_MAXINT64, out_bytes, NULL);
	}
	if (factor == 0 || !(number * factor < 9.2e18))
		return FALSE;
	*out_bytes = (gint64)(number * factor);
	return TRUE;
}
