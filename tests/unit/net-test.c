/* SPDX-License-Identifier: GPL-2.0-only */
/* Network namespaces: read as they are, joined to taps, and left as they were. */
#include "runner.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/json.h"
#include "net/join.h"
#include "net/plan.h"
#include "net/tap.h"

/* "ip" and "tc" make what a test looks at; the code under test calls no program. */
static char *run(const char *command)
{
	GError *error = NULL;
	char *output = NULL;
	int status;

	test_succeeds(g_spawn_command_line_sync(command, &output, NULL, &status, &error), error);
	ck_assert_msg(status == 0, "%s", command);
	return output;
}

static void make(const char *command)
{
	g_free(run(command));
}

/* A namespace of the test's own, with a veth pair: `other` is in no other namespace. */
static struct netlink *rig_open(void)
{
	GError *error = NULL;
	struct netlink *netlink;

	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	make("sh -c 'echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad'");
	netlink = netlink_open(0, &error);
	test_succeeds(netlink != NULL, error);
	return netlink;
}

static struct net_plan *read_plan(struct netlink *netlink)
{
	GError *error = NULL;
	struct net_plan *plan = net_plan_read(netlink, &error);

	test_succeeds(plan != NULL, error);
	return plan;
}

static char *request_text(const struct net_plan *plan, const char *name)
{
	const struct net_link *link = net_plan_find_name(plan, name);
	struct net_device device = {.mac = {2, 0xcc, 0, 0, 0, 1}};

	ck_assert_ptr_nonnull(link);
	device.index = link->index;
	return json_format_object(net_plan_request(plan, &device, 1), FALSE);
}

static void has(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) != NULL, "no %s in %s", part, text);
}

static void has_not(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) == NULL, "%s in %s", part, text);
}

/* Its carrier has been noticed: nothing changes by itself. */
static void wait_until_settled(const char *link)
{
	g_autofree char *command = g_strdup_printf("ip -6 address show dev %s scope link", link);
	gint64 deadline = deadline_after(30000);

	while (deadline_left(deadline) > 0) {
		g_autofree char *output = run(command);

		if (strstr(output, "fe80") != NULL && strstr(output, "tentative") == NULL)
			return;
		g_usleep(20000);
	}
	ck_abort_msg("%s does not settle", link);
}

static void make_pair(void)
{
	make("ip link add eth0 address 02:00:00:00:aa:01 mtu 1400 type veth peer name other0");
	make("ip link set lo up");
	make("ip link set other0 up");
	make("ip link set eth0 up");
	wait_until_settled("eth0");
	wait_until_settled("other0");
}

TEST(a_plan_has_the_links_with_their_addresses)
{
	g_autoptr(netlink_connection) netlink = rig_open();

	make_pair();
	make("ip address add 10.1.2.3/24 broadcast 10.1.2.255 dev eth0");
	make("ip address add fd00::3/64 dev eth0 nodad");
	make("ip address add 10.9.9.9/32 dev lo");

	g_autoptr(net_plan) plan = read_plan(netlink);
	g_autofree char *text = request_text(plan, "eth0");

	has(text, "\"device\":\"02:cc:00:00:00:01\",\"mac\":\"02:00:00:00:aa:01\",\"mtu\":1400,"
		  "\"up\":true,\"name\":\"eth0\"");
	has(text, "{\"address\":\"10.1.2.3\",\"peer\":\"10.1.2.3\",\"broadcast\":\"10.1.2.255\","
		  "\"prefix\":24,\"scope\":0,\"prefixRoute\":true}");
	has(text, "{\"address\":\"fd00::3\",\"prefix\":64,\"scope\":0,\"prefixRoute\":true}");
	has(text, "\"address\":\"fe80::ff:fe00:aa01\",\"prefix\":64,\"scope\":253");
	has(text, "\"address\":\"10.9.9.9\"");
}

TEST(a_plan_has_routes_neighbours_and_rules)
{
	g_autoptr(netlink_connection) netlink = rig_open();

	make_pair();
	make("ip address add 10.1.2.3/24 dev eth0");
	make("ip route add default via 172.16.0.1 dev eth0 onlink src 10.1.2.3 metric 50 mtu 1300");
	make("ip route add 10.7.0.0/16 dev eth0 scope link table 77");
	make("ip route add unreachable 10.8.0.0/16");
	make("ip -6 route add fd07::/48 via fe80::1 dev eth0 metric 9");
	make("ip route add 10.6.0.0/16 nexthop via 10.1.2.9 weight 2 nexthop via 10.1.2.8");
	make("ip route add 10.5.0.0/16 via inet6 fe80::1 dev eth0");
	make("ip neighbour add 10.1.2.9 lladdr 02:00:00:00:bb:01 dev eth0");
	make("ip rule add from 10.1.2.0/24 table 77 priority 500");

	g_autoptr(net_plan) plan = read_plan(netlink);
	g_autofree char *text = request_text(plan, "eth0");

	has(text, "{\"family\":4,\"destination\":\"0.0.0.0/0\",\"gateway\":\"172.16.0.1\","
		  "\"source\":\"10.1.2.3\",\"device\":\"eth0\",\"mtu\":1300,\"metric\":50,"
		  "\"scope\":0,\"type\":1,\"protocol\":3,\"table\":254,\"onlink\":true}");
	has(text, "\"destination\":\"10.7.0.0/16\",\"device\":\"eth0\",\"metric\":0,\"scope\":253");
	has(text, "\"table\":77");
	has(text, "\"destination\":\"10.8.0.0/16\",\"metric\":0,\"scope\":0,\"type\":7");
	has(text, "\"destination\":\"fd07::/48\",\"gateway\":\"fe80::1\"");
	has(text, "\"nexthops\":[{\"gateway\":\"10.1.2.9\",\"device\":\"eth0\",\"weight\":2,"
		  "\"onlink\":false},{\"gateway\":\"10.1.2.8\",\"device\":\"eth0\",\"weight\":1,");
	has(text, "\"destination\":\"10.5.0.0/16\",\"gateway\":\"fe80::1\"");
	has(text, "{\"device\":\"eth0\",\"mac\":\"02:00:00:00:bb:01\",\"address\":\"10.1.2.9\"}");
	has(text, "{\"family\":4,\"source\":\"10.1.2.0/24\",\"priority\":500,\"table\":77,"
		  "\"action\":1,\"invert\":false}");
	has_not(text, "\"table\":255");
}

TEST(routes_of_links_that_the_guest_lacks_are_not_for_it)
{
	g_autoptr(netlink_connection) netlink = rig_open();

	make_pair();
	make("ip address add 10.1.2.3/24 dev eth0");
	make("ip address add 10.2.2.3/24 dev other0");

	g_autoptr(net_plan) plan = read_plan(netlink);
	g_autofree char *text = request_text(plan, "eth0");

	has(text, "10.1.2.0/24");
	has_not(text, "10.2.2.0/24");
}

static const struct {
	const char *name;
	const char *make;
	const char *obstacle;
} obstacles[] = {
	{"br0", "ip link add br0 type bridge", "a bridge"},
	{"eth0", "ip link set eth0 master br0", "a port of another link"},
	{"mv0", "ip link add mv0 link other0 type macvlan",
		"on top of another link of the namespace"},
	{"lo", "ip link set lo up", "not of Ethernet"},
	{"tap9", "ip tuntap add tap9 mode tap", NULL},
};

TEST(links_that_cannot_be_joined_say_why)
{
	g_autoptr(netlink_connection) netlink = rig_open();

	make_pair();
	for (gsize i = 0; i < G_N_ELEMENTS(obstacles); i++)
		make(obstacles[i].make);

	g_autoptr(net_plan) plan = read_plan(netlink);

	for (gsize i = 0; i < G_N_ELEMENTS(obstacles); i++) {
		const struct net_link *link = net_plan_find_name(plan, obstacles[i].name);

		ck_assert_ptr_nonnull(link);
		ck_assert_pstr_eq(link->obstacle, obstacles[i].obstacle);
	}
}

static void open_tap(struct netlink *netlink, struct net_tap *tap)
{
	GError *error = NULL;

	test_succeeds(net_tap_open(netlink, "c1", 1, tap, &error), error);
}

TEST(a_tap_says_whose_it_is_and_goes_with_its_descriptor)
{
	g_autoptr(netlink_connection) netlink = rig_open();
	struct net_tap tap = NET_TAP_INIT;

	open_tap(netlink, &tap);

	g_autoptr(net_plan) plan = read_plan(netlink);
	const struct net_link *link = net_plan_find(plan, tap.index);

	ck_assert_str_eq(net_plan_owner(plan), "c1");
	ck_assert_str_eq(link->obstacle, "a device of ours");
	ck_assert(link->up);
	ck_assert_uint_eq(json_array_get_length(link->addresses), 0);
	net_tap_close(&tap);

	g_autoptr(net_plan) after = read_plan(netlink);

	ck_assert_ptr_null(net_plan_owner(after));
	ck_assert_ptr_null(net_plan_find(after, tap.index));
}

TEST(all_taps_of_this_process_are_deleted_at_once_and_nothing_else)
{
	g_autoptr(netlink_connection) netlink = rig_open();
	struct net_tap taps[] = {NET_TAP_INIT, NET_TAP_INIT};
	GError *error = NULL;

	make_pair();
	for (gsize i = 0; i < G_N_ELEMENTS(taps); i++)
		open_tap(netlink, &taps[i]);
	test_succeeds(net_tap_delete_all(netlink, &error), error);

	g_autoptr(net_plan) plan = read_plan(netlink);

	for (gsize i = 0; i < G_N_ELEMENTS(taps); i++) {
		ck_assert_ptr_null(net_plan_find(plan, taps[i].index));
		net_tap_close(&taps[i]);
	}
	ck_assert_ptr_nonnull(net_plan_find_name(plan, "other0"));
	/* There are none: that is no error. */
	test_succeeds(net_tap_delete_all(netlink, &error), error);
}

TEST(a_tap_has_as_many_queues_as_asked_for)
{
	g_autoptr(netlink_connection) netlink = rig_open();
	struct net_tap tap = NET_TAP_INIT;
	GError *error = NULL;

	test_succeeds(net_tap_open(netlink, "c1", 4, &tap, &error), error);
	ck_assert_uint_eq(tap.queues, 4);
	ck_assert_int_ge(tap.fds[3], 0);
	ck_assert_int_eq(tap.fds[4], -1);
	net_tap_close(&tap);
}

enum {
	/* In front of each frame of a tap. */
	HEADER_SIZE = 10,
	FRAME_SIZE = 60,
};

/* Broadcast, of a protocol that nobody knows. */
static void fill_frame(guint8 *frame)
{
	memset(frame, 0, FRAME_SIZE);
	memset(frame, 0xff, 6);
	frame[6] = 0x06;
	frame[12] = 0x88;
	frame[13] = 0xb5;
}

/* A socket that sends and receives such frames at other0. */
static int open_other(void)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(0x88b5),
		.sll_ifindex = (int)if_nametoindex("other0"),
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(0x88b5));

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

/* A frame that comes in by eth0 is read from the tap, and one written there leaves by eth0. */
static void passes_both_ways(const struct net_tap *tap)
{
	guint8 frame[HEADER_SIZE + FRAME_SIZE] = {0};
	guint8 got[2048];
	auto_fd int other = open_other();
	gssize size;

	fill_frame(frame + HEADER_SIZE);
	ck_assert_int_eq(write(tap->fds[0], frame, sizeof frame), sizeof frame);
	ck_assert(fd_wait(other, POLLIN, deadline_after(5000), NULL));
	ck_assert_int_eq(recv(other, got, sizeof got, 0), FRAME_SIZE);
	ck_assert_int_eq(memcmp(got, frame + HEADER_SIZE, FRAME_SIZE), 0);

	frame[HEADER_SIZE + 20] = 0x77;
	ck_assert_int_eq(send(other, frame + HEADER_SIZE, FRAME_SIZE, 0), FRAME_SIZE);
	/* What the kernel itself had to say comes too. */
	do {
		ck_assert(fd_wait(tap->fds[0], POLLIN, deadline_after(5000), NULL));
		size = read(tap->fds[0], got, sizeof got);
	} while (size > HEADER_SIZE + 14 && got[HEADER_SIZE + 12] != 0x88);
	ck_assert_int_eq(size, HEADER_SIZE + FRAME_SIZE);
	ck_assert_int_eq(memcmp(got + HEADER_SIZE, frame + HEADER_SIZE, FRAME_SIZE), 0);
}

typedef gboolean (*join_func)(struct netlink *netlink, struct net_join *join, GError **error);

static const struct {
	join_func join;
	enum net_join_method method;
} methods[] = {
	{net_join, NET_JOIN_REDIRECT},
	{net_join_redirect, NET_JOIN_REDIRECT},
	{net_join_bridge, NET_JOIN_BRIDGE},
};

/* All that `ip` and `tc` know of the namespace but of our tap, without counters. */
static char *snapshot(void)
{
	static const char *const commands[] = {
		"ip -json address",
		"ip -json route show table all",
		"ip -6 -json route show table all",
		"ip -json rule",
		"tc -json qdisc show",
	};
	GString *text = g_string_new(NULL);

	for (gsize i = 0; i < G_N_ELEMENTS(commands); i++) {
		g_autofree char *output = run(commands[i]);

		g_string_append(text, output);
	}
	return g_string_free(text, FALSE);
}

static struct net_join make_join(struct netlink *netlink, const struct net_tap *tap)
{
	g_autoptr(net_plan) plan = read_plan(netlink);
	const struct net_link *link = net_plan_find_name(plan, "eth0");
	struct net_join join = {.slot = 3, .link = link->index, .tap = tap->index};

	memcpy(join.mac, link->mac, sizeof join.mac);
	return join;
}

TEST(joined_frames_pass_and_leaving_leaves_nothing)
{
	g_autoptr(netlink_connection) netlink = rig_open();
	struct net_tap tap = NET_TAP_INIT;
	GError *error = NULL;

	make_pair();
	make("ip address add 10.3.3.1/24 dev other0");
	make("ip address add 10.3.3.2/24 dev eth0");
	/* The link-local addresses are proved. */
	make("ip address flush scope link");
	open_tap(netlink, &tap);

	struct net_join join = make_join(netlink, &tap);
	g_autofree char *before = snapshot();

	test_succeeds(methods[_i].join(netlink, &join, &error), error);
	ck_assert_int_eq(join.method, methods[_i].method);
	passes_both_ways(&tap);
	test_succeeds(net_leave(netlink, &join, &error), error);

	g_autofree char *after = snapshot();

	ck_assert_msg(strcmp(after, before) == 0, "%.900s", after);
	test_succeeds(net_leave(netlink, &join, &error), error);
	net_tap_close(&tap);
}

TEST(a_sweep_removes_what_a_killed_one_left)
{
	g_autoptr(netlink_connection) netlink = rig_open();
	struct net_tap tap = NET_TAP_INIT;
	GError *error = NULL;
	guint n = 0;

	make_pair();
	make("ip link add foreign0 type bridge");
	make("tc qdisc add dev other0 ingress");

	g_autofree char *before = snapshot();

	open_tap(netlink, &tap);

	struct net_join join = make_join(netlink, &tap);

	test_succeeds(methods[_i].join(netlink, &join, &error), error);
	net_tap_close(&tap);
	test_succeeds(net_sweep(netlink, &n, &error), error);
	ck_assert_uint_eq(n, 1);

	g_autofree char *after = snapshot();

	ck_assert_msg(strcmp(after, before) == 0, "%.900s", after);
	test_succeeds(net_sweep(netlink, &n, &error), error);
	ck_assert_uint_eq(n, 0);
}

/* Between the qdisc and its filter: the mark came with the qdisc. */
TEST(a_sweep_finds_a_qdisc_without_a_filter)
{
	g_autoptr(netlink_connection) netlink = rig_open();
	GError *error = NULL;
	guint n = 0;

	make_pair();

	g_autofree char *before = snapshot();

	make("tc qdisc add dev eth0 ingress_block 3423342592 ingress");
	test_succeeds(net_sweep(netlink, &n, &error), error);
	ck_assert_uint_eq(n, 1);

	g_autofree char *after = snapshot();

	ck_assert_msg(strcmp(after, before) == 0, "%.900s", after);
}

TEST(a_foreign_ingress_qdisc_is_an_error_and_stays)
{
	g_autoptr(netlink_connection) netlink = rig_open();
	struct net_tap tap = NET_TAP_INIT;
	GError *error = NULL;

	make_pair();
	make("tc qdisc add dev eth0 ingress");
	open_tap(netlink, &tap);

	struct net_join join = make_join(netlink, &tap);
	g_autofree char *before = snapshot();

	ck_assert(!net_join(netlink, &join, &error));
	has(error->message, "it has an ingress qdisc of another: ");
	g_clear_error(&error);

	g_autofree char *after = snapshot();

	ck_assert_msg(strcmp(after, before) == 0, "%.900s", after);
	net_tap_close(&tap);
}

TEST(answers_of_name_servers_reach_the_namespace_too)
{
	g_autoptr(netlink_connection) netlink = rig_open();
	struct net_tap tap = NET_TAP_INIT;
	GError *error = NULL;

	make_pair();
	open_tap(netlink, &tap);

	struct net_join join = make_join(netlink, &tap);

	test_succeeds(net_join(netlink, &join, &error), error);
	test_succeeds(net_join_share_answers(netlink, &join, &error), error);

	g_autofree char *filters = run("tc filter show dev eth0 ingress");

	has(filters, "match 00110000/00ff0000 at 8");
	has(filters, "match 00350000/ffff0000 at 20");
	has(filters, "Egress Mirror to device cctap0");
	has(filters, "Egress Redirect to device cctap0");
	net_tap_close(&tap);
}

static const struct test tests[] = {
	RUN(a_plan_has_the_links_with_their_addresses),
	RUN(a_plan_has_routes_neighbours_and_rules),
	RUN(routes_of_links_that_the_guest_lacks_are_not_for_it),
	RUN(links_that_cannot_be_joined_say_why),
	RUN(a_tap_says_whose_it_is_and_goes_with_its_descriptor),
	RUN(all_taps_of_this_process_are_deleted_at_once_and_nothing_else),
	RUN(a_tap_has_as_many_queues_as_asked_for),
	RUN_EACH(joined_frames_pass_and_leaving_leaves_nothing, G_N_ELEMENTS(methods)),
	RUN_EACH(a_sweep_removes_what_a_killed_one_left, G_N_ELEMENTS(methods)),
	RUN(a_sweep_finds_a_qdisc_without_a_filter),
	RUN(a_foreign_ingress_qdisc_is_an_error_and_stays),
	RUN(answers_of_name_servers_reach_the_namespace_too),
};

TEST_MAIN("net", tests)
