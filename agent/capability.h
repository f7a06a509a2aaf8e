/* SPDX-License-Identifier: GPL-2.0-only */
/* Capabilities (capabilities(7)): names, sets, and their application to the calling process. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "agent/error.h"

/* A bit for each capability. */
struct capability_sets {
	uint64_t bounding;
	uint64_t effective;
	uint64_t inheritable;
	uint64_t permitted;
	uint64_t ambient;
};

/* The number of CAP_…, or -1 for a name that is none. */
int capability_by_name(const char *name);
/* The name of a number, or NULL beyond the last one known. */
const char *capability_name(unsigned number);

/* Drops what is not in the bounding set; needs CAP_SETPCAP, so it comes before the user changes. */
bool capability_apply_bounding(const struct capability_sets *sets, struct agent_error *error);
/* Sets the four others; after the user has changed, with PR_SET_KEEPCAPS. */
bool capability_apply(const struct capability_sets *sets, struct agent_error *error);

/* Makes one that is permitted effective, whoever the process is by now. */
bool capability_raise(unsigned number, struct agent_error *error);
