/* SPDX-License-Identifier: GPL-2.0-only */
/* What of config.json is not honoured yet: so that nothing is ignored in silence. */
#pragma once

#include "oci/spec.h"

/* The JSON paths that this document gives and nobody acts on, "hooks, linux.seccomp"; NULL: none.
 */
char *oci_spec_unhonoured(const struct oci_spec *spec);
