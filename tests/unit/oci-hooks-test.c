/* SPDX-License-Identifier: GPL-2.0-only */
/* `hooks` of config.json. */
#include "runner.h"

#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "oci/hooks.h"

static struct oci_hooks *parse(const char *text, GError **error)
{
	g_autoptr(JsonNode) root = json_parse_object(text, strlen(text), error);

	ck_assert_ptr_nonnull(root);
	return oci_hooks_parse(json_node_get_object(root), error);
}

TEST(hooks_of_every_kind_are_read_in_order)
{
	const char *names[] = {"prestart", "createRuntime", "createContainer", "startContainer",
		"poststart", "poststop"};

	for (int kind = 0; kind < OCI_HOOK_KINDS; kind++) {
		g_autofree char *text = g_strdup_printf(
			"{\"hooks\":{\"%s\":[{\"path\":\"/a\"},{\"path\":\"/b\"}]}}", names[kind]);
		g_autoptr(GError) error = NULL;
		g_autoptr(oci_hooks) hooks = parse(text, &error);

		test_succeeds(hooks != NULL, error);
		ck_assert_str_eq(oci_hook_name((enum oci_hook_kind)kind), names[kind]);
		for (int i = 0; i < OCI_HOOK_KINDS; i++)
			ck_assert_uint_eq(hooks->lists[i]->len, i == kind ? 2 : 0);
		ck_assert_str_eq(((struct oci_hook *)hooks->lists[kind]->pdata[1])->path, "/b");
	}
}

TEST(hook_members_are_read)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(oci_hooks) hooks = parse("{\"hooks\":{\"poststop\":[{\"path\":\"/p\","
					   "\"args\":[\"x\",\"y\"],\"env\":[\"A=b\"],"
					   "\"timeout\":7}]}}",
		&error);

	test_succeeds(hooks != NULL, error);

	const struct oci_hook *hook = hooks->lists[OCI_HOOK_POSTSTOP]->pdata[0];

	ck_assert_str_eq(hook->path, "/p");
	ck_assert_uint_eq(g_strv_length(hook->args), 2);
	ck_assert_str_eq(hook->args[1], "y");
	ck_assert_str_eq(hook->env[0], "A=b");
	ck_assert_int_eq(hook->timeout, 7);
}

TEST(hook_without_args_has_its_path_and_no_environment)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(oci_hooks) hooks =
		parse("{\"hooks\":{\"poststop\":[{\"path\":\"/p\",\"args\":[]}]}}", &error);

	test_succeeds(hooks != NULL, error);

	const struct oci_hook *hook = hooks->lists[OCI_HOOK_POSTSTOP]->pdata[0];

	ck_assert_str_eq(hook->args[0], "/p");
	ck_assert_ptr_null(hook->args[1]);
	ck_assert_ptr_null(hook->env[0]);
	ck_assert_int_eq(hook->timeout, 0);
}

TEST(hooks_take_their_time_together)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(oci_hooks) hooks = parse(
		"{\"hooks\":{\"poststop\":[{\"path\":\"/p\",\"timeout\":7},{\"path\":\"/q\"}],"
		"\"poststart\":[{\"path\":\"/p\",\"timeout\":2147483647}]}}",
		&error);

	test_succeeds(hooks != NULL, error);
	ck_assert_int_eq(oci_hooks_time(hooks, OCI_HOOK_POSTSTOP, 500), 7500);
	ck_assert_int_eq(oci_hooks_time(hooks, OCI_HOOK_PRESTART, 500), 0);
	ck_assert_int_eq(oci_hooks_time(hooks, OCI_HOOK_POSTSTART, 500), G_MAXINT32);
}

static const char *const empty_documents[] = {
	"{}", "{\"hooks\":null}", "{\"hooks\":{}}", "{\"hooks\":{\"prestart\":null}}"};

TEST(hooks_may_be_missing)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(oci_hooks) hooks = parse(empty_documents[_i], &error);

	test_succeeds(hooks != NULL, error);
	for (int i = 0; i < OCI_HOOK_KINDS; i++)
		ck_assert_uint_eq(hooks->lists[i]->len, 0);
}

static const struct {
	const char *hooks;
	const char *message;
} bad[] = {
	{"[]", "hooks: expected an object, found an array"},
	{"{\"prestart\":{}}", "hooks.prestart: expected an array, found an object"},
	{"{\"prestart\":[1]}", "hooks.prestart[0]: expected an object, found a number"},
	{"{\"poststart\":[{\"path\":\"/a\"},{}]}", "hooks.poststart[1].path: missing"},
	{"{\"poststop\":[{\"path\":\"a\"}]}", "hooks.poststop[0].path: not absolute: \"a\""},
	{"{\"poststop\":[{\"path\":\"\"}]}", "hooks.poststop[0].path: not absolute: \"\""},
	{"{\"createRuntime\":[{\"path\":\"/a\",\"args\":\"x\"}]}",
		"hooks.createRuntime[0].args: expected an array, found a string"},
	{"{\"createRuntime\":[{\"path\":\"/a\",\"env\":[1]}]}",
		"hooks.createRuntime[0].env[0]: expected a string, found a number"},
	{"{\"startContainer\":[{\"path\":\"/a\",\"timeout\":0}]}",
		"hooks.startContainer[0].timeout: 0 is not between 1 and 2147483647"},
	{"{\"startContainer\":[{\"path\":\"/a\",\"timeout\":-5}]}",
		"hooks.startContainer[0].timeout: -5 is not between 1 and 2147483647"},
	{"{\"startContainer\":[{\"path\":\"/a\",\"timeout\":\"1\"}]}",
		"hooks.startContainer[0].timeout: expected a whole number, found a string"},
};

TEST(bad_hooks_are_named_by_their_path)
{
	g_autofree char *text = g_strdup_printf("{\"hooks\":%s}", bad[_i].hooks);
	g_autoptr(GError) error = NULL;

	ck_assert_ptr_null(parse(text, &error));
	test_error_is(error, CC_ERROR_INVALID, bad[_i].message);
}

static const struct test tests[] = {
	RUN(hooks_of_every_kind_are_read_in_order),
	RUN(hook_members_are_read),
	RUN(hook_without_args_has_its_path_and_no_environment),
	RUN(hooks_take_their_time_together),
	RUN_EACH(hooks_may_be_missing, G_N_ELEMENTS(empty_documents)),
	RUN_EACH(bad_hooks_are_named_by_their_path, G_N_ELEMENTS(bad)),
};

TEST_MAIN("oci-hooks", tests)
