/* SPDX-License-Identifier: GPL-2.0-only */
/* linux.resources: what is read, what is refused, and lists of CPUs. */
#include "runner.h"

#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "oci/resources.h"

static struct oci_resources *parse(const char *text, GError **error)
{
	g_autoptr(JsonNode) node = json_parse_object(text, strlen(text), error);

	ck_assert_ptr_nonnull(node);
	return oci_resources_parse(json_node_get_object(node), "linux.resources", error);
}

TEST(resources_of_nothing_ask_for_nothing)
{
	GError *error = NULL;
	g_autoptr(oci_resources) resources = oci_resources_parse(NULL, "linux.resources", &error);

	test_succeeds(resources != NULL, error);
	ck_assert_int_eq(resources->memory_limit, 0);
	ck_assert_int_eq(resources->cpu_quota, 0);
	ck_assert_int_eq(resources->cpu_idle, -1);
	ck_assert_int_eq(resources->memory_swappiness, -1);
	ck_assert_ptr_null(resources->cpuset_cpus);
}

/* As docker writes it without any option. */
TEST(resources_of_zeroes_ask_for_nothing)
{
	GError *error = NULL;
	g_autoptr(oci_resources) resources =
		parse("{\"memory\":{\"limit\":0,\"disableOOMKiller\":false},\"cpu\":{\"shares\":0,"
		      "\"quota\":0,\"period\":0,\"cpus\":\"\"},\"pids\":{\"limit\":0},"
		      "\"blockIO\":{\"weight\":0},\"devices\":[{\"allow\":false}]}",
			&error);

	test_succeeds(resources != NULL, error);
	ck_assert_int_eq(resources->memory_limit, 0);
	ck_assert_int_eq(resources->io_weight, 0);
	ck_assert_ptr_null(resources->cpuset_cpus);
}

TEST(resources_are_read)
{
	GError *error = NULL;
	g_autoptr(oci_resources) resources =
		parse("{\"memory\":{\"limit\":1073741824,\"reservation\":-1,\"swap\":2147483648,"
		      "\"swappiness\":0,\"checkBeforeUpdate\":true},"
		      "\"cpu\":{\"shares\":512,\"quota\":150000,\"period\":100000,\"burst\":1000,"
		      "\"idle\":0,\"cpus\":\"0-1\",\"mems\":\"0\"},\"pids\":{\"limit\":-1},"
		      "\"blockIO\":{\"weight\":300,\"weightDevice\":[{\"major\":8,\"minor\":0,"
		      "\"weight\":10}],\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":16,"
		      "\"rate\":1048576}]},"
		      "\"network\":{\"classID\":4294967295,\"priorities\":[{\"name\":\"eth0\","
		      "\"priority\":5}]},\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":0}],"
		      "\"unified\":{\"memory.high\":\"max\"}}",
			&error);

	test_succeeds(resources != NULL, error);
	ck_assert_int_eq(resources->memory_limit, 1 << 30);
	ck_assert_int_eq(resources->memory_reservation, -1);
	ck_assert_int_eq(resources->memory_swappiness, 0);
	ck_assert(resources->check_before_update);
	ck_assert_int_eq(resources->cpu_quota, 150000);
	ck_assert_int_eq(resources->cpu_idle, 0);
	ck_assert_str_eq(resources->cpuset_cpus, "0-1");
	ck_assert_int_eq(resources->pids_limit, -1);
	ck_assert_uint_eq(resources->io[OCI_IO_WEIGHT].n, 1);
	ck_assert_uint_eq(resources->io[OCI_IO_READ_BPS].items[0].minor, 16);
	ck_assert_int_eq(resources->io[OCI_IO_READ_BPS].items[0].value, 1048576);
	ck_assert_uint_eq(resources->network_class, G_MAXUINT32);
	ck_assert_str_eq(resources->priorities[0].interface, "eth0");
}

static const struct {
	const char *text;
	const char *error;
} refused[] = {
	{"{\"memory\":5}", "linux.resources.memory: expected an object, found a number"},
	{"{\"memory\":{\"limit\":-2}}",
		"linux.resources.memory.limit: -2 is not between -1 and 9223372036854775807"},
	{"{\"memory\":{\"swap\":5}}",
		"linux.resources.memory.swap: a limit of memory and swap needs one of memory "
		"(memory.limit)"},
	{"{\"memory\":{\"limit\":6,\"swap\":5}}",
		"linux.resources.memory.swap: it counts memory and swap, and is less than "
		"memory.limit"},
	{"{\"memory\":{\"swappiness\":101}}",
		"linux.resources.memory.swappiness: 101 is not between 0 and 100"},
	{"{\"cpu\":{\"quota\":999}}", "linux.resources.cpu.quota: less than 1000 µs"},
	{"{\"cpu\":{\"period\":10}}", "linux.resources.cpu.period: less than 1000 µs"},
	{"{\"cpu\":{\"quota\":1000,\"burst\":1001}}",
		"linux.resources.cpu.burst: more than cpu.quota"},
	{"{\"cpu\":{\"cpus\":\"x\"}}",
		"linux.resources.cpu.cpus: expected a list such as 0-3,7, found \"x\""},
	{"{\"cpu\":{\"mems\":\"1-0\"}}",
		"linux.resources.cpu.mems: expected a list such as 0-3,7, found \"1-0\""},
	{"{\"blockIO\":{\"weight\":9}}", "linux.resources.blockIO.weight: less than 10"},
	{"{\"blockIO\":{\"throttleWriteIOPSDevice\":[{\"major\":8}]}}",
		"linux.resources.blockIO.throttleWriteIOPSDevice[0].minor: missing"},
	{"{\"hugepageLimits\":[{\"pageSize\":\"2M\",\"limit\":1}]}",
		"linux.resources.hugepageLimits[0].pageSize: expected a size such as 2MB"},
	{"{\"network\":{\"priorities\":[{\"name\":\"eth0\"}]}}",
		"linux.resources.network.priorities[0].priority: missing"},
	{"{\"unified\":{\"../x\":\"1\"}}",
		"linux.resources.unified: expected names of files of a cgroup, found \"../x\""},
	{"{\"unified\":{\"a/b\":\"1\"}}",
		"linux.resources.unified: expected names of files of a cgroup, found \"a/b\""},
};

TEST(resources_refuses)
{
	g_autoptr(GError) error = NULL;

	g_autoptr(oci_resources) resources = parse(refused[_i].text, &error);

	ck_assert(resources == NULL || !oci_resources_check(resources, "linux.resources", &error));
	test_error_is(error, CC_ERROR_INVALID, refused[_i].error);
}

static const struct {
	const char *text;
	/* NULL: refused. */
	const char *members;
} lists[] = {
	{"0", "0"},
	{"0-3,7", "0 1 2 3 7"},
	{"7,0-1,1", "0 1 7"},
	{" 2 , 4-5", "2 4 5"},
	{"", NULL},
	{",", NULL},
	{"3-", NULL},
	{"-3", NULL},
	{"1-2-3", NULL},
	{"99999", NULL},
	{"0-99999999999", NULL},
};

TEST(cpu_list_is_parsed)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GArray) list = oci_cpu_list_parse(lists[_i].text, &error);
	g_autoptr(GString) members = g_string_new(NULL);

	ck_assert_int_eq(list != NULL, lists[_i].members != NULL);
	for (guint i = 0; list != NULL && i < list->len; i++)
		g_string_append_printf(
			members, "%s%u", i > 0 ? " " : "", g_array_index(list, guint, i));
	if (list != NULL)
		ck_assert_str_eq(members->str, lists[_i].members);
	else
		ck_assert(g_error_matches(error, CC_ERROR, CC_ERROR_INVALID));
}

static const struct test tests[] = {
	RUN(resources_of_nothing_ask_for_nothing),
	RUN(resources_of_zeroes_ask_for_nothing),
	RUN(resources_are_read),
	RUN_EACH(resources_refuses, G_N_ELEMENTS(refused)),
	RUN_EACH(cpu_list_is_parsed, G_N_ELEMENTS(lists)),
};

TEST_MAIN("oci-resources", tests)
