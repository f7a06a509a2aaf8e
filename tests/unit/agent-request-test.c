/* SPDX-License-Identifier: GPL-2.0-only */
/* The agent's answers to requests that need no virtual machine: versions, and all that is wrong. */
#include "runner.h"

#include <jansson.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/request.h"
#include "wire/bytes.h"
#include "wire/message.h"

/* 31 bytes. */
#define DIGITS "00112233445566778899aabbccddeeff00112233445566778899aabbccddee"

static void begin(struct agent *agent)
{
	*agent = (struct agent){
		.control_port = {.fd = -1, .wake = -1},
		.tty_port = {.fd = -1, .wake = -1},
	};
	control_init(&agent->control, &agent->control_port);
	tty_init(&agent->tty, &agent->tty_port);
	agent->pod.started = true;
}

static void end(struct agent *agent)
{
	control_clear(&agent->control);
	tty_clear(&agent->tty);
	free(agent->announcement);
}

/* Serves one request and hands out the answer, which lives until the next. */
static struct control_frame serve(struct agent *agent, guint32 type, const char *payload)
{
	struct agent_error error;
	struct control_frame frame;
	size_t used;

	buffer_clear(&agent->control.out);
	ck_assert(buffer_append_control(&agent->control.in, type, payload, strlen(payload)));
	ck_assert(request_settle(agent, &error));
	ck_assert_int_eq(control_frame_decode(buffer_bytes(&agent->control.out),
				 agent->control.out.size, &frame, &used),
		FRAME_OK);
	/* Exactly one answer. */
	ck_assert_uint_eq(used, agent->control.out.size);
	return frame;
}

TEST(version_announces_features)
{
	struct agent agent;
	struct control_frame frame;
	json_t *json;

	begin(&agent);
	frame = serve(&agent, MESSAGE_GETVERSION, "");
	ck_assert_uint_eq(frame.type, MESSAGE_ACK);
	ck_assert_uint_eq(bytes_get_u32(frame.payload), AGENT_VERSION_OURS);
	json = json_loadb((const char *)frame.payload + 4, frame.payload_size - 4, 0, NULL);
	ck_assert_uint_ge(json_array_size(json_object_get(json, "features")), 4);
	ck_assert_int_eq(json_integer_value(json_object_get(json, "frameMax")), TTY_FRAME_MAX);
	json_decref(json);
	end(&agent);
}

/* Of these none may get as far as to change anything: the tests run on the host. */
static const char *const bad_identities[] = {
	"",
	"{}",
	"{\"entropy\":\"00\",\"time\":1}",
	"{\"entropy\":\"" DIGITS "0\",\"time\":1}",
	"{\"entropy\":\"" DIGITS "xx\",\"time\":1}",
	"{\"entropy\":\"" DIGITS "00\"}",
	"{\"entropy\":\"" DIGITS "00\",\"time\":-1}",
	"{\"entropy\":\"" DIGITS "00\",\"time\":\"1\"}",
	"{\"entropy\":\"" DIGITS "00\",\"time\":1,\"hostname\":1}",
	"{\"entropy\":\"" DIGITS "00\",\"time\":1,\"machineId\":\"1\"}",
	"{\"entropy\":\"" DIGITS "00\",\"time\":1,\"interfaces\":{}}",
};

TEST(bad_identity_is_refused)
{
	struct agent agent;

	begin(&agent);
	agent.pod.started = false;
	ck_assert_uint_eq(serve(&agent, MESSAGE_CLONE, bad_identities[_i]).type, MESSAGE_ERROR);
	end(&agent);
}

TEST(identity_is_not_changed_under_a_pod)
{
	struct agent agent;

	begin(&agent);
	ck_assert_uint_eq(
		serve(&agent, MESSAGE_CLONE, "{\"entropy\":\"" DIGITS "00\",\"time\":1}").type,
		MESSAGE_ERROR);
	end(&agent);
}

/* The boot's spans once; then each answer has its span behind it. */
TEST(trace_tells_spans_once_asked)
{
	struct agent agent;
	struct control_frame frame;
	const char *name;
	json_t *json;
	size_t used;

	begin(&agent);
	spans_add_boot(&agent.spans, "modules", spans_clock());
	(void)serve(&agent, MESSAGE_PING, "");
	frame = serve(&agent, MESSAGE_TRACE, "");
	ck_assert_uint_eq(frame.type, MESSAGE_ACK);
	json = json_loadb((const char *)frame.payload, frame.payload_size, 0, NULL);
	ck_assert_int_gt(json_integer_value(json_object_get(json, "now")), 0);
	name = json_string_value(
		json_object_get(json_array_get(json_object_get(json, "spans"), 0), "name"));
	ck_assert_str_eq(name, "modules");
	json_decref(json);

	buffer_clear(&agent.control.out);
	ck_assert(buffer_append_control(&agent.control.in, MESSAGE_PING, NULL, 0));
	ck_assert(request_settle(&agent, &(struct agent_error){.text = ""}));
	ck_assert_int_eq(control_frame_decode(buffer_bytes(&agent.control.out),
				 agent.control.out.size, &frame, &used),
		FRAME_OK);
	ck_assert_uint_eq(frame.type, MESSAGE_ACK);
	buffer_consume(&agent.control.out, used);
	ck_assert_int_eq(control_frame_decode(buffer_bytes(&agent.control.out),
				 agent.control.out.size, &frame, &used),
		FRAME_OK);
	ck_assert_uint_eq(frame.type, MESSAGE_TRACEEVENT);
	json = json_loadb((const char *)frame.payload, frame.payload_size, 0, NULL);
	ck_assert_str_eq(json_string_value(json_object_get(json, "name")), "PING");
	ck_assert_int_ge(json_integer_value(json_object_get(json, "end")),
		json_integer_value(json_object_get(json, "begin")));
	json_decref(json);
	end(&agent);
}

TEST(ping_is_acknowledged)
{
	struct agent agent;

	begin(&agent);
	ck_assert_uint_eq(serve(&agent, MESSAGE_PING, "").type, MESSAGE_ACK);
	end(&agent);
}

static const struct {
	guint32 type;
	const char *payload;
	const char *code;
	const char *message;
} refused[] = {
	{77, "", "failed", "request 77: unknown"},
	{MESSAGE_ACK, "", "failed", "request 9: unknown"},
	{MESSAGE_SETUPROUTE, "{}", "failed", "SETUPROUTE: not supported yet"},
	{MESSAGE_NEWCONTAINER, "[]", "failed", "bad JSON: not an object"},
	{MESSAGE_NEWCONTAINER, "{}", "failed", "id: missing"},
	{MESSAGE_NEWCONTAINER, "{\"id\":\"a\"}", "failed", "process: missing"},
	{MESSAGE_NEWCONTAINER, "{\"id\":7,\"process\":{}}", "failed", "id: not a string"},
	{MESSAGE_NEWCONTAINER, "{\"id\":\"a\",\"process\":{\"stdio\":\"5\"}}", "failed",
		"process: stdio: not an integer"},
	{MESSAGE_NEWCONTAINER, "{\"id\":\"a\",\"process\":{},\"image\":\"..\"}", "failed",
		"image, rootfs: \"../\" is not below the share"},
	{MESSAGE_NEWCONTAINER, "{\"id\":\"a\",\"process\":{},\"image\":\"a\",\"oci\":{}}", "failed",
		"process: missing"},
	{MESSAGE_STARTPOD, "{}", "failed", "the pod has been started"},
	{MESSAGE_START, "{\"container\":\"x\"}", "not-found", "container \"x\" does not exist"},
	{MESSAGE_STATS, "{\"container\":\"x\"}", "not-found", "container \"x\" does not exist"},
	{MESSAGE_PAUSE, "{\"container\":\"x\"}", "not-found", "container \"x\" does not exist"},
	{MESSAGE_RESUME, "{}", "failed", "container: missing"},
	{MESSAGE_UPDATE, "{\"container\":\"x\",\"resources\":{}}", "not-found",
		"container \"x\" does not exist"},
	{MESSAGE_OOM, "{}", "failed", "request 106: unknown"},
	{MESSAGE_EXECCMD, "{\"container\":\"x\",\"process\":{}}", "not-found",
		"container \"x\" does not exist"},
	{MESSAGE_KILLCONTAINER, "{\"container\":[],\"signal\":9}", "failed",
		"container: not a string"},
	{MESSAGE_SIGNALPROCESS, "{\"container\":\"x\",\"process\":\"p\",\"signal\":9}", "not-found",
		"container \"x\" does not exist"},
	{MESSAGE_REMOVECONTAINER, "{\"container\":\"x\"}", "not-found",
		"container \"x\" does not exist"},
	{MESSAGE_WINSIZE, "{\"seq\":5}", "not-found", "no stream 5"},
	{MESSAGE_WINSIZE, "{\"seq\":-1}", "failed", "seq: -1 is out of range"},
	{MESSAGE_READFILE, "{\"container\":\"x\",\"file\":\"/f\"}", "not-found",
		"container \"x\" does not exist"},
	{MESSAGE_WRITEFILE, "{\"container\":\"x\"}data", "failed", "file: missing"},
};

TEST(refusal_says_why)
{
	struct agent agent;
	struct control_frame frame;
	json_t *json;

	begin(&agent);
	frame = serve(&agent, refused[_i].type, refused[_i].payload);
	ck_assert_uint_eq(frame.type, MESSAGE_ERROR);
	json = json_loadb((const char *)frame.payload, frame.payload_size, 0, NULL);
	ck_assert_pstr_eq(json_string_value(json_object_get(json, "message")), refused[_i].message);
	ck_assert_pstr_eq(json_string_value(json_object_get(json, "code")), refused[_i].code);
	json_decref(json);
	end(&agent);
}

static const char *const garbage[] = {"", "{", "[]", "null", "\"x\"", "{\"container\":5}",
	"\xff\xfe", "{\"container\":\"\\u0000\"}", "{\"id\":{},\"process\":[]}"};

/* No request that takes an object takes one of these. */
TEST(garbage_is_an_error_for_every_request)
{
	static const guint32 types[] = {MESSAGE_NEWCONTAINER, MESSAGE_START, MESSAGE_EXECCMD,
		MESSAGE_WINSIZE, MESSAGE_KILLCONTAINER, MESSAGE_SIGNALPROCESS, MESSAGE_STATS,
		MESSAGE_PAUSE, MESSAGE_RESUME, MESSAGE_UPDATE, MESSAGE_REMOVECONTAINER,
		MESSAGE_WRITEFILE, MESSAGE_READFILE};
	struct agent agent;

	begin(&agent);
	for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
		ck_assert_uint_eq(serve(&agent, types[i], garbage[_i]).type, MESSAGE_ERROR);
	end(&agent);
}

TEST(start_pod_refuses_a_network_it_cannot_make)
{
	struct agent agent;

	begin(&agent);
	agent.pod.started = false;
	ck_assert_uint_eq(serve(&agent, MESSAGE_STARTPOD, "{\"routes\":[{}]}").type, MESSAGE_ERROR);
	ck_assert(!agent.pod.started);
	ck_assert_uint_eq(serve(&agent, MESSAGE_STARTPOD, "{\"routes\":[],\"window\":true}").type,
		MESSAGE_ACK);
	ck_assert(agent.pod.started);
	ck_assert(agent.tty.out.window);
	end(&agent);
}

TEST(bad_length_breaks_the_protocol)
{
	static const guint8 header[] = {0, 0, 0, 12, 0, 0, 0, 7};
	struct agent agent;
	struct agent_error error;

	begin(&agent);
	ck_assert(buffer_append(&agent.control.in, header, sizeof header));
	ck_assert(!request_settle(&agent, &error));
	end(&agent);
}

TEST(consumed_bytes_are_told_before_the_answer)
{
	static const guint8 ping[] = {0, 0, 0, 12, 0, 0, 0, 8};
	static const guint8 answer[] = {
		0, 0, 0, 14, 0, 0, 0, 12, 0, 0, 0, 8, 0, 0, 0, 9, 0, 0, 0, 8};
	struct agent agent;
	struct agent_error error;
	struct pollset set = {.fds = NULL};
	guint8 got[sizeof answer + 1];
	int sockets[2];

	begin(&agent);
	ck_assert_int_eq(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sockets), 0);
	agent.control_port.fd = sockets[0];
	ck_assert_int_eq(write(sockets[1], ping, sizeof ping), sizeof ping);
	pollset_reset(&set);
	control_poll(&agent.control, &set);
	pollset_turn(&set);
	ck_assert(request_settle(&agent, &error));
	control_flush(&agent.control);
	ck_assert_int_eq(read(sockets[1], got, sizeof got), sizeof answer);
	ck_assert_mem_eq(got, answer, sizeof answer);
	pollset_clear(&set);
	close(sockets[0]);
	close(sockets[1]);
	end(&agent);
}

static const struct test tests[] = {
	RUN(version_announces_features),
	RUN_EACH(bad_identity_is_refused, G_N_ELEMENTS(bad_identities)),
	RUN(identity_is_not_changed_under_a_pod),
	RUN(trace_tells_spans_once_asked),
	RUN(ping_is_acknowledged),
	RUN_EACH(refusal_says_why, G_N_ELEMENTS(refused)),
	RUN_EACH(garbage_is_an_error_for_every_request, G_N_ELEMENTS(garbage)),
	RUN(start_pod_refuses_a_network_it_cannot_make),
	RUN(bad_length_breaks_the_protocol),
	RUN(consumed_bytes_are_told_before_the_answer),
};

TEST_MAIN("agent-request", tests)
