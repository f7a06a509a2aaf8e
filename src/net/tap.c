/* SPDX-License-Identifier: GPL-2.0-only */
/* Opens taps with the virtio-net header, and vhost-net. */
#include "net/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "net/device.h"
#include "net/join.h"

#define TUN_DEVICE   "/dev/net/tun"
#define VHOST_DEVICE "/dev/vhost-net"
/* The kernel puts the first free number in. */
#define TAP_NAMES "cctap%d"
/* And the process, since a link in it belongs to nobody else. */
#define TAP_GROUP 0xcc000000u

static guint32 tap_group(void)
{
	return TAP_GROUP | (guint32)getpid();
}

static gboolean open_queue(struct net_tap *tap, struct ifreq *request, GError **error)
{
	auto_fd int fd = open(TUN_DEVICE, O_RDWR | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0) {
		error_set_errno(error, errno, "open " TUN_DEVICE);
		return FALSE;
	}
	if (ioctl(fd, TUNSETIFF, request) < 0) {
		error_set_errno(error, errno, "make a tap");
		return FALSE;
	}
	tap->fds[tap->queues++] = g_steal_fd(&fd);
	return TRUE;
}

/* Says whose it is, and brings it up. */
static gboolean dress(
	struct netlink *netlink, const struct net_tap *tap, const char *owner, GError **error)
{
	char buffer[NETLINK_REQUEST_SIZE];
	g_autofree char *alias = g_strdup_printf(NET_ALIAS "%.200s", owner);
	struct ifinfomsg *body;
	struct nlmsghdr *message = netlink_begin(buffer, RTM_NEWLINK, 0, sizeof *body, &body);

	body->ifi_index = tap->index;
	mnl_attr_put_strz(message, IFLA_IFALIAS, alias);
	mnl_attr_put_u32(message, IFLA_GROUP, tap_group());
	return netlink_request(netlink, message, error) &&
	       net_device_up(netlink, tap->index, error);
}

static gboolean find_index(struct net_tap *tap, struct ifreq *request, GError **error)
{
	auto_fd int socket_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (socket_fd < 0 || ioctl(socket_fd, SIOCGIFINDEX, request) < 0) {
		error_set_errno(error, errno, "find the tap %s", request->ifr_name);
		return FALSE;
	}
	tap->index = request->ifr_ifindex;
	return TRUE;
}

gboolean net_tap_open(struct netlink *netlink, const char *owner, guint queues,
	struct net_tap *out_tap, GError **error)
{
	struct net_tap tap = NET_TAP_INIT;
	struct ifreq request = {.ifr_name = TAP_NAMES};
	gboolean good = TRUE;

	g_assert(queues >= 1 && queues <= NET_QUEUES_MAX);
	request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
	if (queues > 1)
		request.ifr_flags |= IFF_MULTI_QUEUE;
	while (good && tap.queues < queues)
		good = open_queue(&tap, &request, error);
	if (good && find_index(&tap, &request, error) && dress(netlink, &tap, owner, error)) {
		*out_tap = tap;
		return TRUE;
	}
	net_tap_close(&tap);
	return FALSE;
}

void net_tap_close(struct net_tap *tap)
{
	for (guint i = 0; i < NET_QUEUES_MAX; i++)
		fd_clear(&tap->fds[i]);
	tap->queues = 0;
}

gboolean net_tap_delete_all(struct netlink *netlink, GError **error)
{
	g_autoptr(GError) cause = NULL;
	char buffer[NETLINK_REQUEST_SIZE];
	struct ifinfomsg *body;
	struct nlmsghdr *message = netlink_begin(buffer, RTM_DELLINK, 0, sizeof *body, &body);

	mnl_attr_put_u32(message, IFLA_GROUP, tap_group());
	if (netlink_request(netlink, message, &cause) || netlink_errno(netlink) == ENODEV)
		return TRUE;
	g_propagate_prefixed_error(error, g_steal_pointer(&cause), "delete the taps: ");
	return FALSE;
}

gboolean net_tap_set_mtu(
	struct netlink *netlink, const struct net_tap *tap, guint32 mtu, GError **error)
{
	char buffer[NETLINK_REQUEST_SIZE];
	struct ifinfomsg *body;
	struct nlmsghdr *message = netlink_begin(buffer, RTM_NEWLINK, 0, sizeof *body, &body);

	body->ifi_index = tap->index;
	mnl_attr_put_u32(message, IFLA_MTU, mtu);
	return netlink_request(netlink, message, error);
}

gboolean net_vhost_open(guint queues, int fds[NET_QUEUES_MAX])
{
	for (guint i = 0; i < queues; i++) {
		fds[i] = open(VHOST_DEVICE, O_RDWR | O_CLOEXEC);
		if (fds[i] >= 0)
			continue;
		while (i > 0)
			fd_clear(&fds[--i]);
		return FALSE;
	}
	return TRUE;
}
