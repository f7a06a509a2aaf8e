/* SPDX-License-Identifier: GPL-2.0-only */
/* Parses an agent's ERROR. */
#include "proxy/agenterror.h"

#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "wire/channel.h"

/* Text of the guest's for a client's terminal: valid, bounded, no control characters. */
static char *clean(const char *text, gsize size)
{
	g_autofree char *raw = g_strndup(text, MIN(size, AGENT_ERROR_TEXT_MAX));
	char *valid = g_utf8_make_valid(g_strchomp(raw), -1);

	for (char *c = valid; *c != '\0'; c++)
		if (g_ascii_iscntrl(*c))
			*c = ' ';
	return valid;
}

gboolean agent_error_parse(
	const guint8 *data, gsize size, gboolean structured, GError **out_reason, GError **error)
{
	g_autoptr(JsonNode) node = NULL;
	const char *message = (const char *)data;
	const char *code = NULL;

	if (structured) {
		node = json_parse_object((const char *)data, size, error);
		if (node == NULL ||
			!json_require_string(
				json_node_get_object(node), "", "message", &message, error) ||
			!json_get_string(json_node_get_object(node), "", "code", &code, error))
			return FALSE;
		size = strlen(message);
	}

	g_autofree char *text = clean(message, size);

	g_set_error_literal(out_reason, CC_ERROR, channel_code_parse(code),
		*text != '\0' ? text : "the agent refused");
	return TRUE;
}
