/* SPDX-License-Identifier: GPL-2.0-only */
/* The options of a mount in config.json (runtime-spec config.md, "Linux mount options"). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "agent/error.h"

/* Attributes to set and to clear, MOUNT_ATTR_… of mount_setattr(2). */
struct mount_change {
	uint64_t set;
	uint64_t clear;
};

struct mount_options {
	bool bind;
	/* With the mounts below the source. */
	bool recursive;
	/* No new mount: only the attributes of what is mounted there. */
	bool remount;
	/* What lies below a tmpfs is copied into it. */
	bool copy_up;
	/* Of the mount, and of it with all below it (rro and the like). */
	struct mount_change own;
	struct mount_change all;
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
