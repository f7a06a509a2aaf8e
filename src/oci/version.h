/* SPDX-License-Identifier: GPL-2.0-only */
/* `ociVersion`: semantic versions (semver.org 2.0.0), of which we speak one major. */
#pragma once

#include <glib.h>

enum {
	OCI_VERSION_MAJOR = 1,
};

/* Whether it is a version, and of our major; the error says which of the two it is not. */
gboolean oci_version_check(const char *version, GError **error) G_GNUC_WARN_UNUSED_RESULT;
