/* SPDX-License-Identifier: GPL-2.0-only */
/* The options of a mount in config.json (runtime-spec config.md, "Mounts"; mount(8)). */
#pragma once

#include <stdbool.h>

#include "agent/error.h"

struct mount_options {
	/* MS_… for mount(2); MS_BIND and MS_REC for bind and rbind. */
	unsigned long flags;
	/* MS_SHARED and the like, with MS_REC for the r-forms; 0: as it comes. */
	unsigned long propagation;
	/* What the file system itself understands, joined by commas; NULL: nothing. Owned. */
	char *data;
};

/* Parses a NULL-terminated vector; later options win over earlier ones. */
bool mount_options_parse(
	struct mount_options *out, char *const *options, struct agent_error *error);
void mount_options_clear(struct mount_options *options);

/* A value of linux.rootfsPropagation as mount(2) flags; 0 for an unknown one. */
unsigned long mount_propagation_parse(const char *name);
