/* SPDX-License-Identifier: GPL-2.0-only */
/* The lines of a hypervisor.args: comments and blanks removed, sizes bounded. */
#pragma once

#include <glib.h>

struct vm_line {
	/* In the file, from 1. */
	guint number;
	char *text;
};

/*
 * The lines that are arguments, as a new GPtrArray of struct vm_line that frees them; at least one.
 * file: for errors. Not UTF-8, NULs, a line over 64 KiB and a text over 1 MiB are refused.
 */
GPtrArray *vm_template_lines(
	const char *text, gsize size, const char *file, GError **error) G_GNUC_WARN_UNUSED_RESULT;

enum {
	VM_TEMPLATE_SIZE_MAX = 1 << 20,
};
