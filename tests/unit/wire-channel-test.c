/* SPDX-License-Identifier: GPL-2.0-only */
/* The proxy's connection: messages, descriptors, limits, and a peer that is not of our kind. */
#include "runner.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "wire/bytes.h"
#include "wire/channel.h"

struct ends {
	struct channel ours;
	struct channel theirs;
};

static void open_ends(struct ends *ends)
{
	g_autoptr(GError) error = NULL;
	int ours, theirs;

	test_succeeds(fd_socket_pair(&ours, &theirs, &error), error);
	channel_init(&ends->ours, ours);
	channel_init(&ends->theirs, theirs);
}

static void close_ends(struct ends *ends)
{
	channel_clear(&ends->ours);
	channel_clear(&ends->theirs);
}

static JsonObject *message(const char *text)
{
	JsonObject *object = json_object_new();

	json_object_set_string_member(object, "request", text);
	return object;
}

static int open_null(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	return fd;
}

/* The next message of `to`, after moving bytes as long as needed. */
static JsonNode *transfer(struct channel *from, struct channel *to)
{
	g_autoptr(GError) error = NULL;

	for (;;) {
		JsonNode *node = channel_next(to, &error);

		if (node != NULL)
			return node;
		test_succeeds(error == NULL, error);
		test_succeeds(channel_flush(from, &error), error);
		test_succeeds(channel_fill(to, &error), error);
	}
}

static void expect_request(JsonNode *node, const char *text)
{
	ck_assert_ptr_nonnull(node);
	ck_assert_str_eq(
		json_object_get_string_member(json_node_get_object(node), "request"), text);
}

/* docs/proxy-protocol.md, "Frames". */
TEST(channel_writes_the_bytes_of_the_protocol)
{
	static const char wire[] = "\0\0\0\x1a\0\0\0\0{\"request\":\"bind\"}";
	char got[sizeof wire];
	g_autoptr(GError) error = NULL;
	struct ends ends;

	open_ends(&ends);
	test_succeeds(channel_put(&ends.ours, message(PROXY_BIND), NULL, 0, &error), error);
	ck_assert(channel_wants_flush(&ends.ours));
	test_succeeds(channel_flush(&ends.ours, &error), error);
	ck_assert(!channel_wants_flush(&ends.ours));
	ck_assert_int_eq(read(ends.theirs.fd, got, sizeof got), sizeof wire - 1);
	ck_assert_mem_eq(got, wire, sizeof wire - 1);
	close_ends(&ends);
}

TEST(channel_keeps_messages_apart)
{
	static const char *const texts[] = {"a", "bb", "ccc"};
	g_autoptr(GError) error = NULL;
	struct ends ends;

	open_ends(&ends);
	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
		test_succeeds(channel_put(&ends.ours, message(texts[i]), NULL, 0, &error), error);
	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autoptr(JsonNode) node = transfer(&ends.ours, &ends.theirs);

		expect_request(node, texts[i]);
	}
	ck_assert_ptr_null(channel_next(&ends.theirs, &error));
	test_succeeds(error == NULL, error);
	close_ends(&ends);
}

/* Byte by byte: nothing comes before all is there. */
TEST(channel_waits_for_a_whole_message)
{
	static const char wire[] = "\0\0\0\x17\0\0\0\0{\"request\":\"x\"}";
	g_autoptr(GError) error = NULL;
	g_autoptr(JsonNode) node = NULL;
	struct ends ends;

	open_ends(&ends);
	for (gsize i = 0; i < sizeof wire - 1; i++) {
		ck_assert_ptr_null(channel_next(&ends.ours, &error));
		test_succeeds(error == NULL, error);
		ck_assert_int_eq(write(ends.theirs.fd, wire + i, 1), 1);
		test_succeeds(channel_fill(&ends.ours, &error), error);
	}
	node = channel_next(&ends.ours, &error);
	expect_request(node, "x");
	close_ends(&ends);
}

TEST(channel_carries_a_large_message)
{
	g_autofree char *text = g_strnfill(CHANNEL_MESSAGE_MAX - 100, 'x');
	g_autoptr(GError) error = NULL;
	g_autoptr(JsonNode) node = NULL;
	struct ends ends;

	open_ends(&ends);
	test_succeeds(channel_put(&ends.ours, message(text), NULL, 0, &error), error);
	node = transfer(&ends.ours, &ends.theirs);
	expect_request(node, text);
	close_ends(&ends);
}

TEST(channel_put_refuses_oversize)
{
	g_autofree char *text = g_strnfill(CHANNEL_MESSAGE_MAX, 'x');
	g_autoptr(GError) error = NULL;
	struct ends ends;
	int fd = open_null();

	open_ends(&ends);
	/* The descriptor was taken over: the fixture sees when it stays open. */
	ck_assert(!channel_put(&ends.ours, message(text), &fd, 1, &error));
	ck_assert_ptr_nonnull(error);
	ck_assert(!channel_wants_flush(&ends.ours));
	close_ends(&ends);
}

/* A peer that never reads makes the queue full, not the process large. */
TEST(channel_put_refuses_when_the_queue_is_full)
{
	g_autofree char *text = g_strnfill(CHANNEL_MESSAGE_MAX / 2, 'x');
	g_autoptr(GError) error = NULL;
	struct ends ends;
	guint queued = 0;

	open_ends(&ends);
	while (queued < 10 && channel_put(&ends.ours, message(text), NULL, 0, &error))
		queued++;
	ck_assert_uint_eq(queued, 3);
	ck_assert_ptr_nonnull(error);
	close_ends(&ends);
}

static const struct {
	guint32 length;
	guint32 flags;
	char payload[3];
} strange[] = {
	{0, 0, ""},
	{CHANNEL_HEADER_SIZE - 1, 0, ""},
	{CHANNEL_MESSAGE_MAX + 1, 0, ""},
	{G_MAXUINT32, 0, ""},
	{CHANNEL_HEADER_SIZE + 2, 1, "{}"},
	{CHANNEL_HEADER_SIZE, 0, ""},
	{CHANNEL_HEADER_SIZE + 2, 0, "[]"},
	{CHANNEL_HEADER_SIZE + 2, 0, "{x"},
	{CHANNEL_HEADER_SIZE + 2, 0, "\0}"},
};

TEST(channel_next_refuses)
{
	guint8 wire[CHANNEL_HEADER_SIZE + 2] = {0};
	g_autoptr(GError) error = NULL;
	struct ends ends;

	bytes_put_u32(wire, strange[_i].length);
	bytes_put_u32(wire + 4, strange[_i].flags);
	memcpy(wire + CHANNEL_HEADER_SIZE, strange[_i].payload, 2);
	open_ends(&ends);
	ck_assert_int_eq(write(ends.theirs.fd, wire, sizeof wire), sizeof wire);
	test_succeeds(channel_fill(&ends.ours, &error), error);
	ck_assert_ptr_null(channel_next(&ends.ours, &error));
	ck_assert_ptr_nonnull(error);
	close_ends(&ends);
}

TEST(channel_fill_tells_the_end)
{
	g_autoptr(GError) error = NULL;
	struct ends ends;

	open_ends(&ends);
	test_succeeds(channel_fill(&ends.ours, &error), error);
	channel_clear(&ends.theirs);
	ck_assert(!channel_fill(&ends.ours, &error));
	ck_assert_int_eq(error->code, CC_ERROR_NOT_RUNNING);
	channel_clear(&ends.ours);
}

/* ---- descriptors */

TEST(channel_carries_descriptors_with_their_message)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(JsonNode) first = NULL;
	g_autoptr(JsonNode) second = NULL;
	struct ends ends;
	int fds[] = {open_null(), open_null()};

	open_ends(&ends);
	test_succeeds(channel_put(&ends.ours, message("without"), NULL, 0, &error), error);
	test_succeeds(channel_put(&ends.ours, message("with"), fds, 2, &error), error);
	first = transfer(&ends.ours, &ends.theirs);
	expect_request(first, "without");
	second = transfer(&ends.ours, &ends.theirs);
	expect_request(second, "with");
	for (int i = 0; i < 2; i++) {
		int fd = channel_take_fd(&ends.theirs);

		ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
		close(fd);
	}
	ck_assert_int_eq(channel_take_fd(&ends.theirs), -1);
	close_ends(&ends);
}

TEST(channel_put_refuses_a_second_set_of_descriptors)
{
	g_autoptr(GError) error = NULL;
	struct ends ends;
	int first = open_null(), second = open_null();

	open_ends(&ends);
	test_succeeds(channel_put(&ends.ours, message("first"), &first, 1, &error), error);
	ck_assert(!channel_put(&ends.ours, message("second"), &second, 1, &error));
	close_ends(&ends);
}

/* What nobody takes is closed with the channel; what would be too many ends it. */
TEST(channel_bounds_the_descriptors_of_a_peer)
{
	g_autoptr(GError) error = NULL;
	struct ends ends;
	int fds[FDPASS_MAX];
	guint messages = 0;

	open_ends(&ends);
	for (int i = 0; i < FDPASS_MAX; i++)
		fds[i] = open_null();
	while (messages < 10) {
		ck_assert_int_eq(fdpass_send(ends.theirs.fd, "x", 1, fds, FDPASS_MAX), 1);
		if (!channel_fill(&ends.ours, &error))
			break;
		messages++;
	}
	ck_assert_uint_eq(messages, CHANNEL_FDS_MAX / FDPASS_MAX);
	test_error_is(error, CC_ERROR_FAILED, "too many descriptors");
	for (int i = 0; i < FDPASS_MAX; i++)
		close(fds[i]);
	close_ends(&ends);
}

/* ---- calls */

/* A child that answers one request with these bytes of JSON and maybe a descriptor. */
static pid_t answer(struct ends *ends, const char *reply, gboolean with_fd)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;

	char request[1024];
	guint8 header[CHANNEL_HEADER_SIZE] = {0};
	int null = open_null();

	if (fd_wait(ends->theirs.fd, POLLIN, deadline_after(10000), NULL) &&
		read(ends->theirs.fd, request, sizeof request) > 0) {
		bytes_put_u32(header, (guint32)(sizeof header + strlen(reply)));
		(void)fdpass_send(ends->theirs.fd, header, sizeof header, &null, with_fd);
		(void)fdpass_send(ends->theirs.fd, reply, strlen(reply), NULL, 0);
	}
	_exit(0);
}

TEST(channel_call_returns_the_reply)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(JsonNode) reply = NULL;
	struct ends ends;
	int fd = -1;

	open_ends(&ends);

	pid_t pid = answer(&ends, "{\"stdio\":1}", TRUE);

	reply = channel_call(&ends.ours, message(PROXY_PROCESS), 10000, &fd, &error);
	test_succeeds(reply != NULL, error);
	ck_assert_int_eq(json_object_get_int_member(json_node_get_object(reply), "stdio"), 1);
	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	close_ends(&ends);
}

static const struct {
	const char *reply;
	gint code;
	const char *message;
} failures[] = {
	{"{\"error\":\"gone\"}", CC_ERROR_FAILED, "gone"},
	{"{\"error\":\"no\",\"code\":\"exec-not-found\"}", CC_ERROR_EXEC_NOT_FOUND, "no"},
	{"{\"error\":\"no\",\"code\":\"exec-denied\"}", CC_ERROR_EXEC_DENIED, "no"},
	{"{\"error\":\"no\",\"code\":\"not-found\"}", CC_ERROR_NOT_FOUND, "no"},
	{"{\"error\":\"no\",\"code\":\"timeout\"}", CC_ERROR_TIMEOUT, "no"},
	{"{\"error\":\"no\",\"code\":\"other\"}", CC_ERROR_FAILED, "no"},
	{"{\"error\":1}", CC_ERROR_INVALID, "error: expected a string, found a number"},
};

TEST(channel_call_turns_a_refusal_into_an_error)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(JsonNode) reply = NULL;
	struct ends ends;

	open_ends(&ends);

	pid_t pid = answer(&ends, failures[_i].reply, FALSE);

	reply = channel_call(&ends.ours, message(PROXY_BIND), 10000, NULL, &error);
	ck_assert_ptr_null(reply);
	test_error_is(error, failures[_i].code, failures[_i].message);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	close_ends(&ends);
}

TEST(channel_call_has_a_deadline)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(JsonNode) reply = NULL;
	struct ends ends;

	open_ends(&ends);
	reply = channel_call(&ends.ours, message(PROXY_STATUS), 10, NULL, &error);
	ck_assert_ptr_null(reply);
	ck_assert_int_eq(error->code, CC_ERROR_TIMEOUT);
	close_ends(&ends);
}

TEST(channel_call_tells_that_the_proxy_is_gone)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(JsonNode) reply = NULL;
	struct ends ends;

	open_ends(&ends);
	channel_clear(&ends.theirs);
	reply = channel_call(&ends.ours, message(PROXY_STATUS), 10000, NULL, &error);
	ck_assert_ptr_null(reply);
	ck_assert_ptr_nonnull(error);
	channel_clear(&ends.ours);
}

static const struct test tests[] = {
	RUN(channel_writes_the_bytes_of_the_protocol),
	RUN(channel_keeps_messages_apart),
	RUN(channel_waits_for_a_whole_message),
	RUN(channel_carries_a_large_message),
	RUN(channel_put_refuses_oversize),
	RUN(channel_put_refuses_when_the_queue_is_full),
	RUN_EACH(channel_next_refuses, G_N_ELEMENTS(strange)),
	RUN(channel_fill_tells_the_end),
	RUN(channel_carries_descriptors_with_their_message),
	RUN(channel_put_refuses_a_second_set_of_descriptors),
	RUN(channel_bounds_the_descriptors_of_a_peer),
	RUN(channel_call_returns_the_reply),
	RUN_EACH(channel_call_turns_a_refusal_into_an_error, G_N_ELEMENTS(failures)),
	RUN(channel_call_has_a_deadline),
	RUN(channel_call_tells_that_the_proxy_is_gone),
};

TEST_MAIN("wire-channel", tests)
