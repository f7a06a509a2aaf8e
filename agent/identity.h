/* SPDX-License-Identifier: GPL-2.0-only */
/* Turns the child, root with every capability, into who its config says that it is. */
#pragma once

#include <stdbool.h>

#include "agent/error.h"
#include "agent/spec.h"

bool identity_apply_rlimits(const struct process_spec *spec, struct agent_error *error);

/* Gives the process its standard descriptors; while it is the guest's root. */
void identity_own_fds(const struct process_spec *spec, const struct id_maps *uid_maps);

/*
 * User, groups, capabilities, no-new-privileges, umask; then the working directory. With a filter
 * that a privilege is needed for, the capabilities are left to identity_finish().
 */
bool identity_take(const struct process_spec *spec, const struct seccomp_filter *filter,
	struct agent_error *error);
/* As late as can be, so that the filter need not allow what is done before: loads it (or NULL). */
bool identity_finish(const struct process_spec *spec, const struct seccomp_filter *filter,
	struct agent_error *error);
