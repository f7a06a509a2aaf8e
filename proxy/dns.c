/* SPDX-License-Identifier: GPL-2.0-only */
/* Asks, from a socket a question. */
#include "proxy/dns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/timeouts.h"
#include "proxy/watch.h"
#include "wire/buffer.h"

enum {
	LENGTH_SIZE = 2,
	ANSWER_SIZE_MAX = 65535,
	HEADER_SIZE = 12,
	/* In the header: a response, of a server that has failed. */
	FLAG_RESPONSE = 0x80,
	RCODE_SERVER_FAILURE = 2,
};

struct question {
	struct dns *dns;
	guint32 id;
	gboolean stream;
	guint8 header[HEADER_SIZE];
	int fd;
	struct watch watch;
	guint timer;
	struct buffer out;
	struct buffer in;
};

struct dns {
	struct sockaddr_in server;
	GPtrArray *questions;
	struct logfile *log;
	dns_answer_func answer;
	void *data;
};

static void question_free(void *data)
{
	struct question *question = data;

	watch_clear(&question->watch);
	timer_clear(&question->timer);
	fd_clear(&question->fd);
	buffer_clear(&question->in);
	buffer_clear(&question->out);
	g_free(question);
}

struct dns *dns_new(
	const char *server, guint16 port, struct logfile *log, dns_answer_func answer, void *data)
{
	struct dns *dns = g_new0(struct dns, 1);

	dns->server.sin_family = AF_INET;
	dns->server.sin_port = htons(port);
	dns->log = log;
	dns->answer = answer;
	dns->data = data;
	dns->questions = g_ptr_array_new_with_free_func(question_free);
	if (inet_pton(AF_INET, server, &dns->server.sin_addr) != 1)
		logfile_note(log, LOG_WARNING, "name server \"%s\": not an IPv4 address", server);
	return dns;
}

void dns_free(struct dns *dns)
{
	if (dns == NULL)
		return;
	g_ptr_array_unref(dns->questions);
	g_free(dns);
}

static void finish(struct question *question, const guint8 *data, gsize size)
{
	struct dns *dns = question->dns;
	g_autoptr(GString) reply = g_string_new(NULL);

	g_string_printf(reply, "{\"id\":%u,\"data\":\"", question->id);
	for (gsize i = 0; i < size; i++)
		g_string_append_printf(reply, "%02x", data[i]);
	g_string_append(reply, "\"}");
	g_ptr_array_remove_fast(dns->questions, question);
	dns->answer(reply->str, dns->data);
}

/* The question's own header, turned into a failure. */
static void finish_failed(struct question *question, const char *reason)
{
	guint8 answer[HEADER_SIZE];

	logfile_note(question->dns->log, LOG_INFO, "name server: %s", reason);
	memcpy(answer, question->header, HEADER_SIZE);
	answer[2] |= FLAG_RESPONSE;
	answer[3] = RCODE_SERVER_FAILURE;
	/* No records follow. */
	memset(answer + 4, 0, HEADER_SIZE - 4);
	finish(question, answer, HEADER_SIZE);
}

static gboolean on_deadline(void *data)
{
	struct question *question = data;

	question->timer = 0;
	finish_failed(question, "no answer");
	return G_SOURCE_REMOVE;
}

/* The message in `in`, if it is whole. */
static gboolean take_answer(struct question *question, const guint8 **out_data, gsize *out_size)
{
	const guint8 *data = buffer_bytes(&question->in);
	gsize size = question->in.size;

	if (question->stream) {
		if (size < LENGTH_SIZE || size - LENGTH_SIZE < (gsize)(data[0] << 8 | data[1]))
			return FALSE;
		*out_data = data + LENGTH_SIZE;
		*out_size = (gsize)(data[0] << 8 | data[1]);
		return TRUE;
	}
	*out_data = data;
	*out_size = size;
	return size > 0;
}

static void on_ready(GIOCondition condition, void *data)
{
	struct question *question = data;
	const guint8 *answer;
	gsize size;
	gssize got;

	if (condition & G_IO_OUT && question->out.size > 0 &&
		buffer_write(&question->out, question->fd, question->out.size) < 0 &&
		errno != EAGAIN) {
		finish_failed(question, g_strerror(errno));
		return;
	}
	watch_set(&question->watch, G_IO_IN | (question->out.size > 0 ? G_IO_OUT : 0));
	if (!(condition & ~G_IO_OUT))
		return;
	got = buffer_read(&question->in, question->fd, ANSWER_SIZE_MAX);
	if (got < 0 && errno == EAGAIN)
		return;
	if (got > 0 && take_answer(question, &answer, &size))
		finish(question, answer, size);
	else if (got <= 0)
		finish_failed(question, got == 0 ? "connection closed" : g_strerror(errno));
}

static gboolean connect_to_server(struct question *question)
{
	const struct sockaddr *server = (const struct sockaddr *)&question->dns->server;
	int type = question->stream ? SOCK_STREAM : SOCK_DGRAM;

	question->fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return question->fd >= 0 &&
	       (connect(question->fd, server, sizeof question->dns->server) == 0 ||
		       errno == EINPROGRESS);
}

static gboolean put_question(struct question *question, const guint8 *data, gsize size)
{
	const guint8 length[LENGTH_SIZE] = {(guint8)(size >> 8), (guint8)size};

	return (!question->stream || buffer_append(&question->out, length, sizeof length)) &&
	       buffer_append(&question->out, data, size);
}

static struct question *question_new(struct dns *dns, guint32 id, gboolean stream)
{
	struct question *question = g_new0(struct question, 1);

	question->dns = dns;
	question->id = id;
	question->stream = stream;
	question->fd = -1;
	buffer_init(&question->out, LENGTH_SIZE + DNS_QUESTION_SIZE_MAX);
	buffer_init(&question->in, LENGTH_SIZE + ANSWER_SIZE_MAX);
	g_ptr_array_add(dns->questions, question);
	return question;
}

/* Bytes of twice as many digits; NULL when they are none. The caller frees. */
static guint8 *decode(const char *text, gsize size)
{
	g_autofree guint8 *data = g_new(guint8, size);

	for (gsize i = 0; i < size; i++) {
		int high = g_ascii_xdigit_value(text[2 * i]);
		int low = g_ascii_xdigit_value(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return NULL;
		data[i] = (guint8)(high << 4 | low);
	}
	return g_steal_pointer(&data);
}

void dns_ask(struct dns *dns, guint32 id, gboolean stream, const char *text)
{
	gsize size = strlen(text) / 2;
	g_autofree guint8 *data = NULL;
	struct question *question;

	if (dns->questions->len >= DNS_QUESTIONS_MAX || size < HEADER_SIZE ||
		size > DNS_QUESTION_SIZE_MAX)
		return;
	data = decode(text, size);
	if (data == NULL)
		return;
	question = question_new(dns, id, stream);
	memcpy(question->header, data, HEADER_SIZE);
	if (!connect_to_server(question) || !put_question(question, data, size)) {
		finish_failed(question, g_strerror(errno));
		return;
	}
	watch_init(&question->watch, question->fd, G_IO_IN | G_IO_OUT, on_ready, question);
	question->timer = g_timeout_add(TIMEOUT_DNS_MS, on_deadline, question);
}
