/* SPDX-License-Identifier: GPL-2.0-only */
/* What an agent has said of itself: the answer to GETVERSION (docs/agent-protocol.md, section 7).
 */
#pragma once

#include <glib.h>

enum {
	/* The oldest plain hyperstart that we speak. */
	AGENT_VERSION_MIN = 4242,
	/* The largest streamWindow that we grant a guest: it bounds what we queue for a shim. */
	AGENT_WINDOW_MAX = 1 << 20,
	/* Plain hyperstart takes so many bytes on the control channel beyond its last NEXT. */
	AGENT_CREDIT_HYPERSTART = 512,
};

/* All zeroes: nothing known yet. */
struct agent_info {
	guint32 version;
	/* It has sent the object: it is ours, or speaks as ours. */
	gboolean extended;
	GStrv features;
	/* Whether the features have these. */
	gboolean window;
	gboolean oci;
	gboolean hangup;
	/* The largest tty frame that it takes, header included. */
	guint32 frame_max;
	/* Without the feature "window" it is what we keep towards a shim ourselves. */
	guint32 stream_window;
};

/* Bytes in, checked values out. */
gboolean agent_info_parse(const guint8 *data, gsize size, struct agent_info *out_info,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;
void agent_info_clear(struct agent_info *info);
