/* SPDX-License-Identifier: GPL-2.0-only */
/* The control channel, host side: handshake, order of replies, and what breaks the protocol. */
#include "runner.h"

#include <signal.h>
#include <string.h>

#include "base/error.h"
#include "base/fd.h"
#include "proxy/agent.h"
#include "tests/support/fake-agent.h"
#include "wire/bytes.h"
#include "wire/message.h"

struct rig {
	struct fake_agent guest;
	struct agent *agent;
	guint ready;
	guint closed;
	guint failed;
	GString *exits;
	/* Answers to requests, in their order. */
	GString *answers;
};

static void on_ready(void *data)
{
	((struct rig *)data)->ready++;
}

static void on_exited(const char *container, const char *process, int status, void *data)
{
	g_string_append_printf(
		((struct rig *)data)->exits, "%s/%s=%d;", container, process, status);
}

static void on_oom(const char *container, guint64 kills, void *data)
{
	g_string_append_printf(
		((struct rig *)data)->exits, "%s: %" G_GUINT64_FORMAT " kills;", container, kills);
}

static void on_failed(const GError *error, void *data)
{
	ck_assert_ptr_nonnull(error);
	((struct rig *)data)->failed++;
}

static void on_closed(void *data)
{
	((struct rig *)data)->closed++;
}

static const struct agent_events events = {
	.ready = on_ready,
	.exited = on_exited,
	.oom = on_oom,
	.failed = on_failed,
	.closed = on_closed,
};

static void on_reply(JsonNode *payload, const GError *error, void *data)
{
	struct rig *rig = data;

	g_string_append_printf(rig->answers, "%s;",
		error != NULL	  ? error->message
		: payload != NULL ? "payload"
				  : "ok");
}

static void rig_open(struct rig *rig)
{
	GError *error = NULL;
	int host;
	int guest;

	signal(SIGPIPE, SIG_IGN);
	*rig = (struct rig){.exits = g_string_new(NULL), .answers = g_string_new(NULL)};
	test_succeeds(fd_socket_pair(&host, &guest, &error), error);
	fake_agent_init(&rig->guest, guest, -1);
	rig->agent = agent_new(host, NULL, &events, rig);
}

static void rig_open_ready(struct rig *rig, guint32 version, const char *object)
{
	rig_open(rig);
	fake_agent_handshake(&rig->guest, version, object);
	fake_agent_wait(rig->ready == 1);
}

static void rig_close(struct rig *rig)
{
	agent_free(rig->agent);
	fake_agent_clear(&rig->guest);
	g_string_free(rig->exits, TRUE);
	g_string_free(rig->answers, TRUE);
}

static void ask(struct rig *rig, guint32 type, const char *payload, guint timeout)
{
	GError *error = NULL;

	test_succeeds(
		agent_request(rig->agent, type, payload, timeout, on_reply, rig, &error), error);
}

static void expect_ping(struct rig *rig)
{
	g_free(fake_agent_expect(&rig->guest, MESSAGE_PING));
}

TEST(handshake_makes_ready)
{
	struct rig rig;

	rig_open_ready(&rig, FAKE_AGENT_VERSION, FAKE_AGENT_OBJECT);
	ck_assert_uint_eq(agent_get_info(rig.agent)->stream_window, FAKE_AGENT_WINDOW);
	rig_close(&rig);
}

/* A guest out of a template is told who it is, as often as need be, and says no READY. */
TEST(clone_takes_the_place_of_the_handshake)
{
	static const guint8 version[] = {0, 0x0f, 0x42, 0x40};
	g_autoptr(GByteArray) answer = g_byte_array_new();
	struct rig rig;

	g_byte_array_append(answer, version, sizeof version);
	g_byte_array_append(
		answer, (const guint8 *)FAKE_AGENT_OBJECT, (guint)strlen(FAKE_AGENT_OBJECT));
	rig_open(&rig);
	for (guint i = 1; i <= 2; i++) {
		g_autofree char *told = NULL;

		agent_clone(rig.agent, "{\"time\":1}");
		told = fake_agent_expect(&rig.guest, MESSAGE_CLONE);
		ck_assert_str_eq(told, "{\"time\":1}");
		fake_agent_send(&rig.guest, MESSAGE_ACK, answer->data, answer->len);
		fake_agent_wait(rig.ready == i);
	}
	ck_assert_uint_eq(agent_get_info(rig.agent)->stream_window, FAKE_AGENT_WINDOW);
	ask(&rig, MESSAGE_PING, NULL, 20000);
	expect_ping(&rig);
	rig_close(&rig);
}

TEST(clone_that_is_refused_breaks_the_protocol)
{
	struct rig rig;

	rig_open(&rig);
	agent_clone(rig.agent, "{}");
	g_free(fake_agent_expect(&rig.guest, MESSAGE_CLONE));
	fake_agent_send_text(&rig.guest, MESSAGE_ERROR, "{\"message\":\"no\",\"code\":\"failed\"}");
	fake_agent_wait(rig.failed == 1);
	rig_close(&rig);
}

TEST(request_before_ready_is_refused)
{
	struct rig rig;
	g_autoptr(GError) error = NULL;

	rig_open(&rig);
	ck_assert(!agent_request(rig.agent, MESSAGE_PING, NULL, 1000, on_reply, &rig, &error));
	test_error_is(error, CC_ERROR_FAILED, "the agent is not ready");
	rig_close(&rig);
}

TEST(replies_come_in_order)
{
	struct rig rig;

	rig_open_ready(&rig, FAKE_AGENT_VERSION, FAKE_AGENT_OBJECT);
	ask(&rig, MESSAGE_PING, NULL, 20000);
	ask(&rig, MESSAGE_STARTPOD, "{}", 20000);
	expect_ping(&rig);
	fake_agent_settle();
	ck_assert(!fake_agent_has_message(&rig.guest));
	fake_agent_send_text(&rig.guest, MESSAGE_ERROR, "{\"message\":\"no\",\"code\":\"failed\"}");
	g_free(fake_agent_expect(&rig.guest, MESSAGE_STARTPOD));
	fake_agent_send_text(&rig.guest, MESSAGE_ACK, "{\"a\":1}");
	fake_agent_wait(strcmp(rig.answers->str, "no;payload;") == 0);
	rig_close(&rig);
}

TEST(event_and_next_between_request_and_reply)
{
	struct rig rig;

	rig_open_ready(&rig, FAKE_AGENT_VERSION, FAKE_AGENT_OBJECT);
	ask(&rig, MESSAGE_PING, NULL, 20000);
	expect_ping(&rig);
	fake_agent_send_text(&rig.guest, MESSAGE_PROCESSASYNCEVENT,
		"{\"container\":\"c\",\"process\":\"p\",\"event\":\"finished\",\"status\":255}");
	fake_agent_send(&rig.guest, MESSAGE_NEXT, "\0\0\0\x08", 4);
	fake_agent_send(&rig.guest, MESSAGE_ACK, NULL, 0);
	fake_agent_wait(strcmp(rig.answers->str, "ok;") == 0);
	ck_assert_str_eq(rig.exits->str, "c/p=255;");
	ck_assert_uint_eq(rig.failed, 0);
	rig_close(&rig);
}

/* What an agent must not send, once it is ready and nothing has been asked. */
static const struct {
	guint32 type;
	const char *payload;
	gsize size;
} bad_messages[] = {
	{MESSAGE_ACK, "", 0},
	{MESSAGE_ERROR, "", 0},
	{MESSAGE_READY, "", 0},
	{MESSAGE_NEXT, "\0\0\0\x01", 4},
	{MESSAGE_NEXT, "\0\0", 2},
	{MESSAGE_PING, "", 0},
	{MESSAGE_STARTPOD, "{}", 2},
	{7777, "", 0},
	{MESSAGE_PROCESSASYNCEVENT, "", 0},
	{MESSAGE_PROCESSASYNCEVENT, "[]", 2},
	{MESSAGE_PROCESSASYNCEVENT, "{\"event\":1}", 11},
	{MESSAGE_PROCESSASYNCEVENT,
		"{\"container\":\"c\",\"process\":\"p\",\"event\":\"finished\"}", 51},
	{MESSAGE_PROCESSASYNCEVENT,
		"{\"container\":\"c\",\"process\":\"p\",\"event\":\"finished\",\"status\":256}",
		64},
};

TEST(bad_message_fails)
{
	struct rig rig;

	rig_open_ready(&rig, FAKE_AGENT_VERSION, FAKE_AGENT_OBJECT);
	fake_agent_send(
		&rig.guest, bad_messages[_i].type, bad_messages[_i].payload, bad_messages[_i].size);
	fake_agent_wait(rig.failed == 1);
	/* Nothing is read any more. */
	fake_agent_send(&rig.guest, MESSAGE_ACK, NULL, 0);
	fake_agent_settle();
	ck_assert_uint_eq(rig.failed, 1);
	rig_close(&rig);
}

static const struct {
	const char *bytes;
} bad_frames[] = {
	{"\0\0\0\x09\0\0\0\x07"},
	{"\0\0\0\x09\0\0\0\0"},
	{"\0\0\0\x09\0\x40\0\x01"},
	{"\0\0\0\x09\xff\xff\xff\xff"},
};

TEST(bad_length_fails)
{
	struct rig rig;

	rig_open_ready(&rig, FAKE_AGENT_VERSION, FAKE_AGENT_OBJECT);
	fake_agent_send_raw(rig.guest.control, bad_frames[_i].bytes, 8);
	fake_agent_wait(rig.failed == 1);
	rig_close(&rig);
}

TEST(message_before_ready_fails)
{
	struct rig rig;

	rig_open(&rig);
	fake_agent_send(&rig.guest, MESSAGE_NEXT, "\0\0\0\0", 4);
	fake_agent_wait(rig.failed == 1);
	rig_close(&rig);
}

TEST(ack_that_is_no_json_fails)
{
	struct rig rig;

	rig_open_ready(&rig, FAKE_AGENT_VERSION, FAKE_AGENT_OBJECT);
	ask(&rig, MESSAGE_PING, NULL, 20000);
	expect_ping(&rig);
	fake_agent_send_text(&rig.guest, MESSAGE_ACK, "{\"a\":");
	fake_agent_wait(rig.failed == 1);
	ck_assert(g_str_has_prefix(rig.answers->str, "not JSON"));
	rig_close(&rig);
}

TEST(late_reply_is_not_another_requests)
{
	struct rig rig;

	rig_open_ready(&rig, FAKE_AGENT_VERSION, FAKE_AGENT_OBJECT);
	ask(&rig, MESSAGE_PING, NULL, 1);
	fake_agent_wait(strcmp(rig.answers->str, "the agent did not answer PING in time;") == 0);
	ask(&rig, MESSAGE_PING, NULL, 20000);
	expect_ping(&rig);
	fake_agent_send(&rig.guest, MESSAGE_ACK, NULL, 0);
	expect_ping(&rig);
	fake_agent_send_text(&rig.guest, MESSAGE_ACK, "{}");
	fake_agent_wait(g_str_has_suffix(rig.answers->str, "time;payload;"));
	rig_close(&rig);
}

TEST(oom_is_an_event)
{
	struct rig rig;

	rig_open_ready(&rig, FAKE_AGENT_VERSION, FAKE_AGENT_OBJECT);
	fake_agent_send_text(&rig.guest, MESSAGE_OOM, "{\"container\":\"c1\",\"oomKills\":1}");
	fake_agent_wait(strcmp(rig.exits->str, "c1: 1 kills;") == 0);
	fake_agent_send_text(&rig.guest, MESSAGE_OOM, "{\"container\":\"c1\",\"oomKills\":0}");
	fake_agent_wait(rig.failed == 1);
	rig_close(&rig);
}

/* A guest that stands still answers nothing, however long. */
TEST(deadlines_do_not_pass_while_held)
{
	struct rig rig;

	rig_open_ready(&rig, FAKE_AGENT_VERSION, FAKE_AGENT_OBJECT);
	ask(&rig, MESSAGE_PING, NULL, 1);
	agent_hold(rig.agent, TRUE);
	ask(&rig, MESSAGE_PING, NULL, 1);
	fake_agent_settle();
	g_usleep(20 * 1000);
	fake_agent_settle();
	ck_assert_str_eq(rig.answers->str, "");
	agent_hold(rig.agent, FALSE);
	fake_agent_wait(strcmp(rig.answers->str, "the agent did not answer PING in time;"
						 "the agent did not answer PING in time;") == 0);
	rig_close(&rig);
}

TEST(destroy_goes_first)
{
	struct rig rig;

	rig_open_ready(&rig, FAKE_AGENT_VERSION, FAKE_AGENT_OBJECT);
	ask(&rig, MESSAGE_PING, NULL, 20000);
	ask(&rig, MESSAGE_STARTPOD, "{}", 20000);
	agent_destroy(rig.agent, on_reply, &rig);
	ck_assert_str_eq(rig.answers->str, "the VM is ending;");
	expect_ping(&rig);
	fake_agent_send(&rig.guest, MESSAGE_ACK, NULL, 0);
	g_free(fake_agent_expect(&rig.guest, MESSAGE_DESTROYPOD));
	fake_agent_send(&rig.guest, MESSAGE_ACK, NULL, 0);
	fake_agent_wait(strcmp(rig.answers->str, "the VM is ending;ok;ok;") == 0);
	rig_close(&rig);
}

TEST(end_of_stream_is_reported)
{
	struct rig rig;

	rig_open_ready(&rig, FAKE_AGENT_VERSION, FAKE_AGENT_OBJECT);
	fd_clear(&rig.guest.control);
	fake_agent_wait(rig.closed == 1);
	ck_assert_uint_eq(rig.failed, 0);
	rig_close(&rig);
}

/* Plain hyperstart: 512 bytes, then only what NEXT allows. */
TEST(hyperstart_gets_512_bytes_beyond_next)
{
	struct rig rig;
	g_autofree char *filler = g_strnfill(1000, 'x');
	g_autofree char *payload = g_strdup_printf("{\"a\":\"%s\"}", filler);

	rig_open_ready(&rig, 4243, NULL);
	ask(&rig, MESSAGE_STARTPOD, payload, 20000);
	fake_agent_settle();
	ck_assert(!fake_agent_has_message(&rig.guest));
	ck_assert_uint_eq(rig.guest.control_in.size, 512);
	fake_agent_send(&rig.guest, MESSAGE_NEXT, "\0\0\x01\0", 4);
	fake_agent_settle();
	ck_assert(!fake_agent_has_message(&rig.guest));
	ck_assert_uint_eq(rig.guest.control_in.size, 768);
	fake_agent_send(&rig.guest, MESSAGE_NEXT, "\0\0\x02\0", 4);
	g_free(fake_agent_expect(&rig.guest, MESSAGE_STARTPOD));
	rig_close(&rig);
}

TEST(hyperstart_gets_no_large_request)
{
	struct rig rig;
	g_autofree char *payload = g_strnfill(10240, 'x');
	g_autoptr(GError) error = NULL;

	rig_open_ready(&rig, 4243, NULL);
	ck_assert(!agent_request(rig.agent, MESSAGE_STARTPOD, payload, 1, on_reply, &rig, &error));
	test_error_is(error, CC_ERROR_FAILED, "the request is larger than the agent takes");
	rig_close(&rig);
}

static const struct test tests[] = {
	RUN(handshake_makes_ready),
	RUN(clone_takes_the_place_of_the_handshake),
	RUN(clone_that_is_refused_breaks_the_protocol),
	RUN(request_before_ready_is_refused),
	RUN(replies_come_in_order),
	RUN(event_and_next_between_request_and_reply),
	RUN_EACH(bad_message_fails, G_N_ELEMENTS(bad_messages)),
	RUN_EACH(bad_length_fails, G_N_ELEMENTS(bad_frames)),
	RUN(message_before_ready_fails),
	RUN(ack_that_is_no_json_fails),
	RUN(late_reply_is_not_another_requests),
	RUN(oom_is_an_event),
	RUN(deadlines_do_not_pass_while_held),
	RUN(destroy_goes_first),
	RUN(end_of_stream_is_reported),
	RUN(hyperstart_gets_512_bytes_beyond_next),
	RUN(hyperstart_gets_no_large_request),
};

TEST_MAIN("proxy-agent", tests)
