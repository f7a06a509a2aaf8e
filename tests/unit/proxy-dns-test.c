/* SPDX-License-Identifier: GPL-2.0-only */
/* Questions to a name server: passed on as they are, bounded, and never without an answer. */
#include "runner.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "proxy/dns.h"
#include "tests/support/fake-agent.h"

#define QUESTION "beef01000001000000000000"

struct rig {
	struct dns *dns;
	int server;
	GString *replies;
};

static void on_answer(const char *reply, void *data)
{
	g_string_append_printf(((struct rig *)data)->replies, "%s;", reply);
}

static void rig_open(struct rig *rig, int type)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;

	rig->replies = g_string_new(NULL);
	rig->server = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(rig->server, (struct sockaddr *)&address, size), 0);
	if (type == SOCK_STREAM)
		ck_assert_int_eq(listen(rig->server, 1), 0);
	ck_assert_int_eq(getsockname(rig->server, (struct sockaddr *)&address, &size), 0);
	rig->dns = dns_new("127.0.0.1", ntohs(address.sin_port), NULL, on_answer, rig);
}

static void rig_close(struct rig *rig)
{
	dns_free(rig->dns);
	fd_clear(&rig->server);
	g_string_free(rig->replies, TRUE);
}

TEST(a_datagram_goes_and_its_answer_comes)
{
	struct sockaddr_in from;
	socklen_t size = sizeof from;
	struct rig rig;
	guint8 data[64];

	rig_open(&rig, SOCK_DGRAM);
	dns_ask(rig.dns, 7, FALSE, QUESTION);
	fake_agent_wait(fd_wait(rig.server, POLLIN, 0, NULL));
	ck_assert_int_eq(
		recvfrom(rig.server, data, sizeof data, 0, (struct sockaddr *)&from, &size), 12);
	ck_assert_uint_eq(data[0], 0xbe);
	ck_assert_int_eq(sendto(rig.server, "\x01\xfe", 2, 0, (struct sockaddr *)&from, size), 2);
	fake_agent_wait(strcmp(rig.replies->str, "{\"id\":7,\"data\":\"01fe\"};") == 0);
	rig_close(&rig);
}

TEST(a_stream_carries_lengths)
{
	struct rig rig;
	guint8 data[64];

	rig_open(&rig, SOCK_STREAM);
	dns_ask(rig.dns, 9, TRUE, QUESTION);
	fake_agent_wait(fd_wait(rig.server, POLLIN, 0, NULL));

	auto_fd int peer = accept4(rig.server, NULL, NULL, SOCK_CLOEXEC);

	fake_agent_wait(fd_wait(peer, POLLIN, 0, NULL));
	ck_assert_int_eq(recv(peer, data, sizeof data, 0), 14);
	ck_assert_int_eq(memcmp(data, "\0\x0c\xbe\xef", 4), 0);
	/* In two parts. */
	ck_assert_int_eq(send(peer, "\0\x03\x11", 3, 0), 3);
	fake_agent_wait(!fd_wait(peer, POLLIN, deadline_after(20), NULL));
	ck_assert_str_eq(rig.replies->str, "");
	ck_assert_int_eq(send(peer, "\x22\x33", 2, 0), 2);
	fake_agent_wait(strcmp(rig.replies->str, "{\"id\":9,\"data\":\"112233\"};") == 0);
	rig_close(&rig);
}

TEST(without_a_server_the_answer_is_a_failure)
{
	struct rig rig;

	rig_open(&rig, SOCK_STREAM);
	fd_clear(&rig.server);
	dns_ask(rig.dns, 3, TRUE, QUESTION);
	fake_agent_wait(
		strcmp(rig.replies->str, "{\"id\":3,\"data\":\"beef81020000000000000000\"};") == 0);
	rig_close(&rig);
}

static const char *const bad[] = {
	"",
	"beef0100000100000000",
	"beef0100000100000000zzzz",
};

TEST(what_is_no_question_is_dropped)
{
	struct rig rig;
	guint8 data[8];

	rig_open(&rig, SOCK_DGRAM);
	dns_ask(rig.dns, 1, FALSE, bad[_i]);
	ck_assert_int_eq(recv(rig.server, data, sizeof data, MSG_DONTWAIT), -1);
	rig_close(&rig);
}

TEST(too_many_are_dropped)
{
	struct rig rig;
	guint8 data[64];
	guint n = 0;

	rig_open(&rig, SOCK_DGRAM);
	for (guint i = 0; i < 2 * DNS_QUESTIONS_MAX; i++)
		dns_ask(rig.dns, i + 1, FALSE, QUESTION);
	while (n < DNS_QUESTIONS_MAX) {
		fake_agent_wait(fd_wait(rig.server, POLLIN, 0, NULL));
		ck_assert_int_eq(recv(rig.server, data, sizeof data, 0), 12);
		n++;
	}
	fake_agent_wait(!fd_wait(rig.server, POLLIN, deadline_after(20), NULL));
	ck_assert_int_eq(recv(rig.server, data, sizeof data, MSG_DONTWAIT), -1);
	rig_close(&rig);
}

static const struct test tests[] = {
	RUN(a_datagram_goes_and_its_answer_comes),
	RUN(a_stream_carries_lengths),
	RUN(without_a_server_the_answer_is_a_failure),
	RUN_EACH(what_is_no_question_is_dropped, G_N_ELEMENTS(bad)),
	RUN(too_many_are_dropped),
};

TEST_MAIN("proxy-dns", tests)
