/* SPDX-License-Identifier: GPL-2.0-only */
/* The guest's spans on the host's clock. */
#include "runner.h"

#include <string.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/trace.h"
#include "proxy/timeline.h"
#include "tests/support/fake-agent.h"
#include "wire/message.h"

#define TRACING_AGENT "{\"features\":[\"oci\",\"trace\"],\"frameMax\":65536,\"streamWindow\":8192}"

static const gint64 second = 1000 * 1000 * 1000;

struct rig {
	struct fake_agent guest;
	struct agent *agent;
	struct timeline *timeline;
	char *path;
	gint64 since;
	guint ready;
	guint spans;
	guint failed;
};

static void on_ready(void *data)
{
	((struct rig *)data)->ready++;
}

static void on_spanned(const char *name, gint64 begin, gint64 end, void *data)
{
	struct rig *rig = data;

	rig->spans++;
	timeline_add(rig->timeline, name, begin, end);
}

static void on_failed(const GError *error, void *data)
{
	ck_assert_ptr_nonnull(error);
	((struct rig *)data)->failed++;
}

static const struct agent_events events = {
	.ready = on_ready,
	.spanned = on_spanned,
	.failed = on_failed,
};

static void rig_open(struct rig *rig, const char *object, gboolean traced)
{
	GError *error = NULL;
	int host;
	int guest;

	*rig = (struct rig){.path = test_path("trace.json")};
	if (traced) {
		ck_assert(trace_create(rig->path));
		g_setenv(TRACE_ENVIRONMENT, rig->path, TRUE);
		ck_assert(trace_open("cc-proxy", "c1"));
	}
	test_succeeds(fd_socket_pair(&host, &guest, &error), error);
	fake_agent_init(&rig->guest, guest, -1);
	rig->agent = agent_new(host, NULL, &events, rig);
	fake_agent_handshake(&rig->guest, FAKE_AGENT_VERSION, object);
	fake_agent_wait(rig->ready == 1);
	/* It began a second ago. */
	rig->since = trace_clock() - second;
	rig->timeline = timeline_new(rig->agent, 7, rig->since);
}

/* What has been written; the caller frees. */
static char *rig_close(struct rig *rig)
{
	char *text = NULL;
	gsize size;

	agent_free(rig->agent);
	timeline_free(rig->timeline);
	fake_agent_clear(&rig->guest);
	trace_close();
	g_unsetenv(TRACE_ENVIRONMENT);
	(void)!file_read(rig->path, 1 << 20, &text, &size, NULL);
	g_free(rig->path);
	return text;
}

static void send_span(struct rig *rig, const char *span)
{
	guint before = rig->spans;

	fake_agent_send_text(&rig->guest, MESSAGE_TRACEEVENT, span);
	fake_agent_wait(rig->spans == before + 1 || rig->failed == 1);
}

TEST(timeline_asks_nothing_without_a_trace)
{
	struct rig rig;

	rig_open(&rig, TRACING_AGENT, FALSE);
	ck_assert_ptr_null(rig.timeline);
	fake_agent_settle();
	ck_assert(!fake_agent_has_message(&rig.guest));
	ck_assert_ptr_null(rig_close(&rig));
}

TEST(timeline_asks_no_agent_that_cannot)
{
	struct rig rig;

	rig_open(&rig, FAKE_AGENT_OBJECT, TRUE);
	ck_assert_ptr_null(rig.timeline);
	fake_agent_settle();
	ck_assert(!fake_agent_has_message(&rig.guest));
	g_free(rig_close(&rig));
}

/* When the span of that name begins, on the trace's clock in ns; fails when there is none. */
static gint64 begin_of(const char *text, const char *name)
{
	g_autofree char *start =
		g_strdup_printf("{\"ph\":\"X\",\"name\":\"%s\",\"pid\":7,\"tid\":7,\"ts\":", name);
	const char *found = strstr(text, start);

	ck_assert_ptr_nonnull(found);
	return (gint64)(g_ascii_strtod(found + strlen(start), NULL) * 1000);
}

TEST(timeline_maps_the_guests_clock)
{
	struct rig rig;
	g_autofree char *text = NULL;
	gint64 asked;

	rig_open(&rig, TRACING_AGENT, TRUE);
	g_free(fake_agent_expect(&rig.guest, MESSAGE_TRACE));
	asked = trace_clock();
	/* Ten seconds after the guest's boot; one span a tenth of a second ago. */
	fake_agent_send_text(&rig.guest, MESSAGE_ACK,
		"{\"now\":10000000000,\"spans\":["
		"{\"name\":\"recent\",\"begin\":9900000000,\"end\":9950000000},"
		"{\"name\":\"before the start\",\"begin\":1,\"end\":2},"
		"{\"name\":\"no end\",\"begin\":9900000000},7]}");
	send_span(&rig, "{\"name\":\"PING\",\"begin\":9990000000,\"end\":10000000000}");
	text = rig_close(&rig);
	ck_assert_int_eq(rig.failed, 0);
	/* As exact as this test is quick; a deadline's worth is enough to see the difference. */
	ck_assert_int_le(ABS(begin_of(text, "recent") - (asked - second / 10)), 5 * second);
	ck_assert_int_gt(begin_of(text, "PING"), begin_of(text, "recent"));
	ck_assert_ptr_null(strstr(text, "before the start"));
	ck_assert_ptr_null(strstr(text, "no end"));
}

static const char *const bad_spans[] = {
	"{\"name\":\"bad \\\" name\",\"begin\":9990000000,\"end\":10000000000}",
	"{\"name\":\"bad order\",\"begin\":10000000000,\"end\":9990000000}",
	"{\"name\":\"bad clock\",\"begin\":9990000000,\"end\":9223372036854775807}",
};

TEST(timeline_shows_no_bad_span)
{
	struct rig rig;
	g_autofree char *text = NULL;

	rig_open(&rig, TRACING_AGENT, TRUE);
	g_free(fake_agent_expect(&rig.guest, MESSAGE_TRACE));
	fake_agent_send_text(&rig.guest, MESSAGE_ACK, "{\"now\":10000000000,\"spans\":[]}");
	send_span(&rig, bad_spans[_i]);
	text = rig_close(&rig);
	ck_assert_int_eq(rig.failed, 0);
	ck_assert_ptr_null(strstr(text, "bad"));
}

TEST(span_that_nobody_asked_for_breaks_the_protocol)
{
	struct rig rig;

	rig_open(&rig, TRACING_AGENT, FALSE);
	send_span(&rig, "{\"name\":\"PING\",\"begin\":1,\"end\":2}");
	ck_assert_int_eq(rig.failed, 1);
	ck_assert_ptr_null(rig_close(&rig));
}

static const struct test tests[] = {
	RUN(timeline_asks_nothing_without_a_trace),
	RUN(timeline_asks_no_agent_that_cannot),
	RUN(timeline_maps_the_guests_clock),
	RUN_EACH(timeline_shows_no_bad_span, G_N_ELEMENTS(bad_spans)),
	RUN(span_that_nobody_asked_for_breaks_the_protocol),
};

TEST_MAIN("proxy-timeline", tests)
