/* SPDX-License-Identifier: GPL-2.0-only */
/* Container ids: names of directories, so checked before anything else is done with them. */
#pragma once

#include <glib.h>

enum {
	/* NAME_MAX: an id names a directory. */
	OCI_ID_MAX = 255,
};

/* Letters, digits, and _ + - . as runc; not empty, not "." or "..", at most OCI_ID_MAX bytes. */
gboolean oci_id_check(const char *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
