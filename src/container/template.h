/* SPDX-License-Identifier: GPL-2.0-only */
/* Templates: made by a VM that is booted for nothing else, in the background or on request. */
#pragma once

#include <glib.h>

#include "container/guest.h"

/*
 * After a VM has been booted that could have been a clone: starts a process that makes the template
 * for the next one, in a session and a network namespace of its own, with none of the caller's
 * descriptors, and only for what the processors have left. Nobody waits for it; failures are its
 * own.
 */
void template_make_later(const struct guest *guest);

/*
 * Makes the template of the VM that a bundle's container would get (NULL: one without a
 * configuration of its own), unless there is a good one. *out_key is the caller's. CC_ERROR_EXISTS:
 * another process is making it.
 */
gboolean template_make(const struct settings *settings, const char *bundle, char **out_key,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The directory where templates are; the caller frees. */
char *template_directory(const struct settings *settings, GError **error) G_GNUC_WARN_UNUSED_RESULT;
