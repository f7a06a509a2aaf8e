/* SPDX-License-Identifier: GPL-2.0-only */
/* Maps the guest's clock to the host's. */
#include "proxy/timeline.h"

#include "base/json.h"
#include "base/timeouts.h"
#include "base/trace.h"
#include "wire/message.h"

enum {
	/* A guest cannot fill the disk. */
	SPANS_MAX = 10000,
};

/* The guest's clock counts from its boot: centuries are a lie, and would overflow. */
static const gint64 clock_max = G_MAXINT64 / 4;

struct timeline {
	pid_t guest;
	gint64 since;
	gint64 asked;
	/* Host's time less the guest's; known once `answered`. */
	gint64 offset;
	gboolean answered;
	guint n_spans;
};

void timeline_add(struct timeline *timeline, const char *name, gint64 begin, gint64 end)
{
	if (timeline == NULL || !timeline->answered || timeline->n_spans >= SPANS_MAX)
		return;
	if (begin < 0 || begin > end || end > clock_max)
		return;
	/* Nothing is told before it has happened: where it seems so, the offset is too large. */
	timeline->offset = MIN(timeline->offset, trace_clock() - end);
	begin += timeline->offset;
	end += timeline->offset;
	if (begin < timeline->since)
		return;
	timeline->n_spans++;
	trace_write_span(timeline->guest, name, begin, end);
}

static gboolean read_span(
	JsonObject *span, const char **out_name, gint64 *out_begin, gint64 *out_end, GError **error)
{
	return json_require_string(span, "", "name", out_name, error) &&
	       json_require_integer(span, "", "begin", 0, clock_max, out_begin, error) &&
	       json_require_integer(span, "", "end", 0, clock_max, out_end, error);
}

/* What is no span is not shown; the trace is for whoever debugs, and stops nothing. */
static void add_boot(struct timeline *timeline, JsonArray *spans)
{
	for (guint i = 0; spans != NULL && i < json_array_get_length(spans); i++) {
		g_autoptr(GError) error = NULL;
		JsonObject *span = NULL;
		const char *name;
		gint64 begin;
		gint64 end;

		if (json_element_object(spans, "spans", i, &span, &error) &&
			read_span(span, &name, &begin, &end, &error))
			timeline_add(timeline, name, begin, end);
	}
}

static void on_answer(JsonNode *payload, const GError *failure, void *data)
{
	struct timeline *timeline = data;
	g_autoptr(GError) error = NULL;
	JsonArray *spans = NULL;
	gint64 now = trace_clock();
	gint64 guest_now;

	if (failure != NULL || payload == NULL)
		return;

	JsonObject *answer = json_node_get_object(payload);

	if (!json_require_integer(answer, "", "now", 0, clock_max, &guest_now, &error) ||
		!json_get_array(answer, "", "spans", &spans, &error))
		return;
	timeline->offset = timeline->asked + (now - timeline->asked) / 2 - guest_now;
	timeline->answered = TRUE;
	trace_write_name(timeline->guest, "guest", NULL);
	add_boot(timeline, spans);
}

struct timeline *timeline_new(struct agent *agent, pid_t guest, gint64 since)
{
	const char *const *features = (const char *const *)agent_get_info(agent)->features;

	if (!trace_is_on() || !g_strv_contains(features, AGENT_FEATURE_TRACE))
		return NULL;

	struct timeline *timeline = g_new0(struct timeline, 1);

	timeline->guest = guest;
	timeline->since = since;
	timeline->asked = trace_clock();
	if (!agent_request(agent, MESSAGE_TRACE, NULL, TIMEOUT_AGENT_REQUEST_MS, on_answer,
		    timeline, NULL))
		g_clear_pointer(&timeline, timeline_free);
	return timeline;
}

void timeline_free(struct timeline *timeline)
{
	g_free(timeline);
}
