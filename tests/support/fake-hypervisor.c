/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stands in for QEMU and the guest in it, where no VM can be had: the proxy starts it as it would
 * QEMU, and it plays monitor, console and a small agent on descriptors 3 to 6.
 *
 * Its "processes" are named by the first of their args:
 *   echo WORD...   writes the words, status 0       err WORD...    the same to stderr
 *   cat            writes back what it reads        exit N         status N
 *   sleep          runs until a signal N: 128+N     flood N        writes N bytes, status 0
 *   size           writes each terminal size        missing        "exec-not-found"
 * Options for misbehaviour, anywhere among the arguments (others are ignored):
 *   fake:say=TEXT       says it on stderr           fake:exit=N    ends at once, with this status
 *   fake:silent         never says READY            fake:no-destroy  never answers DESTROYPOD
 *   fake:plain=VERSION  plain hyperstart            fake:overrun   ignores the windows
 */
#include <errno.h>
#include <glib.h>
#include <json-glib/json-glib.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/hypervisor.h"
#include "base/json.h"
#include "wire/buffer.h"
#include "wire/bytes.h"
#include "wire/frame.h"
#include "wire/message.h"
#include "wire/stream.h"

enum {
	FAKE_VERSION = 1000000,
	FAKE_WINDOW = 64 << 10,
	QUEUE_MAX = 16 << 20,
};

#define FAKE_OBJECT                                                                                \
	"{\"features\":[\"oci\",\"window\",\"wait-start\"],"                                       \
	"\"frameMax\":65536,\"streamWindow\":65536}"

struct process {
	char *container;
	char *id;
	guint64 stdio;
	guint64 stderr_seq;
	GStrv args;
	gboolean running;
	/* flood: bytes still to be written. */
	guint64 left;
	/* Of stdio, as the host has not acknowledged. */
	guint64 unacknowledged;
};

struct fake {
	struct buffer control;
	struct buffer tty;
	struct buffer qmp;
	GList *processes;
	guint32 version;
	gboolean plain;
	gboolean silent;
	gboolean no_destroy;
	gboolean overrun;
};

/* ---- what goes out: blocking, as the host always reads */

static void put(int fd, const void *data, gsize size)
{
	if (!fd_write_all(fd, data, size, NULL))
		exit(EXIT_SUCCESS);
}

static void put_control(guint32 type, const void *payload, gsize size)
{
	guint8 header[CONTROL_HEADER_SIZE];

	control_header_encode(header, type, (guint32)size);
	put(HYPERVISOR_FD_CONTROL, header, sizeof header);
	put(HYPERVISOR_FD_CONTROL, payload, size);
}

static void put_tty(guint64 seq, const void *payload, gsize size)
{
	guint8 header[TTY_HEADER_SIZE];

	tty_header_encode(header, seq, (guint32)size);
	put(HYPERVISOR_FD_TTY, header, sizeof header);
	put(HYPERVISOR_FD_TTY, payload, size);
}

static void put_note(const struct note *note)
{
	guint8 payload[NOTE_SIZE_MAX];

	put_tty(STREAM_SEQ_NOTE, payload, note_encode(note, payload));
}

static void put_error(const char *code)
{
	g_autofree char *text =
		g_strdup_printf("{\"message\":\"fake: %s\",\"code\":\"%s\"}", code, code);

	put_control(MESSAGE_ERROR, text, strlen(text));
}

static void put_text(struct process *process, guint64 seq, const char *text)
{
	put_tty(seq, text, strlen(text));
	if (seq == process->stdio)
		process->unacknowledged += strlen(text);
}

/* ---- processes */

static void process_free(void *data)
{
	struct process *process = data;

	g_free(process->container);
	g_free(process->id);
	g_strfreev(process->args);
	g_free(process);
}

static void process_exit(struct fake *fake, struct process *process, int status)
{
	g_autofree char *event = g_strdup_printf(
		"{\"container\":\"%s\",\"process\":\"%s\",\"event\":\"finished\",\"status\":%d}",
		process->container, process->id, status);

	put_tty(process->stdio, NULL, 0);
	if (fake->version < AGENT_VERSION_PROCESS_IDS)
		put_tty(process->stdio, (guint8[]){(guint8)status}, 1);
	else
		put_control(MESSAGE_PROCESSASYNCEVENT, event, strlen(event));
	fake->processes = g_list_remove(fake->processes, process);
	process_free(process);
}

/* As much of a flood as the window allows. */
static void process_pump(struct fake *fake, struct process *process)
{
	static const guint8 zeroes[8192];

	while (process->running && process->left > 0) {
		gsize size = MIN(process->left, sizeof zeroes);

		if (!fake->plain && !fake->overrun)
			size = MIN(size, FAKE_WINDOW - process->unacknowledged);
		if (size == 0)
			return;
		put_tty(process->stdio, zeroes, size);
		process->unacknowledged += size;
		process->left -= size;
		if (process->left == 0) {
			process_exit(fake, process, 0);
			return;
		}
	}
}

static void process_run(struct fake *fake, struct process *process)
{
	const char *name = process->args[0];
	gboolean is_error = strcmp(name, "err") == 0;

	process->running = TRUE;
	if (is_error || strcmp(name, "echo") == 0) {
		g_autofree char *words = g_strjoinv(" ", process->args + 1);
		g_autofree char *line = g_strconcat(words, "\n", NULL);

		put_text(process,
			is_error && process->stderr_seq != 0 ? process->stderr_seq : process->stdio,
			line);
		process_exit(fake, process, 0);
	} else if (strcmp(name, "exit") == 0) {
		process_exit(fake, process, process->args[1] != NULL ? atoi(process->args[1]) : 0);
	} else if (strcmp(name, "flood") == 0) {
		process->left = process->args[1] != NULL ? strtoull(process->args[1], NULL, 10) : 1;
		process_pump(fake, process);
	}
}

/* NULL in `container` and `id`: by stream. */
static struct process *find(struct fake *fake, const char *container, const char *id, guint64 seq)
{
	for (GList *i = fake->processes; i != NULL; i = i->next) {
		struct process *process = i->data;

		if (container == NULL ? process->stdio == seq
				      : g_strcmp0(process->container, container) == 0 &&
						(id == NULL || g_strcmp0(process->id, id) == 0))
			return process;
	}
	return NULL;
}

/* ---- requests */

static const char *get_text(JsonObject *object, const char *member)
{
	return json_object_get_string_member_with_default(object, member, NULL);
}

/* The process of NEWCONTAINER or EXECCMD; NULL when its program is missing. */
static struct process *add_process(struct fake *fake, const char *container, JsonObject *object)
{
	struct process *process = g_new0(struct process, 1);
	const char *id = get_text(object, "id");

	process->container = g_strdup(container);
	process->id = g_strdup(id != NULL ? id : "");
	process->stdio = (guint64)json_object_get_int_member(object, "stdio");
	process->stderr_seq = (guint64)json_object_get_int_member_with_default(object, "stderr", 0);
	if (!json_get_strings(object, "", "args", &process->args, NULL) || process->args == NULL ||
		process->args[0] == NULL || strcmp(process->args[0], "missing") == 0) {
		process_free(process);
		return NULL;
	}
	fake->processes = g_list_append(fake->processes, process);
	return process;
}

static void start_process(struct fake *fake, JsonObject *payload, const char *id, gboolean run)
{
	JsonObject *object = json_object_get_object_member(payload, "process");
	struct process *process = add_process(fake, id, object);

	if (process == NULL) {
		put_error(AGENT_ERROR_EXEC_ENOENT);
		return;
	}
	put_control(MESSAGE_ACK, NULL, 0);
	if (run)
		process_run(fake, process);
}

static void handle_newcontainer(struct fake *fake, JsonObject *payload)
{
	start_process(fake, payload, get_text(payload, "id"), fake->plain);
}

static void handle_execcmd(struct fake *fake, JsonObject *payload)
{
	start_process(fake, payload, get_text(payload, "container"), TRUE);
}

static void handle_start(struct fake *fake, JsonObject *payload)
{
	struct process *process = find(fake, get_text(payload, "container"), NULL, 0);

	if (process == NULL) {
		put_error(AGENT_ERROR_NOT_FOUND);
		return;
	}
	put_control(MESSAGE_ACK, NULL, 0);
	process_run(fake, process);
}

static void handle_signal(struct fake *fake, JsonObject *payload)
{
	struct process *process =
		find(fake, get_text(payload, "container"), get_text(payload, "process"), 0);
	int number = (int)json_object_get_int_member_with_default(payload, "signal", SIGKILL);

	if (process == NULL) {
		put_error(AGENT_ERROR_NOT_FOUND);
		return;
	}
	put_control(MESSAGE_ACK, NULL, 0);
	process_exit(fake, process, 128 + number);
}

static void handle_winsize(struct fake *fake, JsonObject *payload)
{
	struct process *process =
		find(fake, get_text(payload, "container"), get_text(payload, "process"), 0);

	put_control(MESSAGE_ACK, NULL, 0);
	if (process == NULL || strcmp(process->args[0], "size") != 0)
		return;

	g_autofree char *text =
		g_strdup_printf("%d %d\n", (int)json_object_get_int_member(payload, "row"),
			(int)json_object_get_int_member(payload, "column"));

	put_text(process, process->stdio, text);
}

static void handle_destroypod(struct fake *fake, JsonObject *payload)
{
	(void)payload;
	if (fake->no_destroy)
		return;
	while (fake->processes != NULL)
		process_exit(fake, fake->processes->data, 128 + SIGKILL);
	put_control(MESSAGE_ACK, NULL, 0);
}

static void handle_getversion(struct fake *fake, JsonObject *payload)
{
	g_autoptr(GByteArray) answer = g_byte_array_new();
	guint8 number[4];

	(void)payload;
	bytes_put_u32(number, fake->version);
	g_byte_array_append(answer, number, sizeof number);
	if (!fake->plain)
		g_byte_array_append(
			answer, (const guint8 *)FAKE_OBJECT, (guint)strlen(FAKE_OBJECT));
	put_control(MESSAGE_ACK, answer->data, answer->len);
}

static void handle_nothing(struct fake *fake, JsonObject *payload)
{
	(void)fake;
	(void)payload;
	put_control(MESSAGE_ACK, NULL, 0);
}

static const struct {
	guint32 type;
	void (*handle)(struct fake *fake, JsonObject *payload);
} handlers[] = {
	{MESSAGE_GETVERSION, handle_getversion},
	{MESSAGE_STARTPOD, handle_nothing},
	{MESSAGE_PING, handle_nothing},
	{MESSAGE_NEWCONTAINER, handle_newcontainer},
	{MESSAGE_EXECCMD, handle_execcmd},
	{MESSAGE_START, handle_start},
	{MESSAGE_SIGNALPROCESS, handle_signal},
	{MESSAGE_KILLCONTAINER, handle_signal},
	{MESSAGE_REMOVECONTAINER, handle_nothing},
	{MESSAGE_WINSIZE, handle_winsize},
	{MESSAGE_DESTROYPOD, handle_destroypod},
};

static void handle_message(struct fake *fake, const struct control_frame *frame)
{
	g_autoptr(JsonNode) node = NULL;
	g_autoptr(JsonObject) payload = NULL;
	guint8 consumed[4];

	bytes_put_u32(consumed, CONTROL_HEADER_SIZE + frame->payload_size);
	put_control(MESSAGE_NEXT, consumed, sizeof consumed);
	if (frame->payload_size > 0)
		node = json_parse_object((const char *)frame->payload, frame->payload_size, NULL);
	payload = node != NULL ? json_object_ref(json_node_get_object(node)) : json_object_new();
	for (gsize i = 0; i < G_N_ELEMENTS(handlers); i++) {
		if (handlers[i].type == frame->type) {
			handlers[i].handle(fake, payload);
			return;
		}
	}
	put_error(AGENT_ERROR_FAILED);
}

/* ---- what comes in */

static void handle_input(struct fake *fake, const struct tty_frame *frame)
{
	struct process *process = find(fake, NULL, NULL, frame->seq);
	struct note note = {.kind = NOTE_WINDOW, .seq = frame->seq, .value = frame->payload_size};

	if (process == NULL) {
		put_tty(frame->seq, NULL, 0);
		return;
	}
	if (strcmp(process->args[0], "cat") == 0) {
		if (frame->payload_size == 0) {
			process_exit(fake, process, 0);
			return;
		}
		put_tty(process->stdio, frame->payload, frame->payload_size);
	}
	if (!fake->plain && frame->payload_size > 0)
		put_note(&note);
}

static void handle_note(struct fake *fake, const struct tty_frame *frame)
{
	struct note note;

	if (!note_decode(frame->payload, frame->payload_size, &note))
		return;

	struct process *process = find(fake, NULL, NULL, note.seq);

	if (process == NULL || note.kind != NOTE_WINDOW)
		return;
	process->unacknowledged -= MIN(note.value, process->unacknowledged);
	process_pump(fake, process);
}

static void read_control(struct fake *fake)
{
	struct control_frame frame;
	size_t used;

	if (buffer_read(&fake->control, HYPERVISOR_FD_CONTROL, TTY_FRAME_MAX) <= 0)
		exit(EXIT_SUCCESS);
	while (control_frame_decode(buffer_bytes(&fake->control), fake->control.size, &frame,
		       &used) == FRAME_OK) {
		handle_message(fake, &frame);
		buffer_consume(&fake->control, used);
	}
}

static void read_tty(struct fake *fake)
{
	struct tty_frame frame;
	size_t used;

	if (buffer_read(&fake->tty, HYPERVISOR_FD_TTY, TTY_FRAME_MAX) <= 0)
		exit(EXIT_SUCCESS);
	while (tty_frame_decode(buffer_bytes(&fake->tty), fake->tty.size, &frame, &used) ==
		FRAME_OK) {
		if (frame.seq == STREAM_SEQ_NOTE)
			handle_note(fake, &frame);
		else
			handle_input(fake, &frame);
		buffer_consume(&fake->tty, used);
	}
}

/* One CPU, which is this process. */
static void answer_qmp(const char *line, gsize size)
{
	g_autofree char *command = g_strndup(line, size);
	g_autofree char *answer =
		strstr(command, "query-cpus-fast") != NULL
			? g_strdup_printf("{\"return\": [{\"thread-id\": %d}]}\r\n", getpid())
			: g_strdup("{\"return\": {}}\r\n");

	put(HYPERVISOR_FD_QMP, answer, strlen(answer));
}

static void read_qmp(struct fake *fake)
{
	const char *end;

	if (buffer_read(&fake->qmp, HYPERVISOR_FD_QMP, TTY_FRAME_MAX) <= 0)
		exit(EXIT_SUCCESS);
	while (fake->qmp.size > 0 &&
		(end = memchr(buffer_bytes(&fake->qmp), '\n', fake->qmp.size)) != NULL) {
		const char *line = (const char *)buffer_bytes(&fake->qmp);
		gsize size = (gsize)(end - line) + 1;

		answer_qmp(line, size);
		buffer_consume(&fake->qmp, size);
	}
}

static void parse_argument(struct fake *fake, const char *argument)
{
	const char *value = strchr(argument, '=');

	value = value != NULL ? value + 1 : "";
	if (g_str_has_prefix(argument, "fake:say="))
		fprintf(stderr, "%s\n", value);
	else if (g_str_has_prefix(argument, "fake:exit="))
		exit(atoi(value));
	else if (strcmp(argument, "fake:silent") == 0)
		fake->silent = TRUE;
	else if (strcmp(argument, "fake:no-destroy") == 0)
		fake->no_destroy = TRUE;
	else if (strcmp(argument, "fake:overrun") == 0)
		fake->overrun = TRUE;
	else if (g_str_has_prefix(argument, "fake:plain=")) {
		fake->plain = TRUE;
		fake->version = (guint32)atoi(value);
	}
}

int main(int argc, char **argv)
{
	static const char greeting[] = "{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n";
	static const char console[] = "fake console\n";
	struct fake fake = {.version = FAKE_VERSION};
	struct pollfd entries[] = {
		{.fd = HYPERVISOR_FD_CONTROL, .events = POLLIN},
		{.fd = HYPERVISOR_FD_TTY, .events = POLLIN},
		{.fd = HYPERVISOR_FD_QMP, .events = POLLIN},
	};

	buffer_init(&fake.control, QUEUE_MAX);
	buffer_init(&fake.tty, QUEUE_MAX);
	buffer_init(&fake.qmp, QUEUE_MAX);
	for (int i = 1; i < argc; i++)
		parse_argument(&fake, argv[i]);
	put(HYPERVISOR_FD_QMP, greeting, sizeof greeting - 1);
	put(HYPERVISOR_FD_CONSOLE, console, sizeof console - 1);
	if (!fake.silent)
		put_control(MESSAGE_READY, NULL, 0);
	while (poll(entries, G_N_ELEMENTS(entries), -1) > 0 || errno == EINTR) {
		if (entries[0].revents != 0)
			read_control(&fake);
		if (entries[1].revents != 0)
			read_tty(&fake);
		if (entries[2].revents != 0)
			read_qmp(&fake);
	}
	return EXIT_FAILURE;
}
