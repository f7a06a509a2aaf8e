/* SPDX-License-Identifier: GPL-2.0-only */
/* The timeline: written by many, drawn as a chart. */
#include "runner.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/timeline.h"
#include "base/trace.h"

/* ---- writing */

/* Begins to trace to a new file of the test's; the caller frees its path. */
static char *begin_trace(void)
{
	char *path = test_path("trace.json");

	ck_assert(trace_create(path));
	g_setenv(TRACE_ENVIRONMENT, path, TRUE);
	ck_assert(trace_open("program", "detail"));
	return path;
}

static char *end_trace(const char *path)
{
	g_autoptr(GError) error = NULL;
	char *text = NULL;
	gsize size;

	trace_close();
	g_unsetenv(TRACE_ENVIRONMENT);
	test_succeeds(file_read(path, 1 << 20, &text, &size, &error), error);
	return text;
}

TEST(trace_is_off_without_the_variable)
{
	g_unsetenv(TRACE_ENVIRONMENT);
	ck_assert(trace_open("program", NULL));
	ck_assert(!trace_is_on());
	ck_assert_int_eq(trace_begin(), 0);
	trace_end("span", trace_begin());
	trace_write_span(1, "span", 1, 2);
	trace_write_name(1, "name", NULL);
	trace_close();
}

TEST(trace_that_cannot_be_opened_says_so)
{
	g_autofree char *path = test_path("none/trace.json");

	ck_assert(!trace_create(path));
	ck_assert_int_eq(errno, ENOENT);
	g_setenv(TRACE_ENVIRONMENT, path, TRUE);
	ck_assert(!trace_open("program", NULL));
	ck_assert(!trace_is_on());
	g_unsetenv(TRACE_ENVIRONMENT);
}

TEST(trace_is_an_array_of_events)
{
	g_autofree char *path = begin_trace();
	g_autofree char *expected = NULL;
	g_autofree char *text = NULL;

	trace_write_span(7, "a span", 1234567, 3000001);
	text = end_trace(path);
	expected = g_strdup_printf("[\n"
				   "{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":%d,"
				   "\"args\":{\"name\":\"program detail\"}},\n"
				   "{\"ph\":\"X\",\"name\":\"a span\",\"pid\":7,\"tid\":7,"
				   "\"ts\":1234.567,\"dur\":1765.434},\n",
		getpid());
	ck_assert_str_eq(text, expected);
}

TEST(trace_goes_on_in_a_file_that_is_there)
{
	g_autofree char *path = begin_trace();
	g_autofree char *before = end_trace(path);
	g_autofree char *again = begin_trace();
	g_autofree char *after = end_trace(again);

	ck_assert(g_str_has_prefix(after, before));
	ck_assert_ptr_null(strchr(after + 1, '['));
}

/* None of them becomes an event. */
static const char *const bad_names[] = {
	"",
	"a\"b",
	"a\\b",
	"a\nb",
	"\xc3\xa4",
	"0123456789012345678901234567890123456789012345678901234567890123",
};

TEST(trace_writes_no_bad_name)
{
	g_autofree char *path = begin_trace();
	g_autofree char *text = NULL;

	trace_write_span(1, bad_names[_i], 1, 2);
	trace_write_name(1, bad_names[_i], NULL);
	text = end_trace(path);
	ck_assert(!trace_name_is_valid(bad_names[_i]));
	ck_assert_ptr_null(strstr(text, "\"pid\":1,"));
}

TEST(trace_writes_no_span_that_ends_before_it_begins)
{
	g_autofree char *path = begin_trace();
	g_autofree char *text = NULL;

	trace_write_span(1, "span", 2, 1);
	trace_write_span(1, "span", -1, 1);
	text = end_trace(path);
	ck_assert_ptr_null(strstr(text, "\"pid\":1,"));
}

/* Each line of what several processes wrote at once is whole. */
TEST(trace_is_written_by_many_at_once)
{
	enum { WRITERS = 4, EVENTS = 500 };

	g_autofree char *path = begin_trace();
	g_auto(GStrv) lines = NULL;

	for (int writer = 0; writer < WRITERS; writer++) {
		pid_t pid = fork();

		ck_assert_int_ge(pid, 0);
		for (int i = 0; pid == 0 && i < EVENTS; i++)
			trace_write_span(writer + 1, "event", i, i + 1);
		if (pid == 0)
			_exit(0);
	}
	while (wait(NULL) > 0)
		;

	g_autofree char *text = end_trace(path);

	lines = g_strsplit(text, "\n", -1);
	ck_assert_uint_eq(g_strv_length(lines), 2 + WRITERS * EVENTS + 1);
	for (guint i = 1; i < g_strv_length(lines) - 1; i++) {
		gsize length = strlen(lines[i]);
		g_autoptr(JsonNode) event = json_parse_object(lines[i], length - 1, NULL);

		ck_assert_ptr_nonnull(event);
		ck_assert_int_eq(lines[i][length - 1], ',');
	}
}

/* ---- drawing */

static char *chart(const char *text, GError **error)
{
	return timeline_chart(text, strlen(text), "t", 10, error);
}

#define NAME(pid, name)                                                                            \
	"{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":" pid ",\"args\":{\"name\":\"" name       \
	"\"}},\n"
#define SPAN(pid, name, ts, dur)                                                                   \
	"{\"ph\":\"X\",\"name\":\"" name "\",\"pid\":" pid ",\"tid\":" pid ",\"ts\":" ts           \
	",\"dur\":" dur "},\n"

TEST(timeline_groups_sorts_and_nests)
{
	g_autoptr(GError) error = NULL;
	/* The inner one is written first, as it ends first; the other process begins later. */
	g_autofree char *text = chart("[\n" NAME("2", "second") SPAN("2", "late", "6000.5", "4000")
					      NAME("1", "first") SPAN("1", "inner", "2000", "3000")
						      SPAN("1", "outer", "1000", "9000.5")
							      SPAN("1", "after", "10000.5", "0"),
		&error);

	test_succeeds(text != NULL, error);
	ck_assert_str_eq(text,
		"                                    begin ms        ms\n"
		"first (1)\n"
		"  outer                                  0.0       9.0  ==========\n"
		"    inner                                1.0       3.0   ====\n"
		"    after                                9.0       0.0           |\n"
		"second (2)\n"
		"  late                                   5.0       4.0       =====\n");
}

TEST(timeline_reads_a_closed_array_and_passes_over_other_kinds)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *text =
		chart("[{\"ph\":\"i\",\"name\":\"x\",\"pid\":1}\n,\n"
		      "{\"ph\":\"X\",\"name\":\"a\",\"pid\":1,\"ts\":0,\"dur\":1}\n]\n",
			&error);

	test_succeeds(text != NULL, error);
	ck_assert_ptr_nonnull(strstr(text, "process (1)\n  a "));
	ck_assert_ptr_null(strstr(text, "x"));
}

TEST(timeline_of_nothing_is_a_heading)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *text = chart("[\n", &error);

	test_succeeds(text != NULL, error);
	ck_assert_str_eq(text, "                                    begin ms        ms\n");
}

struct bad_trace {
	const char *text;
	const char *message;
};

static const struct bad_trace bad_traces[] = {
	{"[\n{\"ph\":1}", "t:2: ph: expected a string, found a number"},
	{"[\n\n{\"ph\":\"X\",\"name\":\"a\"}", "t:3: pid: missing"},
	{"{\"ph\":\"X\",\"name\":\"a\",\"pid\":1,\"dur\":1}", "t:1: ts: expected a time"},
	{"{\"ph\":\"X\",\"name\":\"a\",\"pid\":1,\"ts\":-1,\"dur\":1}", "t:1: ts: expected a time"},
	{"{\"ph\":\"X\",\"name\":\"a\",\"pid\":1,\"ts\":1,\"dur\":\"1\"}",
		"t:1: dur: expected a time"},
	{"{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":1}", "t:1: args: missing"},
};

TEST(timeline_names_the_line_that_is_wrong)
{
	g_autoptr(GError) error = NULL;

	ck_assert_ptr_null(chart(bad_traces[_i].text, &error));
	test_error_is(error, CC_ERROR_INVALID, bad_traces[_i].message);
}

static const struct test tests[] = {
	RUN(trace_is_off_without_the_variable),
	RUN(trace_that_cannot_be_opened_says_so),
	RUN(trace_is_an_array_of_events),
	RUN(trace_goes_on_in_a_file_that_is_there),
	RUN_EACH(trace_writes_no_bad_name, G_N_ELEMENTS(bad_names)),
	RUN(trace_writes_no_span_that_ends_before_it_begins),
	RUN(trace_is_written_by_many_at_once),
	RUN(timeline_groups_sorts_and_nests),
	RUN(timeline_reads_a_closed_array_and_passes_over_other_kinds),
	RUN(timeline_of_nothing_is_a_heading),
	RUN_EACH(timeline_names_the_line_that_is_wrong, G_N_ELEMENTS(bad_traces)),
};

TEST_MAIN("base-trace", tests)
