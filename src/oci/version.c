/* SPDX-License-Identifier: GPL-2.0-only */
/* `ociVersion`. */
#include "oci/version.h"

#include <string.h>

#include "base/error.h"
#include "base/json.h"

/* A number without leading zeros; moves *at behind it. */
static gboolean skip_number(const char **at)
{
	gsize length = strspn(*at, "0123456789");

	if (length == 0 || (length > 1 && **at == '0'))
		return FALSE;
	*at += length;
	return TRUE;
}

static gboolean skip_character(const char **at, char c)
{
	if (**at != c)
		return FALSE;
	(*at)++;
	return TRUE;
}

/* "-dev.1" or "+build": the mark, when it is there, and at least one character of an identifier. */
static gboolean skip_suffix(const char **at, char mark)
{
	if (!skip_character(at, mark))
		return TRUE;

	const char *start = *at;

	while (g_ascii_isalnum(**at) || **at == '.' || **at == '-')
		(*at)++;
	return *at != start;
}

static gboolean is_version(const char *version)
{
	const char *at = version;

	return skip_number(&at) && skip_character(&at, '.') && skip_number(&at) &&
	       skip_character(&at, '.') && skip_number(&at) && skip_suffix(&at, '-') &&
	       skip_suffix(&at, '+') && *at == '\0';
}

gboolean oci_version_check(const char *version, GError **error)
{
	g_autofree char *quoted = json_quote(version);

	if (!is_version(version)) {
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "not a version: %s", quoted);
		return FALSE;
	}
	/* The length keeps "10.0.0" apart; digits only, as checked above. */
	if (strcspn(version, ".") != 1 || version[0] != '0' + OCI_VERSION_MAJOR) {
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "not supported: %s (%d.x is)",
			quoted, OCI_VERSION_MAJOR);
		return FALSE;
	}
	return TRUE;
}
