/* SPDX-License-Identifier: GPL-2.0-only */
/* The look-up of vm.json and hypervisor.args (vm/config.h has its directories). */
#pragma once

#include <glib.h>

struct vm_lookup;

/* As vm_lookup_find; finding nothing is CC_ERROR_NOT_FOUND and names the directories. */
char *vm_lookup_require(
	const struct vm_lookup *lookup, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
