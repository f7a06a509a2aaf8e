/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The control channel of the agent, host side (docs/agent-protocol.md, sections 3 and 4).
 *
 * Requests wait in a bounded queue; one is outstanding at a time, so a reply needs no id. Whatever
 * breaks the protocol is reported once, and nothing is read after it.
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

#include "proxy/agentinfo.h"
#include "proxy/logfile.h"

struct agent;

struct agent_events {
	/* READY and GETVERSION, or CLONE, are done. */
	void (*ready)(void *data);
	/* PROCESSASYNCEVENT "finished". */
	void (*exited)(const char *container, const char *process, int status, void *data);
	/* NOTIFY: what a container says of itself, unfiltered. */
	void (*notified)(const char *container, const char *text, void *data);
	/* OOM. */
	void (*oom)(const char *container, guint64 kills, void *data);
	/* DNSQUERY: a question to the namespace's name server. */
	void (*queried)(guint32 id, gboolean stream, const char *hex, void *data);
	/* The guest broke the protocol. */
	void (*failed)(const GError *error, void *data);
	/* End of the stream. Neither this nor `failed` answers what is pending: agent_close does.
	 */
	void (*closed)(void *data);
	/* TRACEEVENT. */
	void (*spanned)(const char *name, gint64 begin, gint64 end, void *data);
};

/*
 * payload: the object that came with the ACK, NULL for none; valid during the call. An ERROR of the
 * agent is an error with the code that it named.
 */
typedef void (*agent_reply_func)(JsonNode *payload, const GError *error, void *data);

/* Takes over the connected descriptor and begins the handshake. The caller frees. */
struct agent *agent_new(int fd, struct logfile *log, const struct agent_events *events, void *data);
void agent_free(struct agent *agent);

/*
 * In place of the handshake, with a guest that comes out of a template: READY was said there. The
 * payload, an object, is that of CLONE; the answer to it is the one to GETVERSION. It can be said
 * again as soon as that is `ready`, which then comes once more.
 */
void agent_clone(struct agent *agent, const char *payload);

/* Version 0: not ready yet. */
const struct agent_info *agent_get_info(const struct agent *agent);

/*
 * Queues a request, type a MESSAGE_*; the payload is copied. `done` (may be NULL) is called once:
 * with the reply, after `timeout` ms counted from now, or from agent_close. A reply that comes
 * after its deadline is waited for and dropped.
 */
gboolean agent_request(struct agent *agent, guint32 type, const char *payload, guint timeout,
	agent_reply_func done, void *data, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * DESTROYPOD, in front of all that was not sent yet, which fails; no other request is taken any
 * more. `done` as above, with TIMEOUT_AGENT_DESTROY_MS.
 */
void agent_destroy(struct agent *agent, agent_reply_func done, void *data);

/* The guest stands still, or goes on: until then no deadline passes; it then begins anew. */
void agent_hold(struct agent *agent, gboolean hold);

/* Fails all that is pending, with this error. */
void agent_close(struct agent *agent, const GError *error);
