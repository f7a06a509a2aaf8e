/* SPDX-License-Identifier: GPL-2.0-only */
/* The names of Linux's capabilities (capabilities(7)), as config.json spells them. */
#pragma once

/* By number, NULL-terminated: those of Linux 5.9 and later. */
extern const char *const oci_capability_names[];
