/* SPDX-License-Identifier: GPL-2.0-only */
/* The first network device on QEMU's command line. */
#include "runner.h"

#include "base/error.h"
#include "vm/network.h"

static const char *const forwards[] = {"tcp:127.0.0.1:8080-:80", "udp::53-:53", NULL};

static const struct {
	struct vm_nic nic;
	gboolean mmio;
	const char *netdev;
	const char *device;
} samples[] = {
	{{VM_NETDEV_NONE, 1}, FALSE, NULL, NULL},
	{{VM_NETDEV_TAP, 1}, FALSE, "tap,id=net0,fd=10",
		"virtio-net-pci,netdev=net0,id=nic0,mac=02:cc:0c:10:00:00,romfile="},
	{{VM_NETDEV_TAP, 1}, TRUE, "tap,id=net0,fd=10",
		"virtio-net-device,netdev=net0,id=nic0,mac=02:cc:0c:10:00:00"},
	{{VM_NETDEV_TAP, 1, TRUE}, FALSE, "tap,id=net0,fd=10,vhost=on,vhostfd=11",
		"virtio-net-pci,netdev=net0,id=nic0,mac=02:cc:0c:10:00:00,romfile="},
	{{VM_NETDEV_TAP, 3, TRUE}, FALSE, "tap,id=net0,fds=10:11:12,vhost=on,vhostfds=13:14:15",
		"virtio-net-pci,netdev=net0,id=nic0,mac=02:cc:0c:10:00:00,romfile=,mq=on,"
		"vectors=8"},
	{{VM_NETDEV_TAP, 2, TRUE}, TRUE, "tap,id=net0,fds=10:11,vhost=on,vhostfds=12:13",
		"virtio-net-device,netdev=net0,id=nic0,mac=02:cc:0c:10:00:00,mq=on"},
	{{VM_NETDEV_USER, 1, FALSE, forwards}, FALSE,
		"user,id=net0,ipv6=off,hostfwd=tcp:127.0.0.1:8080-:80,hostfwd=udp::53-:53",
		"virtio-net-pci,netdev=net0,id=nic0,mac=02:cc:0c:10:00:00,romfile="},
};

TEST(arguments_of_each_kind)
{
	g_autofree char *netdev = vm_nic_netdev(&samples[_i].nic, 0);
	g_autofree char *device = vm_nic_device(&samples[_i].nic, 0, samples[_i].mmio);

	ck_assert_pstr_eq(netdev, samples[_i].netdev);
	ck_assert_pstr_eq(device, samples[_i].device);
}

TEST(a_machine_that_takes_no_devices_has_spare_ones)
{
	const struct vm_nic nic = {VM_NETDEV_TAP, 2, TRUE};
	g_autofree char *netdev = vm_nic_netdev(&nic, 1);
	g_autofree char *device = vm_nic_device(&nic, 1, TRUE);

	ck_assert_uint_eq(vm_nic_count(&nic, TRUE), 3);
	ck_assert_uint_eq(vm_nic_count(&nic, FALSE), 1);
	ck_assert_str_eq(netdev, "tap,id=net1,fds=14:15,vhost=on,vhostfds=16:17");
	ck_assert_str_eq(
		device, "virtio-net-device,netdev=net1,id=nic1,mac=02:cc:0c:10:00:01,mq=on");
}

TEST(many_queues_only_with_vhost)
{
	ck_assert_uint_eq(vm_nic_queues(FALSE, 4), 1);
	ck_assert_uint_eq(vm_nic_queues(TRUE, 1), 1);
	ck_assert_uint_eq(vm_nic_queues(TRUE, 4), 4);
	ck_assert_uint_eq(vm_nic_queues(TRUE, 64), 8);
}

TEST(names_of_networks)
{
	GError *error = NULL;
	enum vm_network network;

	test_succeeds(vm_network_parse("user", &network, &error), error);
	ck_assert_int_eq(network, VM_NETWORK_USER);
	ck_assert(!vm_network_parse("bridge", &network, &error));
	test_error_is(error, CC_ERROR_INVALID, "\"bridge\": not one of auto, user and none");
	g_error_free(error);
}

static const struct {
	const char *text;
	const char *forwards;
} ports[] = {
	{"8080:80", "tcp::8080-:80"},
	{"127.0.0.1:8080:80/tcp, 53:5353/udp", "tcp:127.0.0.1:8080-:80 udp::53-:5353"},
	{"80", NULL},
	{"", ""},
	{"0:80", NULL},
	{"70000:80", NULL},
	{"host:1:2", NULL},
	{"1:2/sctp", NULL},
	{"1:2:3:4", NULL},
	{"1:2,", NULL},
};

TEST(ports_that_are_published)
{
	GError *error = NULL;
	g_auto(GStrv) parsed = vm_network_parse_ports(ports[_i].text, &error);
	g_autofree char *joined = parsed != NULL ? g_strjoinv(" ", parsed) : NULL;

	ck_assert_pstr_eq(joined, ports[_i].forwards);
	ck_assert((error == NULL) == (joined != NULL));
	g_clear_error(&error);
}

static const struct test tests[] = {
	RUN_EACH(arguments_of_each_kind, G_N_ELEMENTS(samples)),
	RUN(a_machine_that_takes_no_devices_has_spare_ones),
	RUN(many_queues_only_with_vhost),
	RUN(names_of_networks),
	RUN_EACH(ports_that_are_published, G_N_ELEMENTS(ports)),
};

TEST_MAIN("vm-network", tests)
