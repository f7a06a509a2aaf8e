/* SPDX-License-Identifier: GPL-2.0-only */
/* The payload of an agent's ERROR, as an error of ours. */
#pragma once

#include <glib.h>

enum {
	/* A longer text is cut: it ends in a client's error message. */
	AGENT_ERROR_TEXT_MAX = 4096,
};

/*
 * structured: the agent has the feature "oci", and the payload must be {"message","code"}. FALSE
 * when it is not; else *out_reason is the agent's error, the caller's.
 */
gboolean agent_error_parse(const guint8 *data, gsize size, gboolean structured, GError **out_reason,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;
