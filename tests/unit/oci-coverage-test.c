/* SPDX-License-Identifier: GPL-2.0-only */
/* The table of fields, the documents held against it, and docs/oci-coverage.md. */
#include "runner.h"

#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "oci/coverage.h"
#include "oci/fields.h"

static gboolean check(const char *text, const char *section, GPtrArray *warnings, GError **error)
{
	g_autoptr(JsonNode) node = json_parse_object(text, strlen(text), error);

	return node != NULL &&
	       oci_coverage_check(json_node_get_object(node), section, section, warnings, error);
}

#define PROCESS "\"process\":{\"cwd\":\"/\""
#define REST	",\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"r\"}}"

/* A document with further members of process, or of linux. */
#define IN_PROCESS(more) "{" PROCESS "," more "}" REST
#define IN_LINUX(more)	 "{" PROCESS "},\"linux\":{" more "}" REST

static const struct {
	const char *text;
	const char *error;
} bad[] = {
	{IN_PROCESS("\"noNewPrivileges\":1"),
		"process.noNewPrivileges: expected true or false, found a number"},
	{IN_PROCESS("\"oomScoreAdj\":1001"),
		"process.oomScoreAdj: 1001 is not between -1000 and 1000"},
	{IN_PROCESS("\"oomScoreAdj\":1.5"),
		"process.oomScoreAdj: expected a whole number, found a number"},
	{IN_PROCESS("\"rlimits\":[{\"type\":\"RLIMIT_MOON\",\"soft\":1,\"hard\":1}]"),
		"process.rlimits[0].type: unknown: \"RLIMIT_MOON\""},
	{IN_PROCESS("\"rlimits\":[{\"type\":\"RLIMIT_AS\",\"soft\":1}]"),
		"process.rlimits[0].hard: missing"},
	{IN_PROCESS("\"rlimits\":[{\"type\":\"RLIMIT_AS\",\"soft\":null,\"hard\":1}]"),
		"process.rlimits[0].soft: missing"},
	{IN_PROCESS("\"rlimits\":[7]"), "process.rlimits[0]: expected an object, found a number"},
	{IN_PROCESS("\"capabilities\":{\"ambient\":[\"CAP_KILL\",1]}"),
		"process.capabilities.ambient[1]: expected a string, found a number"},
	{IN_PROCESS("\"user\":{\"uid\":4294967295}"),
		"process.user.uid: 4294967295 is not between 0 and 4294967294"},
	{IN_PROCESS("\"user\":{\"additionalGids\":[1,-1]}"),
		"process.user.additionalGids[1]: expected a whole number between 0 and "
		"4294967294"},
	{IN_PROCESS("\"commandLine\":\"x\""),
		"process.commandLine: not possible: for containers of another operating system"},
	{IN_LINUX("\"sysctl\":{\"kernel.shmmax\":1}"),
		"linux.sysctl.kernel.shmmax: expected a string, found a number"},
	{IN_LINUX("\"timeOffsets\":{\"monotonic\":{\"nanosecs\":1000000000}}"),
		"linux.timeOffsets.monotonic.nanosecs: 1000000000 is not between 0 and 999999999"},
	{IN_LINUX("\"seccomp\":{\"syscalls\":[]}"), "linux.seccomp.defaultAction: missing"},
	{IN_LINUX("\"seccomp\":{\"defaultAction\":\"SCMP_ACT_NOTIFY\"}"),
		"linux.seccomp.defaultAction: unknown: \"SCMP_ACT_NOTIFY\""},
	{IN_LINUX("\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":["
		  "{\"names\":[\"read\"],\"action\":\"SCMP_ACT_LOG\",\"args\":[{\"index\":6,"
		  "\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]}]}"),
		"linux.seccomp.syscalls[0].args[0].index: 6 is not between 0 and 5"},
	{IN_LINUX("\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"/x\"}"),
		"linux.seccomp.listenerPath: not possible: no descriptor of the guest can be "
		"passed to a listener on the host"},
	{IN_LINUX("\"intelRdt\":{\"closID\":\"x\"}"),
		"linux.intelRdt: not possible: a guest has no access to the host's resource "
		"director"},
	{IN_LINUX("\"resources\":{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,"
		  "\"minor\":0}]}}"),
		"linux.resources.blockIO.throttleReadBpsDevice[0].rate: missing"},
	{IN_LINUX("\"resources\":{\"unified\":{\"memory.max\":7}}"),
		"linux.resources.unified.memory.max: expected a string, found a number"},
};

TEST(coverage_names_the_place_and_what_is_wrong)
{
	g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GError) error = NULL;

	ck_assert(!check(bad[_i].text, "", warnings, &error));
	test_error_is(error, CC_ERROR_INVALID, bad[_i].error);
}

TEST(coverage_warns_once_of_a_part_and_of_what_is_unknown)
{
	g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
	GError *error = NULL;

	test_succeeds(check("{\"cwd\":\"/\",\"apparmorProfile\":\"p\",\"moon\":{\"a\":1}}",
			      "process", warnings, &error),
		error);
	ck_assert_uint_eq(warnings->len, 2);
	ck_assert_str_eq(g_ptr_array_index(warnings, 0),
		"process.apparmorProfile: the guest's kernel has no AppArmor");
	ck_assert_str_eq(g_ptr_array_index(warnings, 1), "process.moon: unknown, ignored");
}

TEST(coverage_passes_over_what_says_nothing)
{
	g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
	GError *error = NULL;

	test_succeeds(check(IN_LINUX("\"mountLabel\":\"\",\"intelRdt\":{},\"seccomp\":null,"
				     "\"resources\":{\"blockIO\":{\"weight\":0}}"),
			      "", warnings, &error),
		error);
	ck_assert_uint_eq(warnings->len, 0);
}

/* The fields one after the other; NULL: no more. */
static const struct oci_field *next_field(gsize *table, gsize *index)
{
	while (oci_fields[*table] != NULL) {
		const struct oci_field *field = &oci_fields[*table][(*index)++];

		if (field->path != NULL)
			return field;
		(*table)++;
		*index = 0;
	}
	return NULL;
}

TEST(fields_have_a_reason_where_one_is_told)
{
	gsize table = 0;
	gsize index = 0;
	const struct oci_field *field;

	while ((field = next_field(&table, &index)) != NULL) {
		ck_assert_msg((field->reason != NULL) == (field->coverage >= OCI_REFUSED),
			"%s: reason", field->path);
		ck_assert_msg(field->least <= field->most, "%s: bounds", field->path);
	}
}

static char *row_of(const struct oci_field *field)
{
	return g_strdup_printf("| `%s` | %s | %s", field->path, oci_coverage_name(field->coverage),
		field->reason != NULL ? field->reason : "");
}

TEST(document_says_what_the_table_says)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = test_data_path("../../docs/oci-coverage.md");
	g_autofree char *text = NULL;
	gsize size;
	gsize table = 0;
	gsize index = 0;

	test_succeeds(file_read(path, 1 << 20, &text, &size, &error), error);

	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	/* Row by row, in the order of the tables: a new field is a line in both. */
	for (char **line = lines; *line != NULL; line++) {
		if (!g_str_has_prefix(*line, "| `"))
			continue;

		const struct oci_field *field = next_field(&table, &index);

		ck_assert_msg(field != NULL, "docs/oci-coverage.md: no such field: %s", *line);

		g_autofree char *row = row_of(field);

		ck_assert_msg(g_str_has_prefix(*line, row),
			"docs/oci-coverage.md: expected \"%s\", found \"%s\"", row, *line);
	}
	ck_assert_msg(next_field(&table, &index) == NULL, "docs/oci-coverage.md: rows are missing");
}

static const struct test tests[] = {
	RUN_EACH(coverage_names_the_place_and_what_is_wrong, G_N_ELEMENTS(bad)),
	RUN(coverage_warns_once_of_a_part_and_of_what_is_unknown),
	RUN(coverage_passes_over_what_says_nothing),
	RUN(fields_have_a_reason_where_one_is_told),
	RUN(document_says_what_the_table_says),
};

TEST_MAIN("oci-coverage", tests)
