/* SPDX-License-Identifier: GPL-2.0-only */
/* linux.resources as files of the guest's cgroup v2. */
#include "runner.h"

#include <jansson.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/limits.h"

/* "file=value" of each, in order. */
static char *plan(const char *text)
{
	json_t *json = json_loads(text, 0, NULL);
	g_autoptr(GString) list = g_string_new(NULL);
	struct agent_error error = {.text = ""};
	struct limits limits;

	ck_assert_ptr_nonnull(json);
	if (limits_parse(&limits, json, &error)) {
		for (size_t i = 0; i < limits.n; i++)
			g_string_append_printf(list, "%s%s=%s", i > 0 ? ";" : "",
				limits.items[i].file, limits.items[i].value);
		limits_clear(&limits);
	} else {
		g_string_append_printf(list, "error: %s", error.text);
	}
	json_decref(json);
	return g_string_free(g_steal_pointer(&list), FALSE);
}

static const struct {
	const char *resources;
	const char *files;
} plans[] = {
	{"{}", ""},
	{"{\"memory\":{\"limit\":0,\"swap\":0},\"cpu\":{\"shares\":0,\"quota\":0},"
	 "\"pids\":{\"limit\":0},\"blockIO\":{\"weight\":0}}",
		""},
	{"{\"memory\":{\"limit\":1000,\"swap\":3000,\"reservation\":500}}",
		"memory.swap.max=2000;memory.max=1000;memory.low=500"},
	{"{\"memory\":{\"limit\":1000,\"swap\":1000}}", "memory.swap.max=0;memory.max=1000"},
	{"{\"memory\":{\"limit\":-1}}", "memory.swap.max=max;memory.max=max"},
	{"{\"cpu\":{\"shares\":1024,\"quota\":50000,\"period\":20000}}",
		"cpu.weight=39;cpu.max=50000 20000"},
	{"{\"cpu\":{\"quota\":50000,\"burst\":1000}}", "cpu.max=50000 100000;cpu.max.burst=1000"},
	{"{\"cpu\":{\"quota\":-1}}", "cpu.max=max 100000"},
	{"{\"cpu\":{\"period\":20000}}", "cpu.max=max 20000"},
	{"{\"cpu\":{\"shares\":1024,\"idle\":1}}", "cpu.idle=1"},
	{"{\"cpu\":{\"shares\":2,\"idle\":0}}", "cpu.idle=0;cpu.weight=1"},
	/* The host's CPUs are no business of the guest's. */
	{"{\"cpu\":{\"cpus\":\"4-7\",\"mems\":\"1\"}}", ""},
	{"{\"pids\":{\"limit\":100}}", "pids.max=100"},
	{"{\"pids\":{\"limit\":-1}}", "pids.max=max"},
	{"{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":4096}]}", "hugetlb.2MB.max=4096"},
	{"{\"blockIO\":{\"weight\":500}}", "io.bfq.weight=500;io.weight=4950"},
	{"{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":5}],"
	 "\"throttleWriteIOPSDevice\":[{\"major\":8,\"minor\":0,\"rate\":0}]}}",
		"io.max=8:0 rbps=5;io.max=8:0 wiops=max"},
	{"{\"pids\":{\"limit\":5},\"unified\":{\"pids.max\":\"7\"}}", "pids.max=5;pids.max=7"},
	{"{\"memory\":[]}", "error: linux.resources: memory: not an object"},
	{"{\"pids\":{\"limit\":-2}}", "error: linux.resources: limit: -2 is out of range"},
	{"{\"unified\":{\"../memory.max\":\"1\"}}",
		"error: linux.resources: unified: ../memory.max: not a file and a text"},
	{"{\"hugepageLimits\":[{\"pageSize\":\"/x\",\"limit\":1}]}",
		"error: linux.resources: hugepageLimits[0]: pageSize: \"/x\""},
};

TEST(resources_become_files)
{
	g_autofree char *files = plan(plans[_i].resources);

	ck_assert_str_eq(files, plans[_i].files);
}

/* More limits than any config.json has are an error, not a crash. */
TEST(limits_are_bounded)
{
	g_autoptr(GString) text = g_string_new("{\"unified\":{");
	g_autofree char *files = NULL;

	for (int i = 0; i < 1000; i++)
		g_string_append_printf(text, "%s\"f%d\":\"1\"", i > 0 ? "," : "", i);
	g_string_append(text, "}}");
	files = plan(text->str);
	ck_assert_ptr_nonnull(strstr(files, "too many limits"));
}

static gboolean apply(const char *text, struct agent_error *error)
{
	json_t *json = json_loads(text, 0, NULL);
	gboolean applied = limits_apply_sections(json, test_directory(), error);

	json_decref(json);
	return applied;
}

#define RESOURCES(more) "{\"linux\":{\"resources\":{" more "}}}"

TEST(limits_are_written)
{
	g_autofree char *path = test_write_file("pids.max", "");
	g_autofree char *text = NULL;
	struct agent_error error = {.text = ""};

	ck_assert_msg(
		apply(RESOURCES("\"pids\":{\"limit\":9},\"blockIO\":{\"weight\":10}"), &error),
		"%s", error.text);
	ck_assert(g_file_get_contents(path, &text, NULL, NULL));
	ck_assert_str_eq(text, "9");
	ck_assert(apply("{}", &error));
}

TEST(a_limit_that_the_guest_lacks_is_named)
{
	struct agent_error error = {.text = ""};

	ck_assert(!apply(
		RESOURCES("\"hugepageLimits\":[{\"pageSize\":\"1GB\",\"limit\":1}]"), &error));
	ck_assert_str_eq(error.text,
		"linux.resources: this guest has no hugetlb.1GB.max: no such file or directory");
}

TEST(a_limit_below_the_usage_is_refused_on_demand)
{
	g_autofree char *current = test_write_file("memory.current", "5000\n");
	g_autofree char *max = test_write_file("memory.max", "");
	struct agent_error error = {.text = ""};

	ck_assert(!apply(
		RESOURCES("\"memory\":{\"limit\":4000,\"checkBeforeUpdate\":true}"), &error));
	ck_assert_str_eq(
		error.text, "linux.resources.memory.limit: 5000 bytes are in use, more than 4000");
	ck_assert(apply(RESOURCES("\"memory\":{\"limit\":4000}"), &error));
	ck_assert(
		apply(RESOURCES("\"memory\":{\"limit\":6000,\"checkBeforeUpdate\":true}"), &error));
}

static const struct test tests[] = {
	RUN_EACH(resources_become_files, G_N_ELEMENTS(plans)),
	RUN(limits_are_bounded),
	RUN(limits_are_written),
	RUN(a_limit_that_the_guest_lacks_is_named),
	RUN(a_limit_below_the_usage_is_refused_on_demand),
};

TEST_MAIN("agent-limits", tests)
