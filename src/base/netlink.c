/* SPDX-License-Identifier: GPL-2.0-only */
/* rtnetlink: requests, acknowledgements and dumps, each with a deadline. */
#include "base/netlink.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <string.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/timeouts.h"

enum {
	/* The kernel cuts a dump into messages of at most 32 KiB. */
	RECEIVE_SIZE = 32 << 10,
};

struct netlink {
	struct mnl_socket *socket;
	guint32 sequence;
	int last_errno;
};

struct netlink *netlink_open(guint groups, GError **error)
{
	g_autoptr(netlink_connection) netlink = g_new0(struct netlink, 1);
	int one = 1;

	netlink->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (netlink->socket == NULL ||
		mnl_socket_bind(netlink->socket, groups, MNL_SOCKET_AUTOPID) < 0) {
		error_set_errno(error, errno, "netlink");
		return NULL;
	}
	/* Kernels before 4.12 have no words, and those before 4.20 filter nothing. */
	(void)mnl_socket_setsockopt(netlink->socket, NETLINK_EXT_ACK, &one, sizeof one);
	(void)mnl_socket_setsockopt(netlink->socket, NETLINK_GET_STRICT_CHK, &one, sizeof one);
	return g_steal_pointer(&netlink);
}

void netlink_free(struct netlink *netlink)
{
	if (netlink == NULL)
		return;
	if (netlink->socket != NULL)
		mnl_socket_close(netlink->socket);
	g_free(netlink);
}

int netlink_fd(const struct netlink *netlink)
{
	return mnl_socket_get_fd(netlink->socket);
}

gboolean netlink_drain(struct netlink *netlink)
{
	char data[RECEIVE_SIZE];
	gboolean told = FALSE;

	/* ENOBUFS: some were lost, which tells as much. */
	while (mnl_socket_recvfrom(netlink->socket, data, sizeof data) >= 0 || errno == ENOBUFS)
		told = TRUE;
	return told;
}

struct nlmsghdr *netlink_begin(
	void *buffer, guint16 type, guint16 flags, gsize body_size, void *out_body)
{
	struct nlmsghdr *message;

	/* libmnl zeroes headers only: attributes' padding is sent too. */
	memset(buffer, 0, NETLINK_REQUEST_SIZE);
	message = mnl_nlmsg_put_header(buffer);
	message->nlmsg_type = type;
	message->nlmsg_flags = (guint16)(NLM_F_REQUEST | flags);
	*(void **)out_body = mnl_nlmsg_put_extra_header(message, body_size);
	return message;
}

static gboolean send_message(struct netlink *netlink, struct nlmsghdr *message, GError **error)
{
	message->nlmsg_seq = ++netlink->sequence;
	netlink->last_errno = 0;
	if (mnl_socket_sendto(netlink->socket, message, message->nlmsg_len) >= 0)
		return TRUE;
	netlink->last_errno = errno;
	error_set_errno(error, errno, "netlink");
	return FALSE;
}

static gssize receive(struct netlink *netlink, void *data, gint64 deadline, GError **error)
{
	for (;;) {
		gssize got = mnl_socket_recvfrom(netlink->socket, data, RECEIVE_SIZE);

		if (got >= 0)
			return got;
		if (errno != EAGAIN && errno != EINTR) {
			netlink->last_errno = errno;
			error_set_errno(error, errno, "netlink");
			return -1;
		}
		if (!fd_wait(netlink_fd(netlink), POLLIN, deadline, error)) {
			netlink->last_errno = ETIMEDOUT;
			g_prefix_error(error, "netlink: ");
			return -1;
		}
	}
}

/* The kernel's words in an extended acknowledgement; NULL: none. */
static const char *kernel_words(const struct nlmsghdr *message)
{
	const struct nlmsgerr *answer = mnl_nlmsg_get_payload(message);
	const struct nlattr *attribute;
	gsize offset = sizeof *answer;

	if (!(message->nlmsg_flags & NLM_F_ACK_TLVS))
		return NULL;
	if (!(message->nlmsg_flags & NLM_F_CAPPED))
		offset += answer->msg.nlmsg_len - sizeof answer->msg;
	mnl_attr_for_each(
		attribute, message, offset) if (mnl_attr_get_type(attribute) ==
						NLMSGERR_ATTR_MSG) return netlink_text(attribute);
	return NULL;
}

/* TRUE: acknowledged. */
static gboolean take_answer(struct netlink *netlink, const struct nlmsghdr *message, GError **error)
{
	const struct nlmsgerr *answer = mnl_nlmsg_get_payload(message);

	if (mnl_nlmsg_get_payload_len(message) < sizeof *answer) {
		netlink->last_errno = EPROTO;
		g_set_error(error, CC_ERROR, CC_ERROR_FAILED, "netlink: too short an answer");
		return FALSE;
	}
	if (answer->error == 0)
		return TRUE;

	const char *words = kernel_words(message);

	netlink->last_errno = -answer->error;
	error_set_errno(error, netlink->last_errno, "netlink%s%s", words != NULL ? ": " : "",
		words != NULL ? words : "");
	return FALSE;
}

gboolean netlink_request(struct netlink *netlink, struct nlmsghdr *message, GError **error)
{
	char data[RECEIVE_SIZE];
	gint64 deadline = deadline_after(TIMEOUT_NETLINK_MS);

	message->nlmsg_flags |= NLM_F_ACK;
	if (!send_message(netlink, message, error))
		return FALSE;
	for (;;) {
		gssize got = receive(netlink, data, deadline, error);
		int left = (int)got;

		if (got < 0)
			return FALSE;
		for (struct nlmsghdr *at = (struct nlmsghdr *)data; mnl_nlmsg_ok(at, left);
			at = mnl_nlmsg_next(at, &left))
			/* What came too late for an earlier request has another number. */
			if (at->nlmsg_seq == netlink->sequence && at->nlmsg_type == NLMSG_ERROR)
				return take_answer(netlink, at, error);
	}
}

int netlink_errno(const struct netlink *netlink)
{
	return netlink->last_errno;
}

void netlink_set_errno(struct netlink *netlink, int errno_value)
{
	netlink->last_errno = errno_value;
}

enum dump_result {
	DUMP_MORE,
	DUMP_DONE,
	DUMP_FAILED,
	/* Something has changed meanwhile. */
	DUMP_DISTURBED,
};

struct dump {
	netlink_each_func each;
	void *data;
	gboolean disturbed;
};

static enum dump_result take_part(
	struct netlink *netlink, const struct nlmsghdr *message, struct dump *dump, GError **error)
{
	if (message->nlmsg_seq != netlink->sequence)
		return DUMP_MORE;
	if (message->nlmsg_flags & NLM_F_DUMP_INTR)
		dump->disturbed = TRUE;
	if (message->nlmsg_type == NLMSG_DONE)
		return dump->disturbed ? DUMP_DISTURBED : DUMP_DONE;
	if (message->nlmsg_type == NLMSG_ERROR)
		return take_answer(netlink, message, error) ? DUMP_DONE : DUMP_FAILED;
	return dump->each(message, dump->data, error) ? DUMP_MORE : DUMP_FAILED;
}

static enum dump_result dump_once(
	struct netlink *netlink, struct nlmsghdr *message, struct dump *dump, GError **error)
{
	char data[RECEIVE_SIZE];
	gint64 deadline = deadline_after(TIMEOUT_NETLINK_MS);

	if (!send_message(netlink, message, error))
		return DUMP_FAILED;
	for (;;) {
		gssize got = receive(netlink, data, deadline, error);
		int left = (int)got;

		if (got < 0)
			return DUMP_FAILED;
		for (struct nlmsghdr *at = (struct nlmsghdr *)data; mnl_nlmsg_ok(at, left);
			at = mnl_nlmsg_next(at, &left)) {
			enum dump_result result = take_part(netlink, at, dump, error);

			if (result != DUMP_MORE)
				return result;
		}
	}
}

gboolean netlink_dump(struct netlink *netlink, struct nlmsghdr *message, netlink_each_func each,
	void *data, GError **error)
{
	struct dump dump = {.each = each, .data = data};

	message->nlmsg_flags |= NLM_F_DUMP;

	enum dump_result result = dump_once(netlink, message, &dump, error);

	if (result == DUMP_DISTURBED) {
		netlink->last_errno = EINTR;
		g_set_error(error, CC_ERROR, CC_ERROR_FAILED, "netlink: changed while it was read");
	}
	return result == DUMP_DONE;
}

static void collect(const struct nlattr *attribute, const struct nlattr **out, gsize size)
{
	guint16 type = mnl_attr_get_type(attribute);

	if (type < size)
		out[type] = attribute;
}

void netlink_attributes(
	const struct nlmsghdr *message, gsize body_size, const struct nlattr **out, gsize size)
{
	const struct nlattr *attribute;

	memset(out, 0, size * sizeof *out);
	mnl_attr_for_each(attribute, message, body_size) collect(attribute, out, size);
}

void netlink_nested(const struct nlattr *nest, const struct nlattr **out, gsize size)
{
	const struct nlattr *attribute;

	memset(out, 0, size * sizeof *out);
	if (nest == NULL)
		return;
	mnl_attr_for_each_nested(attribute, nest) collect(attribute, out, size);
}

guint32 netlink_u32(const struct nlattr *attribute, guint32 otherwise)
{
	if (attribute == NULL || mnl_attr_get_payload_len(attribute) < sizeof(guint32))
		return otherwise;
	return mnl_attr_get_u32(attribute);
}

const char *netlink_text(const struct nlattr *attribute)
{
	if (attribute == NULL || mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) < 0)
		return NULL;
	return mnl_attr_get_str(attribute);
}
