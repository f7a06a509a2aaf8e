/* SPDX-License-Identifier: GPL-2.0-only */
/* Any bytes from the guest on its control channel: each request is answered once all the same. */
#include <stddef.h>
#include <stdint.h>

#include "base/fd.h"
#include "proxy/agent.h"
#include "tests/fuzz/pump.h"
#include "wire/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
	struct agent *agent;
	guint requests;
	guint answers;
	guint failed;
};

static void on_reply(JsonNode *payload, const GError *error, void *data)
{
	g_assert(payload == NULL || error == NULL);
	((struct outcome *)data)->answers++;
}

static void on_ready(void *data)
{
	struct outcome *outcome = data;

	g_assert(agent_request(outcome->agent, MESSAGE_PING, "", 60000, on_reply, data, NULL));
	g_assert(
		agent_request(outcome->agent, MESSAGE_STARTPOD, "{}", 60000, on_reply, data, NULL));
	outcome->requests += 2;
}

static void on_exited(const char *container, const char *process, int status, void *data)
{
	(void)data;
	g_assert(container != NULL && process != NULL && status >= 0 && status <= 255);
}

static void on_notified(const char *container, const char *text, void *data)
{
	(void)data;
	g_assert(container != NULL && text != NULL);
}

static void on_oom(const char *container, guint64 kills, void *data)
{
	(void)data;
	(void)kills;
	g_assert(container != NULL);
}

static void on_spanned(const char *name, gint64 begin, gint64 end, void *data)
{
	(void)begin;
	(void)end;
	(void)data;
	g_assert(name != NULL);
}

static void on_failed(const GError *error, void *data)
{
	g_assert(error != NULL);
	((struct outcome *)data)->failed++;
}

static void on_closed(void *data)
{
	(void)data;
}

static const struct agent_events events = {
	.ready = on_ready,
	.exited = on_exited,
	.notified = on_notified,
	.oom = on_oom,
	.failed = on_failed,
	.closed = on_closed,
	.spanned = on_spanned,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GError) closed = g_error_new_literal(G_IO_ERROR, G_IO_ERROR_CLOSED, "closed");
	struct outcome outcome = {0};
	int ours;
	int guest;

	g_assert(fd_socket_pair(&ours, &guest, NULL));
	outcome.agent = agent_new(ours, NULL, &events, &outcome);
	pump(guest, data, size);
	agent_close(outcome.agent, closed);
	agent_free(outcome.agent);
	g_assert(outcome.answers == outcome.requests && outcome.failed <= 1);
	close(guest);
	return 0;
}
