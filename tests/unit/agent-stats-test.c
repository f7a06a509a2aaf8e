/* SPDX-License-Identifier: GPL-2.0-only */
/* Figures of a cgroup's files. */
#include "runner.h"

#include <jansson.h>

#include "agent/cleanup.h"
#include "agent/stats.h"

/* The number at "memory/stat/anon"; fails when it is not there. */
static gint64 figure(const json_t *figures, const char *path)
{
	g_auto(GStrv) names = g_strsplit(path, "/", -1);
	const json_t *json = figures;

	for (char **name = names; *name != NULL; name++)
		json = json_is_array(json) ? json_array_get(json, (size_t)atoi(*name))
					   : json_object_get(json, *name);
	ck_assert_msg(json_is_integer(json), "%s", path);
	return json_integer_value(json);
}

static void write_text(const char *name, const char *text)
{
	g_free(test_write_file(name, text));
}

TEST(stats_are_what_the_files_say)
{
	struct agent_error error = {.text = ""};

	write_text("memory.current", "1000\n");
	write_text("memory.max", "max\n");
	write_text("memory.stat", "anon 5\nfile 18446744073709551615\nnonsense\n");
	write_text("memory.events", "low 0\noom 2\noom_kill 1\n");
	write_text("cpu.stat", "usage_usec 70\nnr_throttled 3\n");
	write_text("pids.current", "4\n");
	write_text("io.stat", "8:0 rbytes=100 wbytes=200 rios=3\nbad\n254:16 rbytes=1\n");
	write_text("hugetlb.2MB.current", "0\n");
	write_text("hugetlb.2MB.max", "max\n");
	write_text("hugetlb.2MB.rsvd.current", "9\n");

	AUTO_JSON json_t *figures = stats_collect(test_directory(), &error);

	ck_assert_ptr_nonnull(figures);
	ck_assert_int_eq(figure(figures, "memory/current"), 1000);
	ck_assert_int_eq(figure(figures, "memory/max"), -1);
	ck_assert_int_eq(figure(figures, "memory/stat/anon"), 5);
	ck_assert_int_eq(figure(figures, "memory/events/oom_kill"), 1);
	ck_assert_int_eq(figure(figures, "cpu/stat/usage_usec"), 70);
	ck_assert_int_eq(figure(figures, "pids/current"), 4);
	ck_assert_int_eq(figure(figures, "io/0/wbytes"), 200);
	ck_assert_int_eq(figure(figures, "io/1/major"), 254);
	ck_assert_int_eq(figure(figures, "io/1/rbytes"), 1);
	ck_assert_int_eq(figure(figures, "hugetlb/2MB/max"), -1);
	ck_assert_int_eq(figure(figures, "hugetlb/2MB/current"), 0);
	ck_assert_int_gt(figure(figures, "guest/total"), 0);
	ck_assert_uint_eq(json_object_size(json_object_get(figures, "hugetlb")), 1);
	ck_assert_uint_eq(json_array_size(json_object_get(figures, "io")), 2);
}

TEST(stats_leave_out_what_is_not_counted)
{
	struct agent_error error = {.text = ""};
	AUTO_JSON json_t *figures = stats_collect(test_directory(), &error);

	ck_assert_ptr_nonnull(figures);
	ck_assert_ptr_null(json_object_get(figures, "memory"));
	ck_assert_ptr_null(json_object_get(figures, "io"));
}

static const struct test tests[] = {
	RUN(stats_are_what_the_files_say),
	RUN(stats_leave_out_what_is_not_counted),
};

TEST_MAIN("agent-stats", tests)
