/* SPDX-License-Identifier: GPL-2.0-only */
/* Container ids. */
#include "oci/id.h"

#include <string.h>

#include "base/error.h"

/* g_ascii_isalnum would do, but the set is the contract: it is written out. */
static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-.";

static gboolean invalid(const char *text, GError **error)
{
	g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "container id: %s", text);
	return FALSE;
}

gboolean oci_id_check(const char *id, GError **error)
{
	gsize length = strlen(id);

	if (length == 0)
		return invalid("empty", error);
	/* Before anything that would quote it. */
	if (length > OCI_ID_MAX)
		return invalid("longer than 255 bytes", error);
	if (strspn(id, allowed) != length)
		return invalid("only letters, digits and _ + - . are allowed", error);
	/* ".templates" lies beside the containers' directories. */
	if (strcmp(id, ".") == 0 || strcmp(id, "..") == 0 || strcmp(id, ".templates") == 0)
		return invalid("names a directory of its own", error);
	return TRUE;
}
