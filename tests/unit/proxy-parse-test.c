/* SPDX-License-Identifier: GPL-2.0-only */
/* What the proxy parses and checks without a VM: answers of agents, targets of binds. */
#include "runner.h"

#include <string.h>

#include "base/error.h"
#include "proxy/agenterror.h"
#include "proxy/agentinfo.h"
#include "proxy/share.h"
#include "wire/stream.h"

/* An answer to GETVERSION: 4 bytes of version, then the text. */
static gboolean parse_info(
	guint32 version, const char *object, struct agent_info *out_info, GError **error)
{
	g_autoptr(GByteArray) data = g_byte_array_new();
	guint32 number = GUINT32_TO_BE(version);

	g_byte_array_append(data, (const guint8 *)&number, sizeof number);
	g_byte_array_append(data, (const guint8 *)object, (guint)strlen(object));
	return agent_info_parse(data->data, data->len, out_info, error);
}

TEST(agent_info_of_our_agent)
{
	struct agent_info info = {0};
	GError *error = NULL;

	test_succeeds(parse_info(1000000,
			      "{\"features\":[\"oci\",\"window\"],\"frameMax\":65536,"
			      "\"streamWindow\":131072}",
			      &info, &error),
		error);
	ck_assert(info.extended && info.window && info.oci);
	ck_assert_uint_eq(info.frame_max, 65536);
	ck_assert_uint_eq(info.stream_window, 131072);
	agent_info_clear(&info);
}

TEST(agent_info_of_hyperstart)
{
	struct agent_info info = {0};
	GError *error = NULL;

	test_succeeds(parse_info(4242, "", &info, &error), error);
	ck_assert(!info.extended && !info.window && !info.oci);
	ck_assert_uint_eq(info.frame_max, 4096);
	ck_assert_uint_eq(info.stream_window, STREAM_WINDOW);
	agent_info_clear(&info);
}

static const struct {
	guint32 version;
	const char *object;
} bad_infos[] = {
	{0, ""},
	{4241, ""},
	{1000000, "{"},
	{1000000, "[]"},
	{1000000, "{}"},
	{1000000, "{\"features\":[],\"frameMax\":4095,\"streamWindow\":8192}"},
	{1000000, "{\"features\":[],\"frameMax\":65537,\"streamWindow\":8192}"},
	{1000000, "{\"features\":[],\"frameMax\":\"4096\",\"streamWindow\":8192}"},
	{1000000, "{\"features\":[],\"frameMax\":4096,\"streamWindow\":0}"},
	{1000000, "{\"features\":[],\"frameMax\":4096,\"streamWindow\":1048577}"},
	{1000000, "{\"features\":[1],\"frameMax\":4096,\"streamWindow\":8192}"},
	{1000000, "{\"frameMax\":4096,\"streamWindow\":8192}"},
	{1000000, "{\"features\":[],\"streamWindow\":8192}"},
};

TEST(agent_info_rejects)
{
	struct agent_info info = {0};
	g_autoptr(GError) error = NULL;

	ck_assert(!parse_info(bad_infos[_i].version, bad_infos[_i].object, &info, &error));
	ck_assert_ptr_nonnull(error);
	ck_assert_ptr_null(info.features);
}

TEST(agent_info_rejects_short)
{
	struct agent_info info = {0};
	g_autoptr(GError) error = NULL;

	ck_assert(!agent_info_parse((const guint8 *)"\0\0\x10", 3, &info, &error));
	ck_assert_ptr_nonnull(error);
}

TEST(agent_error_has_code)
{
	const char *text = "{\"message\":\"no\\nsuch\",\"code\":\"exec-not-found\"}";
	g_autoptr(GError) reason = NULL;
	g_autoptr(GError) error = NULL;

	test_succeeds(agent_error_parse((const guint8 *)text, strlen(text), TRUE, &reason, &error),
		error);
	test_error_is(reason, CC_ERROR_EXEC_NOT_FOUND, "no such");
}

TEST(agent_error_must_be_object)
{
	g_autoptr(GError) reason = NULL;
	g_autoptr(GError) error = NULL;

	ck_assert(!agent_error_parse((const guint8 *)"text", 4, TRUE, &reason, &error));
	ck_assert_ptr_null(reason);
}

TEST(agent_error_of_hyperstart_is_text)
{
	g_autoptr(GError) reason = NULL;
	g_autoptr(GError) error = NULL;

	test_succeeds(
		agent_error_parse((const guint8 *)"\x1b[2Jno\xff\n", 8, FALSE, &reason, &error),
		error);
	test_error_is(reason, CC_ERROR_FAILED, " [2Jno\xef\xbf\xbd");
}

TEST(agent_error_empty)
{
	g_autoptr(GError) reason = NULL;
	g_autoptr(GError) error = NULL;

	test_succeeds(agent_error_parse((const guint8 *)"", 0, FALSE, &reason, &error), error);
	test_error_is(reason, CC_ERROR_FAILED, "the agent refused");
}

static const struct {
	const char *target;
	gboolean good;
} targets[] = {
	{"c1", TRUE},
	{"c1/rootfs", TRUE},
	{"c1/volume-0/...", TRUE},
	{"", FALSE},
	{"/", FALSE},
	{"/c1", FALSE},
	{"c1/", FALSE},
	{"c1//rootfs", FALSE},
	{"..", FALSE},
	{".", FALSE},
	{"c1/../c2", FALSE},
	{"c1/..", FALSE},
	{"./c1", FALSE},
};

TEST(bind_target)
{
	g_autoptr(GError) error = NULL;

	ck_assert_int_eq(share_check_target(targets[_i].target, &error), targets[_i].good);
	ck_assert_int_eq(error == NULL, targets[_i].good);
}

static const struct test tests[] = {
	RUN(agent_info_of_our_agent),
	RUN(agent_info_of_hyperstart),
	RUN_EACH(agent_info_rejects, G_N_ELEMENTS(bad_infos)),
	RUN(agent_info_rejects_short),
	RUN(agent_error_has_code),
	RUN(agent_error_must_be_object),
	RUN(agent_error_of_hyperstart_is_text),
	RUN(agent_error_empty),
	RUN_EACH(bind_target, G_N_ELEMENTS(targets)),
};

TEST_MAIN("proxy-parse", tests)
