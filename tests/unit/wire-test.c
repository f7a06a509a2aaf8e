/* SPDX-License-Identifier: GPL-2.0-only */
/* The codecs of src/wire, held to the byte against docs/agent-protocol.md. */
#include "runner.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wire/buffer.h"
#include "wire/bytes.h"
#include "wire/fdpass.h"
#include "wire/frame.h"
#include "wire/handover.h"
#include "wire/message.h"
#include "wire/stream.h"

/* ---- frames */

TEST(control_frame_encodes_ready)
{
	static const guint8 ready[] = {0, 0, 0, 8, 0, 0, 0, 8};
	guint8 header[CONTROL_HEADER_SIZE];

	control_header_encode(header, MESSAGE_READY, 0);
	ck_assert_mem_eq(header, ready, sizeof ready);
}

/* The example of docs/agent-protocol.md, `wait-start`. */
TEST(control_frame_decodes_start)
{
	static const char wire[] = "\0\0\0\x64\0\0\0\x1a{\"container\":\"c1\"}next";
	struct control_frame frame;
	size_t used;

	ck_assert_int_eq(control_frame_decode((const guint8 *)wire, sizeof wire - 1, &frame, &used),
		FRAME_OK);
	ck_assert_uint_eq(used, 0x1a);
	ck_assert_uint_eq(frame.type, MESSAGE_START);
	ck_assert_uint_eq(frame.payload_size, 0x1a - CONTROL_HEADER_SIZE);
	ck_assert_mem_eq(frame.payload, "{\"container\":\"c1\"}", frame.payload_size);
}

TEST(control_frame_of_clone)
{
	static const char wire[] =
		"\0\0\0\x65\0\0\0\x71{\"entropy\":\""
		"0000000000000000000000000000000000000000000000000000000000000000"
		"\",\"time\":1700000000000000000}";
	struct control_frame frame;
	size_t used;

	ck_assert_int_eq(control_frame_decode((const guint8 *)wire, sizeof wire - 1, &frame, &used),
		FRAME_OK);
	ck_assert_uint_eq(frame.type, MESSAGE_CLONE);
	ck_assert_uint_eq(used, sizeof wire - 1);
}

TEST(control_frame_of_ps)
{
	static const char wire[] = "\0\0\0\x6b\0\0\0\x1a{\"container\":\"c1\"}";
	struct control_frame frame;
	size_t used;

	ck_assert_int_eq(control_frame_decode((const guint8 *)wire, sizeof wire - 1, &frame, &used),
		FRAME_OK);
	ck_assert_uint_eq(frame.type, MESSAGE_PS);
	ck_assert_uint_eq(used, sizeof wire - 1);
}

TEST(control_frame_of_netplan)
{
	static const char wire[] =
		"\0\0\0\x6c\0\0\0\xb8{\"links\":[{\"device\":\"02:cc:0c:10:00:00\","
		"\"mac\":\"02:42:ac:11:00:02\",\"mtu\":1500,\"up\":true,\"name\":\"eth0\","
		"\"addresses\":[{\"address\":\"172.17.0.2\",\"prefix\":16,\"scope\":0}]}],"
		"\"routes\":[]}";
	struct control_frame frame;
	size_t used;

	ck_assert_int_eq(control_frame_decode((const guint8 *)wire, sizeof wire - 1, &frame, &used),
		FRAME_OK);
	ck_assert_uint_eq(frame.type, MESSAGE_NETPLAN);
	ck_assert_uint_eq(used, sizeof wire - 1);
}

TEST(control_frame_of_traceevent)
{
	static const char wire[] =
		"\0\0\0\x76\0\0\0\x33{\"name\":\"STARTPOD\",\"begin\":7000,\"end\":9000}";
	struct control_frame frame;
	size_t used;

	ck_assert_int_eq(control_frame_decode((const guint8 *)wire, sizeof wire - 1, &frame, &used),
		FRAME_OK);
	ck_assert_uint_eq(frame.type, MESSAGE_TRACEEVENT);
	ck_assert_uint_eq(used, sizeof wire - 1);
}

/* Of "stats", "pause", "update" and "events", as docs/agent-protocol.md shows them. */
static const struct {
	guint32 type;
	const char *header;
	const char *payload;
} resource_frames[] = {
	{MESSAGE_STATS, "\0\0\0\x66\0\0\0\x1a", "{\"container\":\"c1\"}"},
	{MESSAGE_PAUSE, "\0\0\0\x67\0\0\0\x1a", "{\"container\":\"c1\"}"},
	{MESSAGE_RESUME, "\0\0\0\x68\0\0\0\x1a", "{\"container\":\"c1\"}"},
	{MESSAGE_UPDATE, "\0\0\0\x69\0\0\0\x3c",
		"{\"container\":\"c1\",\"resources\":{\"pids\":{\"limit\":10}}}"},
	{MESSAGE_OOM, "\0\0\0\x6a\0\0\0\x27", "{\"container\":\"c1\",\"oomKills\":1}"},
};

TEST(control_frame_decodes_resource_messages)
{
	g_autoptr(GByteArray) wire = g_byte_array_new();
	const char *payload = resource_frames[_i].payload;
	struct control_frame frame;
	size_t used;

	g_byte_array_append(wire, (const guint8 *)resource_frames[_i].header, CONTROL_HEADER_SIZE);
	g_byte_array_append(wire, (const guint8 *)payload, (guint)strlen(payload));
	ck_assert_int_eq(control_frame_decode(wire->data, wire->len, &frame, &used), FRAME_OK);
	ck_assert_uint_eq(frame.type, resource_frames[_i].type);
	ck_assert_uint_eq(used, wire->len);
	ck_assert_mem_eq(frame.payload, payload, frame.payload_size);
}

TEST(control_frame_waits_for_every_byte)
{
	static const guint8 wire[] = {0, 0, 0, 9, 0, 0, 0, 12, 0, 0x0f, 0x42, 0x40};
	struct control_frame frame;
	size_t used;

	for (size_t size = 0; size < sizeof wire; size++)
		ck_assert_int_eq(control_frame_decode(wire, size, &frame, &used), FRAME_SHORT);
	ck_assert_int_eq(control_frame_decode(wire, sizeof wire, &frame, &used), FRAME_OK);
	ck_assert_uint_eq(bytes_get_u32(frame.payload), AGENT_VERSION_OURS);
}

static const struct {
	guint32 length;
	enum frame_result control;
	enum frame_result tty;
} lengths[] = {
	{0, FRAME_BAD, FRAME_BAD},
	{CONTROL_HEADER_SIZE - 1, FRAME_BAD, FRAME_BAD},
	{CONTROL_HEADER_SIZE, FRAME_OK, FRAME_BAD},
	{TTY_HEADER_SIZE - 1, FRAME_OK, FRAME_BAD},
	{TTY_HEADER_SIZE, FRAME_OK, FRAME_OK},
	{TTY_FRAME_MAX, FRAME_SHORT, FRAME_SHORT},
	{TTY_FRAME_MAX + 1, FRAME_SHORT, FRAME_BAD},
	{CONTROL_FRAME_MAX, FRAME_SHORT, FRAME_BAD},
	{CONTROL_FRAME_MAX + 1, FRAME_BAD, FRAME_BAD},
	{0x80000000, FRAME_BAD, FRAME_BAD},
	{G_MAXUINT32, FRAME_BAD, FRAME_BAD},
};

TEST(frame_decode_checks_the_length)
{
	guint8 wire[TTY_HEADER_SIZE] = {0};
	struct control_frame control;
	struct tty_frame tty;
	size_t used;

	bytes_put_u32(wire + 4, lengths[_i].length);
	ck_assert_int_eq(
		control_frame_decode(wire, sizeof wire, &control, &used), lengths[_i].control);
	bytes_put_u32(wire + 8, lengths[_i].length);
	ck_assert_int_eq(tty_frame_decode(wire, sizeof wire, &tty, &used), lengths[_i].tty);
}

TEST(tty_frame_keeps_64_bits_of_seq)
{
	guint8 wire[TTY_HEADER_SIZE + 1] = {[TTY_HEADER_SIZE] = 'x'};
	struct tty_frame frame;
	size_t used;

	tty_header_encode(wire, 0x0102030405060708, 1);
	ck_assert_mem_eq(wire, "\1\2\3\4\5\6\7\10\0\0\0\15", TTY_HEADER_SIZE);
	ck_assert_int_eq(tty_frame_decode(wire, sizeof wire, &frame, &used), FRAME_OK);
	ck_assert_uint_eq(frame.seq, 0x0102030405060708);
	ck_assert_uint_eq(frame.payload_size, 1);
	ck_assert_uint_eq(used, sizeof wire);
}

/* ---- notes */

static const struct {
	struct note note;
	size_t size;
	const char *wire;
} notes[] = {
	{{.kind = NOTE_WINDOW, .seq = 5, .value = 4096}, 13, "\1\0\0\0\0\0\0\0\5\0\0\x10\0"},
	{{.kind = NOTE_CLOSED, .seq = 0x0102030405060708}, 9, "\2\1\2\3\4\5\6\7\10"},
	{{.kind = NOTE_WINSIZE, .rows = 24, .columns = 300}, 5, "\3\0\x18\1\x2c"},
	{{.kind = NOTE_SIGNAL, .value = 15}, 5, "\4\0\0\0\x0f"},
	{{.kind = NOTE_EXIT, .value = 255}, 5, "\5\0\0\0\xff"},
};

TEST(note_is_the_bytes_of_the_protocol)
{
	guint8 wire[NOTE_SIZE_MAX];
	struct note note;

	ck_assert_uint_eq(note_encode(&notes[_i].note, wire), notes[_i].size);
	ck_assert_mem_eq(wire, notes[_i].wire, notes[_i].size);
	ck_assert(note_decode(wire, notes[_i].size, &note));
	ck_assert_int_eq(note.kind, notes[_i].note.kind);
	ck_assert_uint_eq(note.seq, notes[_i].note.seq);
	ck_assert_uint_eq(note.value, notes[_i].note.value);
	ck_assert_uint_eq(note.rows, notes[_i].note.rows);
	ck_assert_uint_eq(note.columns, notes[_i].note.columns);
}

TEST(note_decode_rejects_other_sizes)
{
	guint8 wire[NOTE_SIZE_MAX + 1] = {0};
	struct note note;

	for (size_t size = 0; size <= sizeof wire; size++) {
		wire[0] = notes[_i].note.kind;
		ck_assert_int_eq(note_decode(wire, size, &note), size == notes[_i].size);
	}
}

TEST(note_decode_rejects_other_kinds)
{
	guint8 wire[NOTE_SIZE_MAX] = {0};
	struct note note;

	for (unsigned kind = 0; kind < 256; kind++) {
		if (kind >= NOTE_WINDOW && kind <= NOTE_EXIT)
			continue;
		wire[0] = (guint8)kind;
		for (size_t size = 0; size <= sizeof wire; size++)
			ck_assert(!note_decode(wire, size, &note));
	}
}

/* The example of docs/agent-protocol.md, `window`. */
TEST(note_travels_in_a_frame_of_seq_0)
{
	static const guint8 wire[] = {
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x19, 1, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0x10, 0};
	struct note note = {.kind = NOTE_WINDOW, .seq = 5, .value = 4096};
	guint8 payload[NOTE_SIZE_MAX];
	struct buffer buffer;

	buffer_init(&buffer, sizeof wire);
	ck_assert(
		buffer_append_tty(&buffer, STREAM_SEQ_NOTE, payload, note_encode(&note, payload)));
	ck_assert_uint_eq(buffer.size, sizeof wire);
	ck_assert_mem_eq(buffer_bytes(&buffer), wire, sizeof wire);
	buffer_clear(&buffer);
}

/* ---- the queue */

TEST(buffer_never_exceeds_its_limit)
{
	struct buffer buffer;

	buffer_init(&buffer, 5);
	ck_assert(buffer_append(&buffer, "abc", 3));
	ck_assert(!buffer_append(&buffer, "def", 3));
	ck_assert_int_eq(errno, ENOBUFS);
	ck_assert_uint_eq(buffer_space(&buffer), 2);
	ck_assert(buffer_append(&buffer, "de", 2));
	ck_assert_mem_eq(buffer_bytes(&buffer), "abcde", 5);
	buffer_clear(&buffer);
}

TEST(buffer_appends_a_whole_frame_or_nothing)
{
	struct buffer buffer;

	buffer_init(&buffer, CONTROL_HEADER_SIZE + 3);
	ck_assert(!buffer_append_control(&buffer, MESSAGE_PING, "abcd", 4));
	ck_assert_uint_eq(buffer.size, 0);
	ck_assert(buffer_append_control(&buffer, MESSAGE_PING, "abc", 3));
	buffer_clear(&buffer);
}

TEST(buffer_refuses_a_frame_above_the_protocol)
{
	g_autofree guint8 *payload = g_malloc0(CONTROL_FRAME_MAX);
	struct buffer buffer;

	buffer_init(&buffer, 2 * CONTROL_FRAME_MAX);
	ck_assert(!buffer_append_control(&buffer, MESSAGE_PING, payload, CONTROL_FRAME_MAX));
	ck_assert_int_eq(errno, EMSGSIZE);
	ck_assert(!buffer_append_tty(&buffer, 1, payload, TTY_FRAME_MAX));
	ck_assert_int_eq(errno, EMSGSIZE);
	ck_assert(buffer_append_tty(&buffer, 1, payload, TTY_FRAME_MAX - TTY_HEADER_SIZE));
	buffer_clear(&buffer);
}

/* Queues and takes in uneven pieces, so that the bytes wrap and move many times. */
TEST(buffer_keeps_the_order_of_bytes)
{
	struct buffer buffer;
	guint8 in = 0, out = 0;

	buffer_init(&buffer, 10000);
	for (size_t round = 1; round < 3000; round++) {
		for (size_t i = 0; i < round % 97 && buffer_space(&buffer) > 0; i++, in++)
			ck_assert(buffer_append(&buffer, &in, 1));
		for (size_t i = 0; i < round % 89 && buffer.size > 0; i++, out++) {
			ck_assert_uint_eq(*buffer_bytes(&buffer), out);
			buffer_consume(&buffer, 1);
		}
	}
	buffer_clear(&buffer);
}

TEST(buffer_reads_and_writes_descriptors)
{
	struct buffer buffer;
	int ends[2];

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	buffer_init(&buffer, 4);
	ck_assert_int_eq(write(ends[1], "abcdef", 6), 6);
	ck_assert_int_eq(buffer_read(&buffer, ends[0], 100), 4);
	ck_assert_int_eq(buffer_read(&buffer, ends[0], 100), -1);
	ck_assert_int_eq(errno, ENOBUFS);
	ck_assert_int_eq(buffer_write(&buffer, ends[1], 3), 3);
	ck_assert_mem_eq(buffer_bytes(&buffer), "d", 1);
	close(ends[1]);
	ck_assert_int_eq(buffer_read(&buffer, ends[0], 2), 2);
	ck_assert_mem_eq(buffer_bytes(&buffer), "def", 3);
	close(ends[0]);
	buffer_clear(&buffer);
}

/* ---- descriptors */

static void make_pair(int pair[2])
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
}

TEST(fdpass_carries_descriptors)
{
	int pair[2], ends[2], fds[FDPASS_MAX], none[FDPASS_MAX];
	char byte;
	size_t n;

	make_pair(pair);
	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	ck_assert_int_eq(fdpass_send(pair[0], "xyz", 3, ends, 2), 3);
	ck_assert_int_eq(fdpass_receive(pair[1], &byte, 1, fds, &n), 1);
	ck_assert_uint_eq(n, 2);
	ck_assert_int_eq(fcntl(fds[0], F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(write(fds[1], "!", 1), 1);
	ck_assert_int_eq(read(ends[0], &byte, 1), 1);
	ck_assert_int_eq(byte, '!');
	ck_assert_int_eq(fdpass_receive(pair[1], &byte, 1, none, &n), 1);
	ck_assert_uint_eq(n, 0);
	for (int i = 0; i < 2; i++) {
		close(pair[i]);
		close(ends[i]);
		close(fds[i]);
	}
}

TEST(fdpass_send_refuses_too_many)
{
	int pair[2], fds[FDPASS_MAX + 1] = {0};

	make_pair(pair);
	ck_assert_int_eq(fdpass_send(pair[0], "x", 1, fds, FDPASS_MAX + 1), -1);
	ck_assert_int_eq(errno, EMSGSIZE);
	close(pair[0]);
	close(pair[1]);
}

/* Sends 20 descriptors in one message, as only a hostile peer does. */
static void send_many(int socket)
{
	enum { MANY = 20 };
	char control[CMSG_SPACE(MANY * sizeof(int))] __attribute__((aligned(8))) = {0};
	struct iovec iov = {.iov_base = (void *)"x", .iov_len = 1};
	struct msghdr message = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof control};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(MANY * sizeof(int));
	memset(CMSG_DATA(header), 0, MANY * sizeof(int));
	ck_assert_int_eq(sendmsg(socket, &message, 0), 1);
}

/* The fixture sees to it that those that did arrive are closed. */
TEST(fdpass_receive_refuses_too_many)
{
	int pair[2], fds[FDPASS_MAX];
	char byte;
	size_t n;

	make_pair(pair);
	send_many(pair[0]);
	ck_assert_int_eq(fdpass_receive(pair[1], &byte, 1, fds, &n), -1);
	ck_assert_int_eq(errno, EMSGSIZE);
	ck_assert_uint_eq(n, 0);
	close(pair[0]);
	close(pair[1]);
}

TEST(fdpass_send_to_a_closed_peer_is_no_signal)
{
	int pair[2];

	make_pair(pair);
	close(pair[1]);
	ck_assert_int_eq(fdpass_send(pair[0], "x", 1, NULL, 0), -1);
	ck_assert_int_eq(errno, EPIPE);
	close(pair[0]);
}

/* ---- handover */

static const struct handover sample_handover = {
	.stdio_seq = 3,
	.stderr_seq = 4,
	.window = STREAM_WINDOW,
	.frame_max = TTY_FRAME_MAX,
	.terminal = true,
};

TEST(handover_arrives_as_sent)
{
	guint8 wire[HANDOVER_SIZE];
	struct handover got;

	handover_encode(&sample_handover, wire);
	ck_assert(handover_decode(wire, sizeof wire, &got));
	ck_assert_uint_eq(got.stdio_seq, 3);
	ck_assert_uint_eq(got.stderr_seq, 4);
	ck_assert_uint_eq(got.window, STREAM_WINDOW);
	ck_assert_uint_eq(got.frame_max, TTY_FRAME_MAX);
	ck_assert(got.terminal);
}

TEST(handover_decode_rejects_what_is_none)
{
	guint8 wire[HANDOVER_SIZE];
	struct handover got;

	handover_encode(&sample_handover, wire);
	ck_assert(!handover_decode(wire, sizeof wire - 1, &got));
	wire[0] ^= 1;
	ck_assert(!handover_decode(wire, sizeof wire, &got));
}

static const struct handover bad_handovers[] = {
	{.stdio_seq = 0, .window = 1, .frame_max = TTY_FRAME_MAX},
	{.stdio_seq = 1, .window = 0, .frame_max = TTY_FRAME_MAX},
	{.stdio_seq = 1, .window = 1, .frame_max = TTY_HEADER_SIZE},
	{.stdio_seq = 1, .window = 1, .frame_max = TTY_FRAME_MAX + 1},
};

TEST(handover_decode_rejects_bad_values)
{
	guint8 wire[HANDOVER_SIZE];
	struct handover got;

	handover_encode(&bad_handovers[_i], wire);
	ck_assert(!handover_decode(wire, sizeof wire, &got));
}

/* ---- the table of messages: section 5 of docs/agent-protocol.md */

static const struct message_info messages[] = {
	{0, "GETVERSION", MESSAGE_TO_GUEST},
	{1, "STARTPOD", MESSAGE_TO_GUEST},
	{4, "DESTROYPOD", MESSAGE_TO_GUEST},
	{6, "EXECCMD", MESSAGE_TO_GUEST},
	{8, "READY", MESSAGE_BOTH},
	{9, "ACK", MESSAGE_FROM_GUEST},
	{10, "ERROR", MESSAGE_FROM_GUEST},
	{11, "WINSIZE", MESSAGE_TO_GUEST},
	{12, "PING", MESSAGE_TO_GUEST},
	{14, "NEXT", MESSAGE_FROM_GUEST},
	{15, "WRITEFILE", MESSAGE_TO_GUEST},
	{16, "READFILE", MESSAGE_TO_GUEST},
	{17, "NEWCONTAINER", MESSAGE_TO_GUEST},
	{18, "KILLCONTAINER", MESSAGE_TO_GUEST},
	{19, "ONLINECPUMEM", MESSAGE_TO_GUEST},
	{20, "SETUPINTERFACE", MESSAGE_TO_GUEST},
	{21, "SETUPROUTE", MESSAGE_TO_GUEST},
	{22, "REMOVECONTAINER", MESSAGE_TO_GUEST},
	{23, "PROCESSASYNCEVENT", MESSAGE_FROM_GUEST},
	{24, "SIGNALPROCESS", MESSAGE_TO_GUEST},
	{25, "DELETEINTERFACE", MESSAGE_TO_GUEST},
	{100, "START", MESSAGE_TO_GUEST},
	{101, "CLONE", MESSAGE_TO_GUEST},
	{102, "STATS", MESSAGE_TO_GUEST},
	{103, "PAUSE", MESSAGE_TO_GUEST},
	{104, "RESUME", MESSAGE_TO_GUEST},
	{105, "UPDATE", MESSAGE_TO_GUEST},
	{106, "OOM", MESSAGE_FROM_GUEST},
	{107, "PS", MESSAGE_TO_GUEST},
	{108, "NETPLAN", MESSAGE_TO_GUEST},
	{109, "DNSQUERY", MESSAGE_FROM_GUEST},
	{110, "DNSREPLY", MESSAGE_TO_GUEST},
	{117, "TRACE", MESSAGE_TO_GUEST},
	{118, "TRACEEVENT", MESSAGE_FROM_GUEST},
};

TEST(message_has_its_number_and_name)
{
	const struct message_info *info = message_by_type(messages[_i].type);

	ck_assert_ptr_nonnull(info);
	ck_assert_str_eq(info->name, messages[_i].name);
	ck_assert_int_eq(info->direction, messages[_i].direction);
	ck_assert_ptr_eq(message_by_name(messages[_i].name), info);
}

TEST(message_numbers_that_are_dead_stay_unknown)
{
	static const guint32 dead[] = {2, 3, 5, 7, 13, 26, 99, G_MAXUINT32};

	for (gsize i = 0; i < G_N_ELEMENTS(dead); i++)
		ck_assert_ptr_null(message_by_type(dead[i]));
	ck_assert_ptr_null(message_by_name("start"));
	ck_assert_ptr_null(message_by_name(""));
}

static const struct test tests[] = {
	RUN(control_frame_encodes_ready),
	RUN(control_frame_decodes_start),
	RUN(control_frame_of_clone),
	RUN_EACH(control_frame_decodes_resource_messages, G_N_ELEMENTS(resource_frames)),
	RUN(control_frame_of_ps),
	RUN(control_frame_of_netplan),
	RUN(control_frame_of_traceevent),
	RUN(control_frame_waits_for_every_byte),
	RUN_EACH(frame_decode_checks_the_length, G_N_ELEMENTS(lengths)),
	RUN(tty_frame_keeps_64_bits_of_seq),
	RUN_EACH(note_is_the_bytes_of_the_protocol, G_N_ELEMENTS(notes)),
	RUN_EACH(note_decode_rejects_other_sizes, G_N_ELEMENTS(notes)),
	RUN(note_decode_rejects_other_kinds),
	RUN(note_travels_in_a_frame_of_seq_0),
	RUN(buffer_never_exceeds_its_limit),
	RUN(buffer_appends_a_whole_frame_or_nothing),
	RUN(buffer_refuses_a_frame_above_the_protocol),
	RUN(buffer_keeps_the_order_of_bytes),
	RUN(buffer_reads_and_writes_descriptors),
	RUN(fdpass_carries_descriptors),
	RUN(fdpass_send_refuses_too_many),
	RUN(fdpass_receive_refuses_too_many),
	RUN(fdpass_send_to_a_closed_peer_is_no_signal),
	RUN(handover_arrives_as_sent),
	RUN(handover_decode_rejects_what_is_none),
	RUN_EACH(handover_decode_rejects_bad_values, G_N_ELEMENTS(bad_handovers)),
	RUN_EACH(message_has_its_number_and_name, G_N_ELEMENTS(messages)),
	RUN(message_numbers_that_are_dead_stay_unknown),
};

TEST_MAIN("wire", tests)
