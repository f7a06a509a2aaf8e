/* SPDX-License-Identifier: GPL-2.0-only */
/* The options that create and run share. */
#pragma once

#include <glib.h>

#include "container/container.h"

struct create_arguments {
	char *bundle;
	char *pid_file;
	char *console_socket;
	gboolean detach;
	gboolean keep;
	gboolean no_subreaper;
	gboolean no_pivot;
	gboolean no_new_keyring;
	int preserve_fds;
};

/* The option table for these; detach, keep and no_subreaper only for `run`. The caller frees with
 * g_free. */
GOptionEntry *create_entries(struct create_arguments *arguments, gboolean for_run);
void create_arguments_clear(struct create_arguments *arguments);

/*
 * Fills in the options from what was read and from `ID [BUNDLE]`. *out_bundle, the caller's, holds
 * the bundle's absolute path as long as the options are used.
 */
void create_options_fill(const struct create_arguments *arguments, int argc, char **argv,
	gboolean attached, char **out_bundle, struct create_options *out_options);
