/* SPDX-License-Identifier: GPL-2.0-only */
/* Plans made true by the agent, in network namespaces of the test's own. */
#include "runner.h"

#include <jansson.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "agent/network.h"

#define DEVICE "02:cc:00:00:00:01"

static void make(const char *command)
{
	GError *error = NULL;
	int status;

	test_succeeds(g_spawn_command_line_sync(command, NULL, NULL, &status, &error), error);
	ck_assert_msg(status == 0, "%s", command);
}

static void shows(const char *command, const char *part)
{
	GError *error = NULL;
	g_autofree char *output = NULL;

	test_succeeds(g_spawn_command_line_sync(command, &output, NULL, NULL, &error), error);
	ck_assert_msg(strstr(output, part) != NULL, "no %s in %s", part, output);
}

static void shows_not(const char *command, const char *part)
{
	GError *error = NULL;
	g_autofree char *output = NULL;

	test_succeeds(g_spawn_command_line_sync(command, &output, NULL, NULL, &error), error);
	ck_assert_msg(strstr(output, part) == NULL, "%s in %s", part, output);
}

/* A device in the parking namespace: it is one end of a veth, for want of virtio. */
static void rig_open(struct network *network)
{
	struct agent_error error;

	*network = (struct network)NETWORK_INIT;
	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	make("ip link add birth0 address " DEVICE " type veth peer name other0");
	make("ip link set other0 up");
	ck_assert_msg(network_prepare(network, &error), "%s", error.text);
}

static void rig_close(struct network *network)
{
	json_decref(network->plan);
	close(network->parking);
	close(network->pod);
	close(network->parking_netlink);
	close(network->pod_netlink);
	close(network->arrivals);
}

static bool apply(struct network *network, const char *text, struct agent_error *error)
{
	json_t *plan = json_loads(text, 0, NULL);
	bool done;

	ck_assert_ptr_nonnull(plan);
	done = network_apply(network, plan, error);
	json_decref(plan);
	return done;
}

static void applies(struct network *network, const char *text)
{
	struct agent_error error;

	ck_assert_msg(apply(network, text, &error), "%s", error.text);
}

#define LINK(name, addresses)                                                                      \
	"{\"device\":\"" DEVICE "\",\"mac\":\"02:00:00:00:00:09\",\"mtu\":1400,\"up\":true,"       \
	"\"name\":\"" name "\",\"addresses\":[" addresses "]}"
#define ADDRESS "{\"address\":\"10.1.0.2\",\"prefix\":24,\"scope\":0,\"broadcast\":\"10.1.0.255\"}"

static const char full[] =
	"{\"links\":[" LINK("eth0", ADDRESS ",{\"address\":\"fd00::2\",\"prefix\":64,\"scope\":"
					    "0}") "],"
						  "\"routes\":["
						  "{\"family\":4,\"destination\":\"0.0.0.0/"
						  "0\",\"gateway\":\"172.16.0.1\",\"device\":"
						  "\"eth0\","
						  "\"onlink\":true,\"metric\":7,\"source\":"
						  "\"10.1.0.2\",\"mtu\":1300},"
						  "{\"family\":6,\"destination\":\"fd09::/"
						  "48\",\"gateway\":\"fd00::1\",\"device\":"
						  "\"eth0\","
						  "\"metric\":9},"
						  "{\"family\":4,\"destination\":\"10.9.0.0/"
						  "16\",\"type\":7,\"scope\":0},"
						  "{\"family\":4,\"destination\":\"10.8.0.0/"
						  "16\",\"nexthops\":["
						  "{\"gateway\":\"10.1.0.8\",\"device\":"
						  "\"eth0\",\"weight\":2},"
						  "{\"gateway\":\"10.1.0.9\",\"device\":"
						  "\"eth0\"}]},"
						  "{\"family\":4,\"destination\":\"10.7.0.0/"
						  "16\",\"gateway\":\"fd00::1\","
						  "\"device\":\"eth0\",\"table\":300}],"
						  "\"neighbours\":[{\"device\":\"eth0\","
						  "\"address\":\"10.1.0.9\",\"mac\":\"02:00:00:"
						  "00:00:99\"}],"
						  "\"rules\":[{\"family\":4,\"source\":\"10.1."
						  "0.0/24\",\"table\":300,\"priority\":44,"
						  "\"action\":1,\"mark\":5,\"mask\":255}]}";

TEST(a_plan_becomes_true)
{
	struct network network;

	rig_open(&network);
	applies(&network, full);
	shows("ip link show eth0", "mtu 1400");
	shows("ip link show eth0", "link/ether 02:00:00:00:00:09");
	shows("ip link show lo", "UP");
	shows("ip address show eth0", "inet 10.1.0.2/24 brd 10.1.0.255 scope global eth0");
	shows("ip address show eth0", "inet6 fd00::2/64 scope global nodad");
	shows_not("ip address show eth0", "tentative");
	shows_not("ip address show eth0", "fe80");
	shows("ip route", "default via 172.16.0.1 dev eth0 src 10.1.0.2 metric 7 onlink mtu 1300");
	shows("ip route", "unreachable 10.9.0.0/16");
	shows("ip route", "nexthop via 10.1.0.8 dev eth0 weight 2");
	shows("ip route show table 300", "10.7.0.0/16 via inet6 fd00::1 dev eth0");
	shows("ip -6 route", "fd09::/48 via fd00::1 dev eth0 metric 9");
	shows("ip neighbour", "10.1.0.9 dev eth0 lladdr 02:00:00:00:00:99 PERMANENT");
	shows("ip rule", "44:\tfrom 10.1.0.0/24 fwmark 0x5/0xff lookup 300");
	/* Once more changes nothing. */
	applies(&network, full);
	shows("ip neighbour", "10.1.0.9 dev eth0");
	rig_close(&network);
}

TEST(the_next_plan_takes_its_place)
{
	struct network network;

	rig_open(&network);
	applies(&network, full);
	applies(&network,
		"{\"links\":[" LINK("net5",
			"{\"address\":\"10.2.0.2\",\"prefix\":16}") "],"
								    "\"routes\":[{\"family\":4,"
								    "\"destination\":\"0.0.0.0/"
								    "0\",\"device\":\"net5\","
								    "\"scope\":253}]}");
	shows("ip address show net5", "inet 10.2.0.2/16");
	shows_not("ip address", "10.1.0.2");
	shows_not("ip address", "fd00::2");
	shows_not("ip route", "172.16.0.1");
	shows_not("ip route", "unreachable");
	shows("ip route", "default dev net5 scope link");
	shows_not("ip rule", "300");
	rig_close(&network);
}

TEST(a_device_that_no_plan_names_is_parked_as_it_was_born)
{
	struct network network;
	const char *missing = NULL;
	json_t *plan = json_loads(full, 0, NULL);

	rig_open(&network);
	shows_not("ip link", "birth0");
	applies(&network, full);
	applies(&network, "{\"links\":[],\"routes\":[]}");
	shows_not("ip link", "eth0");
	ck_assert(network_has_devices(&network, plan, &missing));
	applies(&network, full);
	shows("ip address", "10.1.0.2/24");
	json_decref(plan);
	rig_close(&network);
}

TEST(a_device_that_is_not_there_is_missed_by_its_link)
{
	struct network network;
	const char *missing = NULL;
	json_t *plan = json_loads("{\"links\":[{\"name\":\"lo\"},{\"name\":\"eth7\",\"device\":"
				  "\"02:cc:00:00:00:77\"}]}",
		0, NULL);

	rig_open(&network);
	ck_assert(!network_has_devices(&network, plan, &missing));
	ck_assert_str_eq(missing, "eth7");
	json_decref(plan);
	rig_close(&network);
}

static const struct {
	const char *plan;
	const char *message;
} bad[] = {
	{"{\"links\":[" LINK("eth0", "{\"address\":\"10.1\"}") "]}",
		"link eth0: addresses[0]: address: \"10.1\" is no address"},
	{"{\"links\":[" LINK("eth0", "{\"prefix\":3}") "]}",
		"link eth0: addresses[0]: address: missing, or peer of another family"},
	{"{\"routes\":[{\"destination\":\"::/0\"}]}", "routes[0]: destination: of another family"},
	{"{\"routes\":[{\"destination\":\"10.0.0.0/33\"}]}",
		"routes[0]: destination: \"10.0.0.0/33\" is no address"},
	{"{\"routes\":[{\"destination\":\"10.0.0.0/8\",\"device\":\"no0\"}]}",
		"routes[0]: device: no link \"no0\""},
	{"{\"neighbours\":[{\"address\":\"10.0.0.1\",\"mac\":\"02:00\"}]}",
		"neighbours[0]: mac: \"02:00\" is no MAC"},
	{"{\"rules\":[{\"priority\":-1}]}", NULL},
	{"{\"routes\":[{\"destination\":\"10.0.0.0/8\",\"gateway\":\"10.1.1.1\"}]}", NULL},
};

TEST(what_is_wrong_says_where)
{
	struct network network;
	struct agent_error error = {.text = ""};

	rig_open(&network);
	ck_assert(!apply(&network, bad[_i].plan, &error));
	if (bad[_i].message != NULL)
		ck_assert_str_eq(error.text, bad[_i].message);
	ck_assert_str_ne(error.text, "");
	rig_close(&network);
}

static const struct test tests[] = {
	RUN(a_plan_becomes_true),
	RUN(the_next_plan_takes_its_place),
	RUN(a_device_that_no_plan_names_is_parked_as_it_was_born),
	RUN(a_device_that_is_not_there_is_missed_by_its_link),
	RUN_EACH(what_is_wrong_says_where, G_N_ELEMENTS(bad)),
};

TEST_MAIN("agent-network", tests)
