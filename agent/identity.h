/* SPDX-License-Identifier: GPL-2.0-only */
/* Turns the child, root with every capability, into who its config says that it is. */
#pragma once

#include <stdbool.h>

#include "agent/error.h"
#include "agent/spec.h"

/* User, groups, capabilities, no-new-privileges, umask; then the working directory. */
bool identity_take(const struct process_spec *spec, struct agent_error *error);
bool identity_apply_rlimits(const struct process_spec *spec, struct agent_error *error);
