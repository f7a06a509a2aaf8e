/* SPDX-License-Identifier: GPL-2.0-only */
/* Parses the answer to GETVERSION. */
#include "proxy/agentinfo.h"

#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "wire/bytes.h"
#include "wire/frame.h"
#include "wire/message.h"
#include "wire/stream.h"

enum {
	VERSION_SIZE = 4,
	FEATURES_MAX = 64,
	FEATURE_SIZE_MAX = 64,
	WINDOW_MIN = 4096,
};

static gboolean check_features(GStrv features, GError **error)
{
	for (guint i = 0; features[i] != NULL; i++) {
		if (i < FEATURES_MAX && strlen(features[i]) <= FEATURE_SIZE_MAX)
			continue;
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "features: too many or too long");
		return FALSE;
	}
	return TRUE;
}

static gboolean parse_object(const char *text, gsize size, struct agent_info *info, GError **error)
{
	g_autoptr(JsonNode) node = json_parse_object(text, size, error);
	gint64 frame_max;
	gint64 window;

	if (node == NULL)
		return FALSE;

	JsonObject *object = json_node_get_object(node);

	if (!json_get_strings(object, "", "features", &info->features, error) ||
		!json_require_integer(object, "", "frameMax", TTY_FRAME_MAX_HYPERSTART,
			TTY_FRAME_MAX, &frame_max, error) ||
		!json_require_integer(
			object, "", "streamWindow", WINDOW_MIN, AGENT_WINDOW_MAX, &window, error))
		return FALSE;
	if (info->features == NULL) {
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "features: missing");
		return FALSE;
	}
	info->extended = TRUE;
	info->frame_max = (guint32)frame_max;
	info->stream_window = (guint32)window;
	return check_features(info->features, error);
}

gboolean agent_info_parse(
	const guint8 *data, gsize size, struct agent_info *out_info, GError **error)
{
	struct agent_info info = {
		.frame_max = TTY_FRAME_MAX_HYPERSTART,
		.stream_window = STREAM_WINDOW,
	};

	if (size < VERSION_SIZE || bytes_get_u32(data) < AGENT_VERSION_MIN) {
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "GETVERSION: no version we know");
		return FALSE;
	}
	info.version = bytes_get_u32(data);
	if (size > VERSION_SIZE && !parse_object((const char *)data + VERSION_SIZE,
					   size - VERSION_SIZE, &info, error)) {
		g_prefix_error(error, "GETVERSION: ");
		agent_info_clear(&info);
		return FALSE;
	}
	if (info.features == NULL)
		info.features = g_new0(char *, 1);
	info.window = g_strv_contains((const char *const *)info.features, AGENT_FEATURE_WINDOW);
	info.hangup = g_strv_contains((const char *const *)info.features, AGENT_FEATURE_HANGUP);
	info.oci = g_strv_contains((const char *const *)info.features, AGENT_FEATURE_OCI);
	*out_info = info;
	return TRUE;
}

void agent_info_clear(struct agent_info *info)
{
	g_strfreev(info->features);
	*info = (struct agent_info){0};
}
