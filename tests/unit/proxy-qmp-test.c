/* SPDX-License-Identifier: GPL-2.0-only */
/* QMP: capabilities first, commands at once and in order, events in between, bounded lines. */
#include "runner.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/json.h"
#include "proxy/qmp.h"
#include "tests/support/fake-agent.h"
#include "wire/buffer.h"
#include "wire/fdpass.h"

#define GREETING "{\"QMP\":{\"version\":{},\"capabilities\":[]}}\r\n"

struct rig {
	struct qmp *qmp;
	int monitor;
	struct buffer in;
	guint failed;
	GString *answers;
	GString *events;
};

static void on_failed(const GError *error, void *data)
{
	ck_assert_ptr_nonnull(error);
	((struct rig *)data)->failed++;
}

static void on_event(const char *name, JsonObject *details, void *data)
{
	g_string_append_printf(
		((struct rig *)data)->events, "%s%s;", name, details != NULL ? "+" : "");
}

static const struct qmp_events events = {.failed = on_failed, .event = on_event};

static void on_reply(JsonNode *value, const GError *error, void *data)
{
	g_autofree char *text = value != NULL ? json_format(value, FALSE) : NULL;

	g_string_append_printf(
		((struct rig *)data)->answers, "%s;", error != NULL ? error->message : text);
}

static void rig_open(struct rig *rig)
{
	GError *error = NULL;
	int ours;

	signal(SIGPIPE, SIG_IGN);
	*rig = (struct rig){.answers = g_string_new(NULL), .events = g_string_new(NULL)};
	buffer_init(&rig->in, 1 << 20);
	test_succeeds(fd_socket_pair(&ours, &rig->monitor, &error), error);
	rig->qmp = qmp_new(ours, NULL, &events, rig);
}

static void rig_close(struct rig *rig)
{
	qmp_free(rig->qmp);
	fd_clear(&rig->monitor);
	buffer_clear(&rig->in);
	g_string_free(rig->answers, TRUE);
	g_string_free(rig->events, TRUE);
}

static void say(struct rig *rig, const char *text)
{
	fake_agent_send_raw(rig->monitor, text, strlen(text));
}

static gboolean has_line(struct rig *rig)
{
	if (fd_wait(rig->monitor, POLLIN, 0, NULL))
		(void)buffer_read(&rig->in, rig->monitor, 4096);
	return rig->in.size > 0 && memchr(buffer_bytes(&rig->in), '\n', rig->in.size) != NULL;
}

static void expect_line(struct rig *rig, const char *line)
{
	fake_agent_wait(has_line(rig));

	const char *start = (const char *)buffer_bytes(&rig->in);
	gsize size = (gsize)((const char *)memchr(start, '\n', rig->in.size) - start);

	ck_assert_uint_eq(size, strlen(line));
	ck_assert_int_eq(memcmp(start, line, size), 0);
	buffer_consume(&rig->in, size + 1);
}

static void execute(struct rig *rig, const char *command)
{
	GError *error = NULL;

	test_succeeds(qmp_execute(rig->qmp, command, NULL, on_reply, rig, &error), error);
}

TEST(commands_wait_in_the_socket_for_the_greeting)
{
	struct rig rig;

	rig_open(&rig);
	execute(&rig, "stop");
	expect_line(&rig, "{\"execute\":\"qmp_capabilities\"}");
	expect_line(&rig, "{\"execute\":\"stop\"}");
	say(&rig, GREETING "{\"return\":{}}\r\n{\"return\":{}}\r\n");
	fake_agent_wait(strcmp(rig.answers->str, "{};") == 0);
	rig_close(&rig);
}

TEST(descriptor_goes_with_its_command)
{
	static const char lines[] = "{\"execute\":\"qmp_capabilities\"}\n{\"execute\":\"one\"}\n{"
				    "\"execute\":\"getfd\"}\n";
	struct rig rig;
	char data[256];
	int fds[FDPASS_MAX];
	size_t n_fds;
	GError *error = NULL;
	int passed = open("/dev/null", O_RDONLY | O_CLOEXEC);

	rig_open(&rig);
	execute(&rig, "one");
	test_succeeds(
		qmp_execute_with(rig.qmp, "getfd", NULL, passed, on_reply, &rig, &error), error);
	ck_assert_int_eq(fdpass_receive(rig.monitor, data, sizeof data, fds, &n_fds),
		(ssize_t)strlen(lines));
	ck_assert_int_eq(memcmp(data, lines, strlen(lines)), 0);
	ck_assert_uint_eq(n_fds, 1);
	close(fds[0]);
	rig_close(&rig);
}

TEST(descriptor_that_was_not_sent_is_closed)
{
	struct rig rig;
	GError *error = NULL;

	rig_open(&rig);
	fd_clear(&rig.monitor);
	test_succeeds(qmp_execute_with(rig.qmp, "getfd", NULL,
			      open("/dev/null", O_RDONLY | O_CLOEXEC), on_reply, &rig, &error),
		error);
	ck_assert_uint_eq(rig.failed, 1);
	ck_assert(!qmp_execute_with(rig.qmp, "getfd", NULL, open("/dev/null", O_RDONLY | O_CLOEXEC),
		on_reply, &rig, NULL));
	rig_close(&rig);
}

TEST(replies_in_order_with_events_between)
{
	struct rig rig;

	rig_open(&rig);
	say(&rig, GREETING "{\"event\":\"RESUME\",\"data\":{}}\n{\"return\":{}}\n");
	execute(&rig, "one");
	execute(&rig, "two");
	expect_line(&rig, "{\"execute\":\"qmp_capabilities\"}");
	expect_line(&rig, "{\"execute\":\"one\"}");
	say(&rig, "{\"event\":\"STOP\"}\n{\"error\":{\"class\":\"x\",\"desc\":\"no\"}}\n");
	expect_line(&rig, "{\"execute\":\"two\"}");
	say(&rig, "{\"return\":2}\n");
	fake_agent_wait(strcmp(rig.answers->str, "QMP: no;2;") == 0);
	ck_assert_str_eq(rig.events->str, "RESUME+;STOP;");
	ck_assert_uint_eq(rig.failed, 0);
	rig_close(&rig);
}

static const char *const bad_lines[] = {
	"\n",
	"{\n",
	"[]\n",
	"{\"return\":{}}\n",
	"{\"event\":1}\n",
	GREETING "{\"error\":1}\n",
	GREETING "{\"hello\":1}\n",
	GREETING "{\"return\":{}}\n{\"return\":{}}\n",
	GREETING "{\"event\":\"STOP\",\"data\":1}\n",
};

TEST(bad_line_fails)
{
	struct rig rig;

	rig_open(&rig);
	say(&rig, bad_lines[_i]);
	fake_agent_wait(rig.failed == 1);
	rig_close(&rig);
}

TEST(endless_line_fails)
{
	struct rig rig;
	g_autofree char *text = g_strnfill(QMP_LINE_MAX, ' ');

	rig_open(&rig);
	say(&rig, text);
	fake_agent_wait(rig.failed == 1);
	rig_close(&rig);
}

TEST(pending_command_fails_at_the_end)
{
	struct rig rig;

	rig_open(&rig);
	execute(&rig, "one");
	qmp_free(g_steal_pointer(&rig.qmp));
	ck_assert_str_eq(rig.answers->str, "QMP: the hypervisor has ended;");
	rig_close(&rig);
}

static const struct test tests[] = {
	RUN(commands_wait_in_the_socket_for_the_greeting),
	RUN(descriptor_goes_with_its_command),
	RUN(descriptor_that_was_not_sent_is_closed),
	RUN(replies_in_order_with_events_between),
	RUN_EACH(bad_line_fails, G_N_ELEMENTS(bad_lines)),
	RUN(endless_line_fails),
	RUN(pending_command_fails_at_the_end),
};

TEST_MAIN("proxy-qmp", tests)
