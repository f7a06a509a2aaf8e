/* SPDX-License-Identifier: GPL-2.0-only */
/* JSON messages with descriptors over a unix socket. */
#include "wire/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"
#include "wire/bytes.h"
#include "wire/message.h"

/* A whole message may wait behind another. */
#define QUEUE_MAX (2 * CHANNEL_MESSAGE_MAX)
#define READ_SIZE (64 << 10)

static const struct {
	const char *name;
	enum cc_error code;
} codes[] = {
	{AGENT_ERROR_FAILED, CC_ERROR_FAILED},
	{AGENT_ERROR_NOT_FOUND, CC_ERROR_NOT_FOUND},
	{AGENT_ERROR_EXEC_ENOENT, CC_ERROR_EXEC_NOT_FOUND},
	{AGENT_ERROR_EXEC_EACCES, CC_ERROR_EXEC_DENIED},
	{"timeout", CC_ERROR_TIMEOUT},
};

const char *channel_code_name(const GError *error)
{
	for (gsize i = 0; i < G_N_ELEMENTS(codes); i++)
		if (g_error_matches(error, CC_ERROR, codes[i].code))
			return codes[i].name;
	return AGENT_ERROR_FAILED;
}

int channel_code_parse(const char *name)
{
	for (gsize i = 0; i < G_N_ELEMENTS(codes); i++)
		if (g_strcmp0(name, codes[i].name) == 0)
			return codes[i].code;
	return CC_ERROR_FAILED;
}

void channel_init(struct channel *channel, int fd)
{
	*channel = (struct channel){.fd = fd};
	buffer_init(&channel->in, QUEUE_MAX);
	buffer_init(&channel->out, QUEUE_MAX);
	/* A socket takes any flags; were it none, the first read or write would say so. */
	(void)g_unix_set_fd_nonblocking(fd, TRUE, NULL);
}

static void close_fds(int *fds, gsize *n_fds)
{
	while (*n_fds > 0)
		close(fds[--*n_fds]);
}

void channel_clear(struct channel *channel)
{
	close_fds(channel->fds_in, &channel->n_fds_in);
	close_fds(channel->fds_out, &channel->n_fds_out);
	buffer_clear(&channel->in);
	buffer_clear(&channel->out);
	fd_clear(&channel->fd);
}

gboolean channel_put(
	struct channel *channel, JsonObject *message, const int *fds, gsize n_fds, GError **error)
{
	g_autofree char *text = json_format_object(message, FALSE);
	gsize size = strlen(text);
	guint8 header[CHANNEL_HEADER_SIZE] = {0};
	gsize behind = channel->out.size;

	if (size > CHANNEL_MESSAGE_MAX - CHANNEL_HEADER_SIZE || channel->n_fds_out > 0 ||
		buffer_space(&channel->out) < size + sizeof header) {
		for (gsize i = 0; i < n_fds; i++)
			close(fds[i]);
		g_set_error(error, CC_ERROR, CC_ERROR_FAILED, "message too large or queue full");
		return FALSE;
	}
	bytes_put_u32(header, (guint32)(size + sizeof header));
	if (!buffer_append(&channel->out, header, sizeof header) ||
		!buffer_append(&channel->out, text, size))
		g_error("out of memory");
	if (n_fds > 0) {
		memcpy(channel->fds_out, fds, n_fds * sizeof *fds);
		channel->n_fds_out = n_fds;
		channel->fds_out_behind = behind;
	}
	return TRUE;
}

gboolean channel_wants_flush(const struct channel *channel)
{
	return channel->out.size > 0;
}

/* One sendmsg: up to where descriptors wait, or with them. Returns what sendmsg(2) does. */
static gssize send_some(struct channel *channel)
{
	gboolean with_fds = channel->n_fds_out > 0 && channel->fds_out_behind == 0;
	gsize size = channel->out.size;

	if (channel->n_fds_out > 0 && !with_fds)
		size = channel->fds_out_behind;

	gssize sent = fdpass_send(channel->fd, buffer_bytes(&channel->out), size, channel->fds_out,
		with_fds ? channel->n_fds_out : 0);

	if (sent <= 0)
		return sent;
	buffer_consume(&channel->out, (gsize)sent);
	if (with_fds)
		close_fds(channel->fds_out, &channel->n_fds_out);
	else if (channel->n_fds_out > 0)
		channel->fds_out_behind -= (gsize)sent;
	return sent;
}

/* A peer that is gone is not running; anything else has failed. Returns FALSE. */
static gboolean peer_failed(GError **error, const char *action)
{
	if (errno == EPIPE || errno == ECONNRESET)
		g_set_error(error, CC_ERROR, CC_ERROR_NOT_RUNNING, "connection closed");
	else
		error_set_errno(error, errno, "%s", action);
	return FALSE;
}

gboolean channel_flush(struct channel *channel, GError **error)
{
	while (channel->out.size > 0) {
		if (send_some(channel) >= 0)
			continue;
		if (errno == EAGAIN)
			return TRUE;
		return peer_failed(error, "send");
	}
	return TRUE;
}

gboolean channel_fill(struct channel *channel, GError **error)
{
	g_autofree guint8 *data = g_malloc(READ_SIZE);
	int fds[FDPASS_MAX];
	gsize n_fds;
	gssize got = fdpass_receive(channel->fd, data, READ_SIZE, fds, &n_fds);

	if (got < 0 && errno == EAGAIN)
		return TRUE;
	if (got < 0)
		return peer_failed(error, "receive");
	if (n_fds > CHANNEL_FDS_MAX - channel->n_fds_in) {
		close_fds(fds, &n_fds);
		g_set_error(error, CC_ERROR, CC_ERROR_FAILED, "too many descriptors");
		return FALSE;
	}
	memcpy(channel->fds_in + channel->n_fds_in, fds, n_fds * sizeof *fds);
	channel->n_fds_in += n_fds;
	if (got == 0) {
		g_set_error(error, CC_ERROR, CC_ERROR_NOT_RUNNING, "connection closed");
		return FALSE;
	}
	if (!buffer_append(&channel->in, data, (gsize)got)) {
		g_set_error(error, CC_ERROR, CC_ERROR_FAILED, "too much unread");
		return FALSE;
	}
	return TRUE;
}

JsonNode *channel_next(struct channel *channel, GError **error)
{
	if (channel->in.size < CHANNEL_HEADER_SIZE)
		return NULL;

	const guint8 *data = buffer_bytes(&channel->in);
	guint32 length = bytes_get_u32(data);
	guint32 flags = bytes_get_u32(data + 4);

	if (length < CHANNEL_HEADER_SIZE || length > CHANNEL_MESSAGE_MAX || flags != 0) {
		g_set_error(error, CC_ERROR, CC_ERROR_FAILED, "not a message of this protocol");
		return NULL;
	}
	if (channel->in.size < length)
		return NULL;

	JsonNode *message = json_parse_object(
		(const char *)data + CHANNEL_HEADER_SIZE, length - CHANNEL_HEADER_SIZE, error);

	buffer_consume(&channel->in, length);
	return message;
}

int channel_take_fd(struct channel *channel)
{
	if (channel->n_fds_in == 0)
		return -1;

	int fd = channel->fds_in[0];

	channel->n_fds_in--;
	memmove(channel->fds_in, channel->fds_in + 1, channel->n_fds_in * sizeof fd);
	return fd;
}

/* A peer that takes nothing any more may have left a last message, with the reason. */
static JsonNode *last_message(struct channel *channel, GError **error)
{
	g_autoptr(GError) ignored = NULL;
	JsonNode *message = NULL;

	if (channel_fill(channel, &ignored))
		message = channel_next(channel, NULL);
	if (message != NULL)
		g_clear_error(error);
	return message;
}

static JsonNode *exchange(struct channel *channel, gint64 deadline, GError **error)
{
	for (;;) {
		if (!channel_flush(channel, error))
			return last_message(channel, error);

		GError *failure = NULL;
		JsonNode *reply = channel_next(channel, &failure);

		if (reply != NULL)
			return reply;
		if (failure != NULL) {
			g_propagate_error(error, failure);
			return NULL;
		}

		short events = channel_wants_flush(channel) ? POLLIN | POLLOUT : POLLIN;

		if (!fd_wait(channel->fd, events, deadline, error) || !channel_fill(channel, error))
			return NULL;
	}
}

/* Turns a reply with "error" into an error. */
static gboolean check_reply(JsonNode *reply, GError **error)
{
	JsonObject *object = json_node_get_object(reply);
	const char *text = NULL;
	const char *code = NULL;

	if (!json_get_string(object, "", "error", &text, error) ||
		!json_get_string(object, "", "code", &code, error))
		return FALSE;
	if (text == NULL)
		return TRUE;
	g_set_error_literal(error, CC_ERROR, channel_code_parse(code), text);
	return FALSE;
}

/* The channel closes what it sends. */
static gboolean copy_fds(const int *fds, gsize n_fds, int *out_copies, GError **error)
{
	for (gsize i = 0; i < n_fds; i++) {
		out_copies[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 0);
		if (out_copies[i] >= 0)
			continue;
		error_set_errno(error, errno, "copy descriptor");
		close_fds(out_copies, &i);
		return FALSE;
	}
	return TRUE;
}

JsonNode *channel_call_with(struct channel *channel, JsonObject *request, const int *fds,
	gsize n_fds, gint64 timeout, int *out_fd, GError **error)
{
	g_autoptr(JsonNode) reply = NULL;
	int copies[FDPASS_MAX];

	if (out_fd != NULL)
		*out_fd = -1;
	g_assert(n_fds <= FDPASS_MAX);
	if (!copy_fds(fds, n_fds, copies, error)) {
		json_object_unref(request);
		return NULL;
	}
	if (!channel_put(channel, request, copies, n_fds, error))
		return NULL;
	reply = exchange(channel, deadline_after(timeout), error);
	if (reply == NULL || !check_reply(reply, error))
		return NULL;
	if (out_fd != NULL)
		*out_fd = channel_take_fd(channel);
	return g_steal_pointer(&reply);
}

JsonNode *channel_call(
	struct channel *channel, JsonObject *request, gint64 timeout, int *out_fd, GError **error)
{
	return channel_call_with(channel, request, NULL, 0, timeout, out_fd, error);
}
