/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One end of a proxy connection: JSON messages with descriptors (docs/proxy-protocol.md).
 *
 * The proxy uses a channel without blocking, from its main loop; the runtime makes one call after
 * another with channel_call. Both work on the same queues.
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

#include "base/hypervisor.h"
#include "wire/buffer.h"
#include "wire/fdpass.h"

enum {
	CHANNEL_HEADER_SIZE = 8,
	CHANNEL_MESSAGE_MAX = 4 << 20,
	/* Descriptors that may wait for their message. */
	CHANNEL_FDS_MAX = 2 * FDPASS_MAX,
};

/* The requests of docs/proxy-protocol.md. */
#define PROXY_LAUNCH  "launch"
#define PROXY_BIND    "bind"
#define PROXY_UNBIND  "unbind"
#define PROXY_PROTECT "protect"
#define PROXY_READY   "ready"
#define PROXY_AGENT   "agent"
#define PROXY_PROCESS "process"
#define PROXY_NOTIFY  "notify"
#define PROXY_NETWORK "network"
#define PROXY_OWN     "own"
#define PROXY_SAVE    "save"
#define PROXY_PAUSE   "pause"
#define PROXY_RESUME  "resume"
#define PROXY_PIN     "pin"
#define PROXY_ADD     "add"
#define PROXY_OOM     "oom"
#define PROXY_STATUS  "status"
#define PROXY_STOP    "stop"

/* The name of the listening socket in the state directory. */
#define PROXY_SOCKET_NAME "proxy.sock"

/* The descriptors that a proxy is born with; QEMU's are in base/hypervisor.h. */
enum {
	PROXY_FD_LISTEN = 3,
	PROXY_FD_CREATOR = 4,
};

struct channel {
	int fd;
	struct buffer in;
	struct buffer out;
	int fds_in[CHANNEL_FDS_MAX];
	gsize n_fds_in;
	/* Descriptors to go with the first byte of the message at the front of `out`. */
	int fds_out[FDPASS_MAX];
	gsize n_fds_out;
	/* Bytes of `out` in front of the message that they belong to. */
	gsize fds_out_behind;
};

/* Takes over the descriptor, a connected unix stream socket, and makes it non-blocking. */
void channel_init(struct channel *channel, int fd);
/* Closes it, and every descriptor that was not taken or not sent. */
void channel_clear(struct channel *channel);

/*
 * Queues a message and takes over the object and the descriptors. FALSE when it does not fit or
 * other descriptors still wait to be sent.
 */
gboolean channel_put(struct channel *channel, JsonObject *message, const int *fds, gsize n_fds,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Writes what the socket takes now; FALSE when the peer is gone. */
gboolean channel_flush(struct channel *channel, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean channel_wants_flush(const struct channel *channel);

/* Reads what is there; FALSE with CC_ERROR_NOT_RUNNING at the end of file, or another error. */
gboolean channel_fill(struct channel *channel, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/*
 * The next whole message, the caller's; NULL without an error when there is none yet. An error
 * means that the connection is of no use any more.
 */
JsonNode *channel_next(struct channel *channel, GError **error);
/* The oldest received descriptor, the caller's; -1: none. */
int channel_take_fd(struct channel *channel);

/*
 * Sends a request (taken over) and waits for its reply. A reply with "error" becomes an error with
 * the code that its "code" names. *out_fd, when not NULL, is the descriptor that came with the
 * reply, -1 if none did.
 */
JsonNode *channel_call(struct channel *channel, JsonObject *request, gint64 timeout, int *out_fd,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same with descriptors, at most FDPASS_MAX, to go with the request: copies of the caller's. */
JsonNode *channel_call_with(struct channel *channel, JsonObject *request, const int *fds,
	gsize n_fds, gint64 timeout, int *out_fd, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The words for codes in a reply's "code". */
const char *channel_code_name(const GError *error);
int channel_code_parse(const char *name);
