/* SPDX-License-Identifier: GPL-2.0-only */
/* JSON that is not trusted: what is refused, and how the error names the place. */
#include "runner.h"

#include <string.h>

#include "base/error.h"
#include "base/json.h"

/* ---- whole documents */

static const struct {
	const char *text;
	gsize size;
	const char *message;
} refused[] = {
	{"", 0, "not JSON: empty"},
	{"{}\0", 3, "not JSON: a NUL byte"},
	{"\"\xff\"", 3, "not JSON: not UTF-8"},
	{"{\"a\":\"x\\u0000y\"}", 16, "not accepted: a string with \\u0000"},
	{"[]", 2, "expected an object"},
	{"\"x\"", 3, "expected an object"},
};

TEST(json_parse_refuses)
{
	/* The exact size on the heap, so that the sanitizer sees a read behind it. */
	g_autofree char *text = g_memdup2(refused[_i].text, MAX(refused[_i].size, 1));
	g_autoptr(GError) error = NULL;
	g_autoptr(JsonNode) node = json_parse_object(text, refused[_i].size, &error);

	ck_assert_ptr_null(node);
	test_error_is(error, CC_ERROR_INVALID, refused[_i].message);
}

static const char *const broken[] = {
	"{",
	"{\"a\"}",
	"{\"a\":}",
	"{} {}",
	"{\"a\":1",
	"{\"a\":\"\\",
	"{\"a\":\"\\u000",
	"nonsense",
};

TEST(json_parse_refuses_what_is_broken)
{
	g_autofree char *text = g_memdup2(broken[_i], strlen(broken[_i]));
	g_autoptr(GError) error = NULL;
	g_autoptr(JsonNode) node = json_parse(text, strlen(broken[_i]), &error);

	ck_assert_msg(node == NULL, "accepted: %s", broken[_i]);
	ck_assert_int_eq(error->code, CC_ERROR_INVALID);
	ck_assert_msg(g_str_has_prefix(error->message, "not JSON: "), "%s", error->message);
	ck_assert_ptr_null(strstr(error->message, "<data>"));
}

static JsonNode *parse_nested(guint depth, GError **error)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; i < depth; i++)
		g_string_append_c(text, '[');
	for (guint i = 0; i < depth; i++)
		g_string_append_c(text, ']');
	return json_parse(text->str, text->len, error);
}

TEST(json_parse_limits_the_depth)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(JsonNode) deepest = parse_nested(JSON_DEPTH_MAX, &error);
	g_autoptr(JsonNode) deeper = NULL;

	test_succeeds(deepest != NULL, error);
	deeper = parse_nested(JSON_DEPTH_MAX + 1, &error);
	ck_assert_ptr_null(deeper);
	test_error_is(error, CC_ERROR_INVALID, "not accepted: nested too deep");
}

/* Brackets and backslashes in strings are text. */
TEST(json_parse_counts_no_brackets_in_strings)
{
	g_autoptr(GString) text = g_string_new("{\"\\\\\":\"\\\"");
	g_autoptr(GError) error = NULL;
	g_autoptr(JsonNode) node = NULL;

	for (guint i = 0; i < 2 * JSON_DEPTH_MAX; i++)
		g_string_append(text, "[{");
	g_string_append(text, "\",\"u\":\"\\\\u0000\"}");
	node = json_parse_object(text->str, text->len, &error);
	test_succeeds(node != NULL, error);
	ck_assert_str_eq(json_object_get_string_member(json_node_get_object(node), "u"), "\\u0000");
}

TEST(json_load_names_the_file)
{
	g_autofree char *path = test_write_file("config.json", "[]");
	g_autofree char *expected = g_strdup_printf("%s: expected an object", path);
	g_autoptr(GError) error = NULL;
	g_autoptr(JsonNode) node = json_load_object(path, &error);

	ck_assert_ptr_null(node);
	test_error_is(error, CC_ERROR_INVALID, expected);
}

TEST(json_load_tells_a_missing_file)
{
	g_autofree char *path = test_path("config.json");
	g_autofree char *expected = g_strdup_printf("%s: No such file or directory", path);
	g_autoptr(GError) error = NULL;
	g_autoptr(JsonNode) node = json_load_object(path, &error);

	ck_assert_ptr_null(node);
	test_error_is(error, CC_ERROR_NOT_FOUND, expected);
}

/* ---- members */

#define SAMPLE                                                                                     \
	"{\"s\":\"x\",\"b\":true,\"i\":7,\"f\":7.5,\"o\":{},\"a\":[\"x\",\"y\"],\"mixed\":[\"x\"," \
	"{}],\"null\":null}"

static JsonNode *sample_node(void)
{
	g_autoptr(GError) error = NULL;
	JsonNode *node = json_parse_object(SAMPLE, strlen(SAMPLE), &error);

	test_succeeds(node != NULL, error);
	return node;
}

TEST(json_get_finds_each_type)
{
	g_autoptr(JsonNode) node = sample_node();
	JsonObject *sample = json_node_get_object(node), *object = NULL;
	g_autoptr(GError) error = NULL;
	const char *string = NULL;
	gboolean boolean = FALSE;
	gint64 integer = 0;
	JsonArray *array = NULL;
	g_auto(GStrv) strings = NULL;

	test_succeeds(json_get_string(sample, "", "s", &string, &error), error);
	ck_assert_str_eq(string, "x");
	test_succeeds(json_get_boolean(sample, "", "b", &boolean, &error), error);
	ck_assert(boolean);
	test_succeeds(json_get_integer(sample, "", "i", 7, 7, &integer, &error), error);
	ck_assert_int_eq(integer, 7);
	test_succeeds(json_get_object(sample, "", "o", &object, &error), error);
	ck_assert_ptr_nonnull(object);
	test_succeeds(json_get_array(sample, "", "a", &array, &error), error);
	ck_assert_uint_eq(json_array_get_length(array), 2);
	test_succeeds(json_get_strings(sample, "", "a", &strings, &error), error);
	ck_assert_uint_eq(g_strv_length(strings), 2);
	ck_assert_str_eq(strings[1], "y");
}

static const char *const absent[] = {"missing", "null"};

TEST(json_get_keeps_the_default)
{
	g_autoptr(JsonNode) node = sample_node();
	JsonObject *sample = json_node_get_object(node), *object = NULL;
	g_autoptr(GError) error = NULL;
	const char *string = "default";
	gboolean boolean = TRUE;
	gint64 integer = 42;
	g_auto(GStrv) strings = NULL;

	test_succeeds(json_get_string(sample, "", absent[_i], &string, &error), error);
	ck_assert_str_eq(string, "default");
	test_succeeds(json_get_boolean(sample, "", absent[_i], &boolean, &error), error);
	ck_assert(boolean);
	test_succeeds(json_get_integer(sample, "", absent[_i], 0, 1, &integer, &error), error);
	ck_assert_int_eq(integer, 42);
	test_succeeds(json_get_object(sample, "", absent[_i], &object, &error), error);
	ck_assert_ptr_null(object);
	test_succeeds(json_get_strings(sample, "", absent[_i], &strings, &error), error);
	ck_assert_ptr_null(strings);
}

TEST(json_require_names_what_is_missing)
{
	g_autoptr(JsonNode) node = sample_node();
	JsonObject *sample = json_node_get_object(node), *object;
	g_autoptr(GError) error = NULL;
	const char *string;
	gint64 integer;

	ck_assert(!json_require_string(sample, "process", absent[_i], &string, &error));
	ck_assert_int_eq(error->code, CC_ERROR_INVALID);
	ck_assert(g_str_has_prefix(error->message, "process."));
	ck_assert(g_str_has_suffix(error->message, ": missing"));
	g_clear_error(&error);
	ck_assert(!json_require_object(sample, "", absent[_i], &object, &error));
	g_clear_error(&error);
	ck_assert(!json_require_integer(sample, "", absent[_i], 0, 1, &integer, &error));
}

static const struct {
	const char *member;
	const char *found;
} types[] = {
	{"s", "a string"},
	{"b", "true or false"},
	{"i", "a number"},
	{"f", "a number"},
	{"o", "an object"},
	{"a", "an array"},
};

static void expect_type_error(const char *member, const char *expected, const char *found,
	gboolean succeeded, GError **error)
{
	g_autofree char *message =
		g_strdup_printf("a.b.%s: expected %s, found %s", member, expected, found);

	ck_assert_msg(!succeeded, "%s is accepted as %s", member, expected);
	test_error_is(*error, CC_ERROR_INVALID, message);
	g_clear_error(error);
}

TEST(json_get_names_place_and_type)
{
	g_autoptr(JsonNode) node = sample_node();
	JsonObject *sample = json_node_get_object(node), *object;
	g_autoptr(GError) error = NULL;
	const char *member = types[_i].member, *found = types[_i].found, *string;
	gboolean boolean;
	gint64 integer;
	JsonArray *array;

	if (*member != 's')
		expect_type_error(member, "a string", found,
			json_get_string(sample, "a.b", member, &string, &error), &error);
	if (*member != 'b')
		expect_type_error(member, "true or false", found,
			json_get_boolean(sample, "a.b", member, &boolean, &error), &error);
	if (*member != 'i')
		expect_type_error(member, "a whole number", found,
			json_get_integer(sample, "a.b", member, 0, 99, &integer, &error), &error);
	if (*member != 'o')
		expect_type_error(member, "an object", found,
			json_get_object(sample, "a.b", member, &object, &error), &error);
	if (*member != 'a')
		expect_type_error(member, "an array", found,
			json_get_array(sample, "a.b", member, &array, &error), &error);
}

TEST(json_get_integer_keeps_to_the_bounds)
{
	g_autoptr(JsonNode) node = sample_node();
	g_autoptr(GError) error = NULL;
	gint64 integer;

	ck_assert(!json_get_integer(
		json_node_get_object(node), "vm", "i", 8, 1024, &integer, &error));
	test_error_is(error, CC_ERROR_INVALID, "vm.i: 7 is not between 8 and 1024");
}

TEST(json_elements_are_named_by_index)
{
	g_autoptr(JsonNode) node = sample_node();
	JsonObject *sample = json_node_get_object(node), *object = NULL;
	g_autoptr(GError) error = NULL;
	g_auto(GStrv) strings = NULL;
	JsonArray *mixed = NULL;

	ck_assert(!json_get_strings(sample, "p", "mixed", &strings, &error));
	test_error_is(error, CC_ERROR_INVALID, "p.mixed[1]: expected a string, found an object");
	g_clear_error(&error);
	ck_assert_ptr_null(strings);

	test_succeeds(json_get_array(sample, "p", "mixed", &mixed, &error), error);
	test_succeeds(json_element_object(mixed, "p.mixed", 1, &object, &error), error);
	ck_assert(!json_element_object(mixed, "p.mixed", 0, &object, &error));
	test_error_is(error, CC_ERROR_INVALID, "p.mixed[0]: expected an object, found a string");
}

/* ---- text */

TEST(json_quote_escapes)
{
	g_autofree char *quoted = json_quote("a\"b\\c\n\x01");
	g_autofree char *invalid = json_quote("a\xff");

	ck_assert_str_eq(quoted, "\"a\\\"b\\\\c\\n\\u0001\"");
	ck_assert(g_utf8_validate(invalid, -1, NULL));
}

TEST(json_format_is_read_back)
{
	g_autoptr(JsonNode) node = sample_node();
	g_autofree char *compact = json_format(node, FALSE);
	g_autofree char *pretty = json_format(node, TRUE);

	ck_assert_str_eq(compact, SAMPLE);
	ck_assert(g_str_has_prefix(pretty, "{\n  \"s\""));
}

TEST(format_is_pretty_as_runc_s)
{
	static const char text[] = "{\"a\":1,\"b \\\" : c\":\"d : \\\\\"}";
	GError *error = NULL;
	g_autoptr(JsonNode) node = json_parse_object(text, strlen(text), &error);
	g_autofree char *pretty = NULL;

	test_succeeds(node != NULL, error);
	pretty = json_format(node, TRUE);
	ck_assert_str_eq(pretty, "{\n  \"a\": 1,\n  \"b \\\" : c\": \"d : \\\\\"\n}");
}

static const struct test tests[] = {
	RUN_EACH(json_parse_refuses, G_N_ELEMENTS(refused)),
	RUN_EACH(json_parse_refuses_what_is_broken, G_N_ELEMENTS(broken)),
	RUN(json_parse_limits_the_depth),
	RUN(json_parse_counts_no_brackets_in_strings),
	RUN(json_load_names_the_file),
	RUN(json_load_tells_a_missing_file),
	RUN(json_get_finds_each_type),
	RUN_EACH(json_get_keeps_the_default, G_N_ELEMENTS(absent)),
	RUN_EACH(json_require_names_what_is_missing, G_N_ELEMENTS(absent)),
	RUN_EACH(json_get_names_place_and_type, G_N_ELEMENTS(types)),
	RUN(json_get_integer_keeps_to_the_bounds),
	RUN(json_elements_are_named_by_index),
	RUN(json_quote_escapes),
	RUN(json_format_is_read_back),
	RUN(format_is_pretty_as_runc_s),
};

TEST_MAIN("base-json", tests)
