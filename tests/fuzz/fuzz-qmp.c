/* SPDX-License-Identifier: GPL-2.0-only */
/* Any bytes in place of QMP's answers: each command is answered once all the same. */
#include <stddef.h>
#include <stdint.h>

#include "base/fd.h"
#include "proxy/qmp.h"
#include "tests/fuzz/pump.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_reply(JsonNode *value, const GError *error, void *data)
{
	g_assert((value == NULL) == (error != NULL));
	++*(guint *)data;
}

static void on_failed(const GError *error, void *data)
{
	(void)data;
	g_assert(error != NULL);
}

static void on_event(const char *name, JsonObject *details, void *data)
{
	(void)details;
	(void)data;
	g_assert(name != NULL);
}

static const struct qmp_events events = {.failed = on_failed, .event = on_event};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const commands[] = {"query-status", "query-cpus-fast", "stop"};
	guint answers = 0;
	struct qmp *qmp;
	int ours;
	int monitor;

	g_assert(fd_socket_pair(&ours, &monitor, NULL));
	qmp = qmp_new(ours, NULL, &events, &answers);
	for (gsize i = 0; i < G_N_ELEMENTS(commands); i++)
		g_assert(qmp_execute(qmp, commands[i], NULL, on_reply, &answers, NULL));
	pump(monitor, data, size);
	qmp_free(qmp);
	g_assert(answers == G_N_ELEMENTS(commands));
	close(monitor);
	return 0;
}
