/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hooks that run in the container's namespaces: createContainer and startContainer (runtime-spec
 * config.md, "POSIX-platform Hooks"). Their programs are the container's.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/error.h"

struct hook_spec {
	const char *path;
	/* NULL-terminated, with argv[0]. */
	char **args;
	char **env;
	int64_t timeout_ms;
};

struct hook_list {
	/* "createContainer", for errors. */
	const char *kind;
	struct hook_spec *hooks;
	size_t n;
};

struct hooks_spec {
	struct hook_list create;
	struct hook_list start;
	/* The state that they read, but for status and pid: borrowed. */
	const char *id;
	const char *bundle;
	const char *version;
	json_t *annotations;
};

/* From the sections' `hooks`, `ociVersion`, `bundle` and `annotations`; the id is the caller's. */
bool hooks_spec_parse(struct hooks_spec *out, const json_t *oci, struct agent_error *error);
void hooks_spec_clear(struct hooks_spec *hooks);
/* How long all of the list may take together, in milliseconds. */
int64_t hook_list_time(const struct hook_list *list);

/* Runs them one after the other, in a child's child each; the first that fails ends it. */
bool hook_list_run(const struct hooks_spec *hooks, const struct hook_list *list, const char *status,
	struct agent_error *error);
