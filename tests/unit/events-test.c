/* SPDX-License-Identifier: GPL-2.0-only */
/* Figures of guest and host in runc's shape, and durations. */
#include "runner.h"

#include <string.h>

#include "base/json.h"
#include "commands/duration.h"
#include "container/stats.h"

static const struct {
	const char *text;
	/* -1: none. */
	gint64 milliseconds;
} durations[] = {
	{"5s", 5000},
	{"500ms", 500},
	{"1m30s", 90000},
	{"0.5h", 1800000},
	{"1.5s", 1500},
	{"1us", 1},
	{"1ns", 1},
	{"0s", 0},
	{"", -1},
	{"5", -1},
	{"s", -1},
	{".5s", -1},
	{"5d", -1},
	{"-5s", -1},
	{"5s ", -1},
	{"999999999h", -1},
};

TEST(duration_is_read_as_go_writes_it)
{
	gint64 milliseconds = -1;

	ck_assert_int_eq(
		duration_parse(durations[_i].text, &milliseconds), durations[_i].milliseconds >= 0);
	ck_assert_int_eq(milliseconds, durations[_i].milliseconds);
}

static char *format(const char *guest, const struct cgroup_figures *host)
{
	g_autoptr(JsonNode) node =
		guest != NULL ? json_parse_object(guest, strlen(guest), NULL) : NULL;

	return json_format_object(
		container_stats_format(node != NULL ? json_node_get_object(node) : NULL, host),
		FALSE);
}

TEST(figures_have_runcs_shape)
{
	const struct cgroup_figures host = {9000, 20000, 9500, 8000000, 7};
	g_autofree char *text = format(
		"{\"cpu\":{\"stat\":{\"usage_usec\":5000,\"user_usec\":3000,\"system_usec\":2000,"
		"\"nr_periods\":4,\"nr_throttled\":1,\"throttled_usec\":6}},"
		"\"memory\":{\"current\":4000,\"max\":-1,\"peak\":4500,\"swap\":0,\"swapMax\":0,"
		"\"stat\":{\"file\":100,\"anon\":200},\"events\":{\"max\":2,\"oom_kill\":0}},"
		"\"pids\":{\"current\":3,\"max\":-1},"
		"\"io\":[{\"major\":8,\"minor\":1,\"rbytes\":10,\"wbytes\":20,\"rios\":1,"
		"\"wios\":2}],"
		"\"hugetlb\":{\"2MB\":{\"current\":0,\"max\":4096}},"
		"\"guest\":{\"total\":50000,\"available\":40000}}",
		&host);

	ck_assert_str_eq(text,
		"{\"cpu\":{\"usage\":{\"total\":5000000,\"kernel\":2000000,\"user\":3000000},"
		"\"throttling\":{\"periods\":4,\"throttledPeriods\":1,\"throttledTime\":6000}},"
		"\"cpuset\":{},"
		"\"memory\":{\"cache\":100,"
		"\"usage\":{\"limit\":9223372036854775807,\"usage\":4000,\"max\":4500,"
		"\"failcnt\":2},"
		"\"swap\":{\"limit\":9223372036854775807,\"usage\":4000,\"max\":0,\"failcnt\":0},"
		"\"kernel\":{\"limit\":9223372036854775807,\"usage\":0,\"max\":0,\"failcnt\":0},"
		"\"kernelTCP\":{\"limit\":9223372036854775807,\"usage\":0,\"max\":0,"
		"\"failcnt\":0},"
		"\"raw\":{\"file\":100,\"anon\":200}},"
		"\"pids\":{\"current\":3,\"limit\":0},"
		"\"blkio\":{\"ioServiceBytesRecursive\":["
		"{\"major\":8,\"minor\":1,\"op\":\"Read\",\"value\":10},"
		"{\"major\":8,\"minor\":1,\"op\":\"Write\",\"value\":20}],"
		"\"ioServicedRecursive\":["
		"{\"major\":8,\"minor\":1,\"op\":\"Read\",\"value\":1},"
		"{\"major\":8,\"minor\":1,\"op\":\"Write\",\"value\":2}]},"
		"\"hugetlb\":{\"2MB\":{\"usage\":0,\"max\":4096,\"failcnt\":0}},"
		"\"intel_rdt\":{},\"network_interfaces\":null,"
		"\"vm\":{\"memory\":{\"usage\":9000,\"limit\":20000,\"max\":9500,"
		"\"guestTotal\":50000,\"guestAvailable\":40000,\"overhead\":5000},"
		"\"cpu\":{\"total\":8000000,\"overhead\":3000000},\"pids\":7}}");
}

TEST(a_guest_that_stands_still_tells_nothing)
{
	const struct cgroup_figures host = {9000, -1, -1, -1, -1};
	g_autofree char *text = format(NULL, &host);

	ck_assert_str_eq(text, "{\"vm\":{\"memory\":{\"usage\":9000},\"cpu\":{}}}");
}

/* It is the guest's word: of another type, it is as if it were not there. */
TEST(a_guest_that_tells_nonsense_is_not_believed)
{
	static const char *const nonsense[] = {"{}", "{\"memory\":5,\"io\":{},\"hugetlb\":[]}",
		"{\"memory\":{\"stat\":[],\"current\":\"x\"},\"io\":[5,[]],\"cpu\":{\"stat\":null}"
		"}"};
	const struct cgroup_figures host = {-1, -1, -1, -1, -1};

	for (gsize i = 0; i < G_N_ELEMENTS(nonsense); i++) {
		g_autofree char *text = format(nonsense[i], &host);

		ck_assert_ptr_nonnull(strstr(text, "\"total\":0"));
		ck_assert_ptr_nonnull(strstr(text, "\"raw\":{}"));
	}
}

static GPtrArray *here(void)
{
	GPtrArray *directories = g_ptr_array_new_with_free_func(g_free);

	g_ptr_array_add(directories, test_path("gone"));
	g_ptr_array_add(directories, g_strdup(test_directory()));
	return directories;
}

static void write_text(const char *name, const char *text)
{
	g_free(test_write_file(name, text));
}

TEST(figures_of_v1)
{
	g_autoptr(GPtrArray) directories = here();
	struct cgroup_figures figures;

	write_text("memory.usage_in_bytes", "100\n");
	write_text("memory.limit_in_bytes", "9223372036854771712\n");
	write_text("memory.max_usage_in_bytes", "200\n");
	write_text("cpuacct.usage", "300\n");
	write_text("cpu.stat", "usage_usec 999\n");
	cgroup_figures_read(directories, &figures);
	ck_assert_int_eq(figures.memory_usage, 100);
	ck_assert_int_eq(figures.memory_limit, -1);
	ck_assert_int_eq(figures.memory_peak, 200);
	ck_assert_int_eq(figures.cpu_total, 300);
	ck_assert_int_eq(figures.pids, -1);
}

TEST(figures_of_v2)
{
	g_autoptr(GPtrArray) directories = here();
	struct cgroup_figures figures;

	write_text("memory.current", "100\n");
	write_text("memory.max", "max\n");
	write_text("cpu.stat", "usage_usec 300\nuser_usec 1\n");
	write_text("pids.current", "4\n");
	cgroup_figures_read(directories, &figures);
	ck_assert_int_eq(figures.memory_usage, 100);
	ck_assert_int_eq(figures.memory_limit, -1);
	ck_assert_int_eq(figures.cpu_total, 300000);
	ck_assert_int_eq(figures.pids, 4);
}

static const struct test tests[] = {
	RUN_EACH(duration_is_read_as_go_writes_it, G_N_ELEMENTS(durations)),
	RUN(figures_have_runcs_shape),
	RUN(a_guest_that_stands_still_tells_nothing),
	RUN(a_guest_that_tells_nonsense_is_not_believed),
	RUN(figures_of_v1),
	RUN(figures_of_v2),
};

TEST_MAIN("events", tests)
