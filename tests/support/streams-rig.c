/* SPDX-License-Identifier: GPL-2.0-only */
/* Puts the proxy's streams between a fake agent and shims' ends. */
#include "tests/support/streams-rig.h"

#include <signal.h>
#include <string.h>

#include "base/fd.h"
#include "tests/unit/runner.h"
#include "wire/message.h"

static void on_ready(void *data)
{
	struct rig *rig = data;

	rig->ready++;
	streams_start(rig->streams);
}

static void on_exited(const char *container, const char *process, int status, void *data)
{
	streams_exited(((struct rig *)data)->streams, container, process, status);
}

static void on_failed(const GError *error, void *data)
{
	ck_assert_ptr_nonnull(error);
	((struct rig *)data)->failed++;
}

static void on_closed(void *data)
{
	(void)data;
}

static void on_init_ended(void *data)
{
	((struct rig *)data)->init_ended++;
}

static void on_drained(void *data)
{
	((struct rig *)data)->drained++;
}

static const struct agent_events agent_events = {
	.ready = on_ready, .exited = on_exited, .failed = on_failed, .closed = on_closed};
static const struct streams_events streams_events = {on_failed, on_init_ended, on_drained};

void rig_open(struct rig *rig, guint32 version, const char *object)
{
	GError *error = NULL;
	int host[2];
	int guest[2];

	signal(SIGPIPE, SIG_IGN);
	*rig = (struct rig){0};
	for (int i = 0; i < 2; i++)
		test_succeeds(fd_socket_pair(&host[i], &guest[i], &error), error);
	fake_agent_init(&rig->guest, guest[0], guest[1]);
	rig->agent = agent_new(host[0], NULL, &agent_events, rig);
	rig->streams = streams_new(host[1], rig->agent, NULL, &streams_events, rig);
	fake_agent_handshake(&rig->guest, version, object);
	fake_agent_wait(rig->ready == 1);
}

void rig_open_ours(struct rig *rig)
{
	rig_open(rig, FAKE_AGENT_VERSION, FAKE_AGENT_OBJECT);
}

void rig_close(struct rig *rig)
{
	streams_free(rig->streams);
	agent_free(rig->agent);
	fake_agent_clear(&rig->guest);
}

struct shim shim_open(struct rig *rig, const char *process, gboolean terminal, gboolean init)
{
	struct streams_process request = {"c", process, terminal, init};
	struct shim shim;
	GError *error = NULL;

	test_succeeds(streams_open(rig->streams, &request, &shim.numbers, &shim.fd, &error), error);
	buffer_init(&shim.in, 16 << 20);
	return shim;
}

void shim_close(struct shim *shim)
{
	fd_clear(&shim->fd);
	buffer_clear(&shim->in);
}

void guest_puts(struct rig *rig, guint64 seq, const char *text)
{
	fake_tty_send(rig->guest.tty, seq, text, strlen(text));
}

void guest_exits(struct rig *rig, const char *process, int status)
{
	g_autofree char *event = g_strdup_printf("{\"container\":\"c\",\"process\":\"%s\","
						 "\"event\":\"finished\",\"status\":%d}",
		process, status);

	fake_agent_send_text(&rig->guest, MESSAGE_PROCESSASYNCEVENT, event);
}

void expect_exit(struct shim *shim, guint status)
{
	struct note note = {.kind = NOTE_EXIT, .value = status};

	fake_tty_expect(shim->fd, &shim->in, shim->numbers.stdio, "");
	if (shim->numbers.stderr_seq != 0)
		fake_tty_expect(shim->fd, &shim->in, shim->numbers.stderr_seq, "");
	fake_tty_expect_note(shim->fd, &shim->in, &note);
	fake_tty_expect_end(shim->fd, &shim->in);
}

void expect_kill(struct rig *rig, const char *process)
{
	g_autofree char *payload = fake_agent_expect(&rig->guest, MESSAGE_SIGNALPROCESS);
	g_autofree char *expected =
		g_strdup_printf("{\"container\":\"c\",\"process\":\"%s\",\"signal\":9}", process);

	ck_assert_str_eq(payload, expected);
}
