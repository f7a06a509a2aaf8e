/* SPDX-License-Identifier: GPL-2.0-only */
/* rtnetlink messages, made and answered. */
#include "agent/rtnl.h"

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "agent/cleanup.h"

enum {
	/* The kernel cuts a dump into messages of at most 32 KiB. */
	RECEIVE_SIZE = 32 << 10,
	/* The kernel answers in the very call; seconds. */
	ANSWER_TIMEOUT = 10,
};

int rtnl_open(uint32_t groups, struct agent_error *error)
{
	const struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = groups};
	const struct timeval patience = {.tv_sec = ANSWER_TIMEOUT};
	int flags = SOCK_RAW | SOCK_CLOEXEC | (groups != 0 ? SOCK_NONBLOCK : 0);
	AUTO_CLOSE int fd = socket(AF_NETLINK, flags, NETLINK_ROUTE);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0) {
		agent_error_errno(error, errno, "netlink");
		return -1;
	}
	return steal_fd(&fd);
}

void *rtnl_begin(struct rtnl_message *message, uint16_t type, uint16_t flags, size_t body_size)
{
	memset(message, 0, sizeof *message);
	message->header.nlmsg_type = type;
	message->header.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	message->header.nlmsg_len = (uint32_t)NLMSG_SPACE(body_size);
	return NLMSG_DATA(&message->header);
}

void rtnl_put(struct rtnl_message *message, uint16_t type, const void *data, size_t size)
{
	size_t at = NLMSG_ALIGN(message->header.nlmsg_len);

	if (at + RTA_SPACE(size) > sizeof message->data) {
		message->overflow = true;
		return;
	}

	/* Of the whole message: gcc takes `data` for the header that it shares its place with. */
	struct rtattr *attribute = (struct rtattr *)(void *)((uint8_t *)message + at);

	attribute->rta_type = type;
	attribute->rta_len = (uint16_t)RTA_LENGTH(size);
	if (size > 0)
		memcpy(RTA_DATA(attribute), data, size);
	message->header.nlmsg_len = (uint32_t)(at + RTA_SPACE(size));
}

void rtnl_put_u32(struct rtnl_message *message, uint16_t type, uint32_t value)
{
	rtnl_put(message, type, &value, sizeof value);
}

void rtnl_put_text(struct rtnl_message *message, uint16_t type, const char *text)
{
	rtnl_put(message, type, text, strlen(text) + 1);
}

size_t rtnl_nest(struct rtnl_message *message, uint16_t type)
{
	size_t at = NLMSG_ALIGN(message->header.nlmsg_len);

	rtnl_put(message, type, NULL, 0);
	return at;
}

void rtnl_end(struct rtnl_message *message, size_t nest)
{
	struct rtattr *attribute = (struct rtattr *)(void *)((uint8_t *)message + nest);

	if (message->overflow)
		return;
	attribute->rta_len = (uint16_t)(message->header.nlmsg_len - nest);
	if (attribute->rta_len == RTA_LENGTH(0))
		message->header.nlmsg_len = (uint32_t)nest;
}

/* One receive(2); the size, or -1 with errno. */
static ssize_t receive(int fd, void *data)
{
	ssize_t got;

	do
		got = recv(fd, data, RECEIVE_SIZE, 0);
	while (got < 0 && errno == EINTR);
	return got;
}

static bool send_message(int fd, struct rtnl_message *message)
{
	static uint32_t sequence;

	message->header.nlmsg_seq = ++sequence;
	if (!message->overflow)
		return send(fd, message, message->header.nlmsg_len, 0) >= 0;
	errno = EMSGSIZE;
	return false;
}

int rtnl_request(int fd, struct rtnl_message *message)
{
	union {
		struct nlmsghdr header;
		uint8_t data[RECEIVE_SIZE];
	} answer;

	message->header.nlmsg_flags |= NLM_F_ACK;
	if (!send_message(fd, message))
		return errno;
	for (;;) {
		const struct nlmsgerr *body = NLMSG_DATA(&answer.header);
		ssize_t got = receive(fd, &answer);

		if (got < 0)
			return errno;
		if ((size_t)got >= NLMSG_LENGTH(sizeof *body) &&
			answer.header.nlmsg_type == NLMSG_ERROR &&
			answer.header.nlmsg_seq == message->header.nlmsg_seq)
			return -body->error;
	}
}

/* Whether the message is of the link with this MAC. */
static bool has_mac(struct nlmsghdr *message, const uint8_t *mac)
{
	const struct ifinfomsg *body = NLMSG_DATA(message);
	int left = (int)IFLA_PAYLOAD(message);

	for (struct rtattr *at = IFLA_RTA(body); RTA_OK(at, left); at = RTA_NEXT(at, left))
		if (at->rta_type == IFLA_ADDRESS && RTA_PAYLOAD(at) == RTNL_MAC_SIZE)
			return memcmp(RTA_DATA(at), mac, RTNL_MAC_SIZE) == 0;
	return false;
}

int rtnl_find_link(int fd, const uint8_t mac[RTNL_MAC_SIZE])
{
	union {
		struct nlmsghdr header;
		uint8_t data[RECEIVE_SIZE];
	} answer;
	struct rtnl_message request;
	int found = 0;

	rtnl_begin(&request, RTM_GETLINK, NLM_F_DUMP, sizeof(struct ifinfomsg));
	if (!send_message(fd, &request))
		return 0;
	for (;;) {
		ssize_t got = receive(fd, &answer);
		unsigned left = (unsigned)got;

		if (got < 0)
			return 0;
		for (struct nlmsghdr *at = &answer.header; NLMSG_OK(at, left);
			at = NLMSG_NEXT(at, left)) {
			const struct ifinfomsg *body = NLMSG_DATA(at);

			if (at->nlmsg_seq != request.header.nlmsg_seq)
				continue;
			if (at->nlmsg_type == NLMSG_DONE || at->nlmsg_type == NLMSG_ERROR)
				return found;
			if (at->nlmsg_type == RTM_NEWLINK && has_mac(at, mac))
				found = body->ifi_index;
		}
	}
}
