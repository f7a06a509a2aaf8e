/* SPDX-License-Identifier: GPL-2.0-only */
/* Any bytes from the guest on its tty channel, with processes that they may be for. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/fd.h"
#include "proxy/streams.h"
#include "tests/fuzz/pump.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* READY; ACK with the version 1000000 and an object: windows are in use from then on. */
#define OBJECT                                                                                     \
	"{\"features\":[\"oci\",\"window\",\"wait-start\"],\"frameMax\":65536,\"streamWindow\":"   \
	"262144}"
static const char handshake[] = "\0\0\0\10\0\0\0\10"
				"\0\0\0\11\0\0\0\135\0\17\102\100" OBJECT;

static void ignore(void *data)
{
	(void)data;
}

static void on_error(const GError *error, void *data)
{
	(void)data;
	g_assert(error != NULL);
}

static const struct agent_events agent_events = {
	.ready = ignore, .failed = on_error, .closed = ignore};
static const struct streams_events events = {on_error, ignore, ignore};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct streams_process processes[] = {
		{.container = "c", .process = "init", .init = TRUE},
		{.container = "c", .process = "exec", .terminal = TRUE},
	};
	struct streams_numbers numbers;
	struct agent *agent;
	struct streams *streams;
	int control[2];
	int tty[2];
	int shims[2];

	g_assert(fd_socket_pair(&control[0], &control[1], NULL));
	g_assert(fd_socket_pair(&tty[0], &tty[1], NULL));
	agent = agent_new(control[0], NULL, &agent_events, NULL);
	streams = streams_new(tty[0], agent, NULL, &events, NULL);
	pump(control[1], handshake, sizeof handshake - 1);
	g_assert(agent_get_info(agent)->version == 1000000);
	streams_start(streams);
	for (int i = 0; i < 2; i++)
		g_assert(streams_open(streams, &processes[i], &numbers, &shims[i], NULL));
	pump(tty[1], data, size);
	streams_exited(streams, "c", "exec", 3);
	for (int i = 0; i < 2; i++)
		pump_loop(shims[i]);
	streams_free(streams);
	agent_free(agent);
	for (int i = 0; i < 2; i++)
		close(shims[i]);
	close(control[1]);
	close(tty[1]);
	return 0;
}
