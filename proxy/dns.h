/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest's questions to a name server that answers only in our network namespace.
 *
 * What is asked and answered is not looked into: the bytes go to the server's address, from a
 * socket of their own each, and its answer goes back. A guest can send what it likes, so the number
 * of questions under way and their sizes are bounded, each has a deadline, and one that gets no
 * answer gets that of a server that has failed (RFC 1035, 4.1.1: RCODE 2).
 */
#pragma once

#include <glib.h>

#include "proxy/logfile.h"

enum {
	DNS_QUESTIONS_MAX = 64,
	DNS_QUESTION_SIZE_MAX = 4096,
};

struct dns;

/* reply: the payload of a DNSREPLY. Called at most once a question, not after dns_free. */
typedef void (*dns_answer_func)(const char *reply, void *data);

/* server: an IPv4 address; port: 53, but for tests. The caller frees. */
struct dns *dns_new(
	const char *server, guint16 port, struct logfile *log, dns_answer_func answer, void *data);
void dns_free(struct dns *dns);

/* The question is in hexadecimal; one too many, too long or too short is dropped. */
void dns_ask(struct dns *dns, guint32 id, gboolean stream, const char *question);
