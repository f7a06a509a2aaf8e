/* SPDX-License-Identifier: GPL-2.0-only */
/* linux.seccomp as a filter for the kernel (runtime-spec config-linux.md, "Seccomp"). */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "agent/error.h"

struct seccomp_filter;

/*
 * The filter of the section, the caller's; NULL without one. System calls that libseccomp does not
 * know are left out, as runc does.
 */
bool seccomp_filter_parse(
	struct seccomp_filter **out, const json_t *section, struct agent_error *error);
/* Bears NULL. */
void seccomp_filter_free(struct seccomp_filter *filter);

/* Loads it into the calling process, which has CAP_SYS_ADMIN or no-new-privileges. */
bool seccomp_filter_load(const struct seccomp_filter *filter, struct agent_error *error);
