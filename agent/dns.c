/* SPDX-License-Identifier: GPL-2.0-only */
/* Takes questions by UDP and TCP, and gives the host's answers. */
#include "agent/dns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "agent/cleanup.h"
#include "agent/hex.h"
#include "wire/message.h"

enum {
	/* A question's; answers may be as long as TCP has them. */
	QUESTION_SIZE_MAX = 4096,
	LENGTH_SIZE = 2,
	/* The host gives up earlier, and says so. */
	QUESTION_TIMEOUT_MS = 20000,
	CONNECTION_TIMEOUT_MS = 30000,
};

void dns_init(struct dns *dns, struct control *control)
{
	*dns = (struct dns){.datagrams = -1, .listener = -1, .control = control};
	for (size_t i = 0; i < DNS_CONNECTIONS_MAX; i++)
		dns->connections[i].fd = -1;
}

static void close_connection(struct dns *dns, struct dns_connection *connection)
{
	for (size_t i = 0; i < DNS_QUESTIONS_MAX; i++)
		if (dns->questions[i].connection == connection)
			dns->questions[i].id = 0;
	close_fd(&connection->fd);
	free(connection->in);
	*connection = (struct dns_connection){.fd = -1};
}

void dns_close(struct dns *dns)
{
	for (size_t i = 0; i < DNS_CONNECTIONS_MAX; i++)
		close_connection(dns, &dns->connections[i]);
	memset(dns->questions, 0, sizeof dns->questions);
	close_fd(&dns->datagrams);
	close_fd(&dns->listener);
	dns->address.s_addr = 0;
}

static int open_socket(struct in_addr address, int type, struct agent_error *error)
{
	const struct sockaddr_in name = {
		.sin_family = AF_INET, .sin_port = htons(DNS_PORT), .sin_addr = address};
	AUTO_CLOSE int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int one = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0 ||
		bind(fd, (const struct sockaddr *)&name, sizeof name) < 0 ||
		(type == SOCK_STREAM && listen(fd, DNS_CONNECTIONS_MAX) < 0)) {
		agent_error_errno(error, errno, "serve DNS at %s", inet_ntoa(address));
		return -1;
	}
	return steal_fd(&fd);
}

bool dns_serve(struct dns *dns, const char *text, struct agent_error *error)
{
	struct in_addr address = {.s_addr = 0};

	if (text != NULL && inet_pton(AF_INET, text, &address) != 1)
		return agent_error_set(
			error, AGENT_CODE_FAILED, "resolver: \"%s\" is no address", text);
	if (address.s_addr == dns->address.s_addr)
		return true;
	dns_close(dns);
	if (text == NULL)
		return true;
	dns->datagrams = open_socket(address, SOCK_DGRAM, error);
	if (dns->datagrams >= 0)
		dns->listener = open_socket(address, SOCK_STREAM, error);
	if (dns->listener < 0) {
		dns_close(dns);
		return false;
	}
	dns->address = address;
	return true;
}

/* ---- questions */

static struct dns_question *free_question(struct dns *dns)
{
	int64_t now = pollset_now();

	for (size_t i = 0; i < DNS_QUESTIONS_MAX; i++)
		if (dns->questions[i].id == 0 || dns->questions[i].deadline <= now)
			return &dns->questions[i];
	return NULL;
}

/* Sends it to the host. False: it is dropped, since too many are under way. */
static bool ask(struct dns *dns, const struct dns_question *from, const uint8_t *data, size_t size)
{
	struct dns_question *question = free_question(dns);
	AUTO_FREE char *hex = hex_encode(data, size);
	AUTO_FREE char *payload = NULL;

	if (question == NULL || hex == NULL)
		return false;
	*question = *from;
	question->id = ++dns->last_id != 0 ? dns->last_id : ++dns->last_id;
	question->deadline = pollset_now() + QUESTION_TIMEOUT_MS;
	if (asprintf(&payload, "{\"id\":%u,\"stream\":%s,\"data\":\"%s\"}", question->id,
		    from->connection != NULL ? "true" : "false", hex) < 0) {
		payload = NULL;
		question->id = 0;
		return false;
	}
	if (control_send(dns->control, MESSAGE_DNSQUERY, payload, strlen(payload)))
		return true;
	question->id = 0;
	return false;
}

static void handle_datagrams(void *object, short events)
{
	struct dns *dns = object;
	uint8_t data[QUESTION_SIZE_MAX];
	struct dns_question from = {.id = 0};
	socklen_t length = sizeof from.peer;
	ssize_t got;

	(void)events;
	while ((got = recvfrom(dns->datagrams, data, sizeof data, 0, (struct sockaddr *)&from.peer,
			&length)) > 0) {
		if (!ask(dns, &from, data, (size_t)got))
			return;
		length = sizeof from.peer;
	}
}

static void handle_listener(void *object, short events)
{
	struct dns *dns = object;

	(void)events;
	for (size_t i = 0; i < DNS_CONNECTIONS_MAX; i++) {
		struct dns_connection *connection = &dns->connections[i];

		if (connection->fd >= 0)
			continue;
		connection->fd = accept4(dns->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (connection->fd < 0)
			return;
		connection->in = malloc(LENGTH_SIZE + QUESTION_SIZE_MAX);
		connection->deadline = pollset_now() + CONNECTION_TIMEOUT_MS;
		if (connection->in == NULL)
			close_connection(dns, connection);
	}
}

/* How long the message is, as its first two bytes say. */
static size_t wanted_size(const struct dns_connection *connection)
{
	if (connection->used < LENGTH_SIZE)
		return LENGTH_SIZE;
	return LENGTH_SIZE + (size_t)(connection->in[0] << 8 | connection->in[1]);
}

/* Reads up to the end of one message, and no further. False: the connection is of no more use. */
static bool read_question(struct dns *dns, struct dns_connection *connection)
{
	const struct dns_question from = {.connection = connection};

	for (;;) {
		size_t wanted = wanted_size(connection);
		ssize_t got;

		if (wanted > LENGTH_SIZE + QUESTION_SIZE_MAX)
			return false;
		if (connection->used == wanted && wanted > LENGTH_SIZE) {
			connection->asked = true;
			return ask(dns, &from, connection->in + LENGTH_SIZE, wanted - LENGTH_SIZE);
		}
		got = recv(connection->fd, connection->in + connection->used,
			wanted - connection->used, 0);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			return true;
		if (got <= 0)
			return false;
		connection->used += (size_t)got;
	}
}

/* The connection of the descriptor that is ready: the pollset has room for one object. */
static void handle_connections(void *object, short events)
{
	struct dns *dns = object;

	(void)events;
	for (size_t i = 0; i < DNS_CONNECTIONS_MAX; i++) {
		struct dns_connection *connection = &dns->connections[i];

		if (connection->fd >= 0 && !connection->asked && !read_question(dns, connection))
			close_connection(dns, connection);
	}
}

void dns_poll(struct dns *dns, struct pollset *set)
{
	bool full = true;

	if (dns->datagrams < 0)
		return;
	for (size_t i = 0; i < DNS_CONNECTIONS_MAX; i++) {
		struct dns_connection *connection = &dns->connections[i];

		if (connection->fd >= 0 && connection->deadline <= pollset_now())
			close_connection(dns, connection);
		if (connection->fd < 0) {
			full = false;
			continue;
		}
		pollset_until(set, connection->deadline);
		if (!connection->asked)
			pollset_add(set, connection->fd, POLLIN, handle_connections, dns);
	}
	if (free_question(dns) == NULL)
		return;
	pollset_add(set, dns->datagrams, POLLIN, handle_datagrams, dns);
	if (!full)
		pollset_add(set, dns->listener, POLLIN, handle_listener, dns);
}

/* ---- answers */

/* An answer fits into the socket's buffer; a reader who lets it fill up loses the connection. */
static void answer_connection(
	struct dns *dns, struct dns_connection *connection, const uint8_t *data, size_t size)
{
	const uint8_t length[LENGTH_SIZE] = {(uint8_t)(size >> 8), (uint8_t)size};

	if (send(connection->fd, length, sizeof length, MSG_NOSIGNAL | MSG_MORE) != LENGTH_SIZE ||
		send(connection->fd, data, size, MSG_NOSIGNAL) != (ssize_t)size) {
		close_connection(dns, connection);
		return;
	}
	connection->used = 0;
	connection->asked = false;
	connection->deadline = pollset_now() + CONNECTION_TIMEOUT_MS;
}

void dns_answer(struct dns *dns, uint32_t id, const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < DNS_QUESTIONS_MAX; i++) {
		struct dns_question *question = &dns->questions[i];

		if (question->id != id || id == 0)
			continue;
		question->id = 0;
		if (question->connection != NULL)
			answer_connection(dns, question->connection, data, size);
		else
			sendto(dns->datagrams, data, size, 0, (struct sockaddr *)&question->peer,
				sizeof question->peer);
		return;
	}
}
