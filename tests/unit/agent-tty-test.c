/* SPDX-License-Identifier: GPL-2.0-only */
/* The agent's streams and their windows, with pipes for the process and a socket for the host. */
#include "runner.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/tty.h"
#include "wire/frame.h"
#include "wire/stream.h"

enum {
	SEQ = 5,
	ERRORS = 6,
};

/* A channel with one process; `child` are the process's ends. */
struct fixture {
	struct port port;
	int host;
	struct tty tty;
	struct stdio stdio;
	int child[3];
	struct buffer received;
};

static void begin(struct fixture *fixture, bool window)
{
	struct agent_error error;
	int sockets[2];

	ck_assert_int_eq(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sockets), 0);
	fixture->port = (struct port){.fd = sockets[0], .wake = -1};
	fixture->host = sockets[1];
	tty_init(&fixture->tty, &fixture->port);
	fixture->tty.out.window = window;
	stdio_init(&fixture->stdio, &fixture->tty.out, SEQ, ERRORS);
	tty_attach(&fixture->tty, &fixture->stdio);
	ck_assert(stdio_make_pipes(&fixture->stdio, fixture->child, &error));
	for (int i = 0; i < 3; i++)
		fcntl(fixture->child[i], F_SETFL, O_NONBLOCK);
	buffer_init(&fixture->received, 16 << 20);
}

static void end(struct fixture *fixture)
{
	tty_detach(&fixture->tty, &fixture->stdio);
	stdio_clear(&fixture->stdio);
	tty_clear(&fixture->tty);
	buffer_clear(&fixture->received);
	for (int i = 0; i < 3; i++)
		if (fixture->child[i] >= 0)
			close(fixture->child[i]);
	close(fixture->port.fd);
	close(fixture->host);
}

/* Some turns of the loop; takes what the host gets. */
static bool turn(struct fixture *fixture)
{
	struct pollset set = {.fds = NULL};
	struct agent_error error;
	bool sane = true;

	for (int i = 0; i < 50 && sane; i++) {
		pollset_reset(&set);
		pollset_until(&set, pollset_now());
		tty_poll(&fixture->tty, &set);
		pollset_turn(&set);
		sane = tty_settle(&fixture->tty, &error);
		while (buffer_read(&fixture->received, fixture->host, 64 << 10) > 0)
			;
	}
	pollset_clear(&set);
	return sane;
}

static void send_frame(struct fixture *fixture, guint64 seq, const void *data, size_t size)
{
	struct buffer frame;

	buffer_init(&frame, TTY_FRAME_MAX);
	ck_assert(buffer_append_tty(&frame, seq, data, size));
	ck_assert_int_eq(
		buffer_write(&frame, fixture->host, frame.size), (ssize_t)(TTY_HEADER_SIZE + size));
	buffer_clear(&frame);
}

static void send_note(struct fixture *fixture, enum note_kind kind, guint64 seq, guint32 value)
{
	struct note note = {.kind = kind, .seq = seq, .value = value};
	guint8 payload[NOTE_SIZE_MAX];

	send_frame(fixture, STREAM_SEQ_NOTE, payload, note_encode(&note, payload));
}

/* Payload bytes of a stream that the host has got; *out_ends: its empty frames. */
static size_t count(struct fixture *fixture, guint64 seq, int *out_ends)
{
	const guint8 *data = buffer_bytes(&fixture->received);
	size_t left = fixture->received.size;
	size_t total = 0;
	struct tty_frame frame;
	size_t used;

	*out_ends = 0;
	while (tty_frame_decode(data, left, &frame, &used) == FRAME_OK) {
		if (frame.seq == seq) {
			total += frame.payload_size;
			*out_ends += frame.payload_size == 0;
		}
		data += used;
		left -= used;
	}
	return total;
}

/* What the notes of that kind about SEQ add up to; their number for NOTE_CLOSED. */
static size_t count_notes(struct fixture *fixture, enum note_kind kind)
{
	const guint8 *data = buffer_bytes(&fixture->received);
	size_t left = fixture->received.size;
	size_t total = 0;
	struct tty_frame frame;
	struct note note;
	size_t used;

	for (; tty_frame_decode(data, left, &frame, &used) == FRAME_OK; data += used, left -= used)
		if (frame.seq == STREAM_SEQ_NOTE &&
			note_decode(frame.payload, frame.payload_size, &note) &&
			note.kind == kind && note.seq == SEQ)
			total += kind == NOTE_WINDOW ? note.value : 1;
	return total;
}

/* Writes into the process's output until nothing moves. */
static void flood(struct fixture *fixture, int fd)
{
	static const guint8 zeros[16 << 10];

	for (int i = 0; i < 100; i++) {
		while (write(fd, zeros, sizeof zeros) > 0)
			;
		ck_assert(turn(fixture));
	}
}

TEST(output_stops_at_its_window)
{
	struct fixture fixture;
	int ends;

	begin(&fixture, true);
	flood(&fixture, fixture.child[1]);
	ck_assert_uint_eq(count(&fixture, SEQ, &ends), STREAM_WINDOW);
	send_note(&fixture, NOTE_WINDOW, SEQ, 1000);
	ck_assert(turn(&fixture));
	ck_assert_uint_eq(count(&fixture, SEQ, &ends), STREAM_WINDOW + 1000);
	end(&fixture);
}

TEST(output_without_windows_is_not_limited)
{
	struct fixture fixture;
	int ends;

	begin(&fixture, false);
	flood(&fixture, fixture.child[1]);
	ck_assert_uint_gt(count(&fixture, SEQ, &ends), 4 * STREAM_WINDOW);
	end(&fixture);
}

TEST(stalled_output_leaves_the_other_alone)
{
	struct fixture fixture;
	int ends;

	begin(&fixture, true);
	flood(&fixture, fixture.child[1]);
	ck_assert_int_eq(write(fixture.child[2], "e", 1), 1);
	ck_assert(turn(&fixture));
	ck_assert_uint_eq(count(&fixture, ERRORS, &ends), 1);
	end(&fixture);
}

TEST(output_acknowledged_beyond_what_was_sent_breaks_the_protocol)
{
	struct fixture fixture;

	begin(&fixture, true);
	send_note(&fixture, NOTE_WINDOW, SEQ, 1);
	ck_assert(!turn(&fixture));
	end(&fixture);
}

TEST(closed_output_gives_its_writer_epipe)
{
	struct fixture fixture;

	begin(&fixture, true);
	send_note(&fixture, NOTE_CLOSED, SEQ, 0);
	ck_assert(turn(&fixture));
	signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(write(fixture.child[1], "x", 1), -1);
	ck_assert_int_eq(errno, EPIPE);
	end(&fixture);
}

TEST(input_is_acknowledged_when_a_part_of_the_window_is_written)
{
	static const guint8 data[32 << 10];
	struct fixture fixture;

	begin(&fixture, true);
	send_frame(&fixture, SEQ, data, sizeof data);
	ck_assert(turn(&fixture));
	ck_assert_uint_eq(count_notes(&fixture, NOTE_WINDOW), 0);
	/* The pipe takes 64 KiB; the rest waits, unacknowledged. */
	for (int i = 0; i < 3; i++)
		send_frame(&fixture, SEQ, data, sizeof data);
	ck_assert(turn(&fixture));
	ck_assert_uint_eq(count_notes(&fixture, NOTE_WINDOW), 64 << 10);
	end(&fixture);
}

TEST(input_beyond_its_window_breaks_the_protocol)
{
	static const guint8 data[32 << 10];
	struct fixture fixture;
	bool sane = true;

	begin(&fixture, true);
	for (int i = 0; i < STREAM_WINDOW / (32 << 10) + 4 && sane; i++) {
		send_frame(&fixture, SEQ, data, sizeof data);
		sane = turn(&fixture);
	}
	ck_assert(!sane);
	end(&fixture);
}

TEST(input_end_closes_stdin_after_what_came_before)
{
	struct fixture fixture;
	char got[8];

	begin(&fixture, true);
	send_frame(&fixture, SEQ, "abc", 3);
	send_frame(&fixture, SEQ, NULL, 0);
	ck_assert(turn(&fixture));
	ck_assert_int_eq(read(fixture.child[0], got, sizeof got), 3);
	ck_assert_int_eq(read(fixture.child[0], got, sizeof got), 0);
	end(&fixture);
}

TEST(input_that_nobody_reads_is_dropped_and_acknowledged)
{
	static const guint8 data[32 << 10];
	struct fixture fixture;

	begin(&fixture, true);
	signal(SIGPIPE, SIG_IGN);
	close(fixture.child[0]);
	fixture.child[0] = -1;
	for (int i = 0; i < 20; i++) {
		send_frame(&fixture, SEQ, data, sizeof data);
		ck_assert(turn(&fixture));
	}
	ck_assert_uint_eq(count_notes(&fixture, NOTE_WINDOW), 20 * sizeof data);
	ck_assert_uint_eq(count_notes(&fixture, NOTE_CLOSED), 1);
	end(&fixture);
}

TEST(unknown_stream_is_answered_by_an_empty_frame)
{
	struct fixture fixture;
	int ends;

	begin(&fixture, true);
	send_frame(&fixture, 99, "x", 1);
	ck_assert(turn(&fixture));
	ck_assert_uint_eq(count(&fixture, 99, &ends), 0);
	ck_assert_int_eq(ends, 1);
	end(&fixture);
}

TEST(exit_sends_what_is_left_and_then_the_ends)
{
	struct fixture fixture;
	int ends;

	begin(&fixture, true);
	ck_assert_int_eq(write(fixture.child[1], "late", 4), 4);
	/* The pipe's other end stays open, as if a background process had it. */
	stdio_exit(&fixture.stdio, false);
	ck_assert(!stdio_finish(&fixture.stdio));
	ck_assert(turn(&fixture));
	ck_assert(stdio_finish(&fixture.stdio));
	ck_assert_uint_eq(count(&fixture, SEQ, &ends), 4);
	ck_assert_int_eq(ends, 1);
	ck_assert_uint_eq(count(&fixture, ERRORS, &ends), 0);
	ck_assert_int_eq(ends, 1);
	end(&fixture);
}

TEST(exit_waits_for_credit)
{
	struct fixture fixture;

	begin(&fixture, true);
	flood(&fixture, fixture.child[1]);
	stdio_exit(&fixture.stdio, false);
	ck_assert(!stdio_finish(&fixture.stdio));
	ck_assert(turn(&fixture));
	ck_assert(!stdio_finish(&fixture.stdio));
	send_note(&fixture, NOTE_WINDOW, SEQ, STREAM_WINDOW);
	for (int i = 0; i < 10; i++) {
		ck_assert(turn(&fixture));
		(void)stdio_finish(&fixture.stdio);
	}
	ck_assert(stdio_finish(&fixture.stdio));
	end(&fixture);
}

TEST(exit_of_a_killed_process_waits_for_credit_but_not_for_ever)
{
	struct fixture fixture;
	int ends;

	begin(&fixture, true);
	flood(&fixture, fixture.child[1]);
	stdio_exit(&fixture.stdio, true);
	ck_assert(!stdio_finish(&fixture.stdio));
	send_note(&fixture, NOTE_WINDOW, SEQ, 1);
	ck_assert(turn(&fixture));
	ck_assert(!stdio_finish(&fixture.stdio));
	/* Its time is over. */
	fixture.stdio.deadline = pollset_now();
	(void)stdio_finish(&fixture.stdio);
	ck_assert(turn(&fixture));
	ck_assert(stdio_finish(&fixture.stdio));
	ck_assert_uint_eq(count(&fixture, SEQ, &ends), STREAM_WINDOW + 1);
	ck_assert_int_eq(ends, 1);
	end(&fixture);
}

TEST(bad_length_breaks_the_protocol)
{
	static const guint8 header[TTY_HEADER_SIZE] = {0, 0, 0, 0, 0, 0, 0, 5, 0xff, 0, 0, 0};
	struct fixture fixture;

	begin(&fixture, true);
	ck_assert_int_eq(write(fixture.host, header, sizeof header), sizeof header);
	ck_assert(!turn(&fixture));
	end(&fixture);
}

TEST(an_end_of_a_terminal_hangs_it_up)
{
	struct fixture fixture;
	struct agent_error error;
	int master = -1;
	int slave = -1;
	int other;
	char byte;

	begin(&fixture, true);
	stdio_clear(&fixture.stdio);
	ck_assert_int_eq(openpty(&master, &slave, NULL, NULL, NULL), 0);
	other = dup(slave);
	ck_assert(stdio_use_terminal(&fixture.stdio, master, slave, &error));
	send_frame(&fixture, SEQ, "x\n", 2);
	ck_assert(turn(&fixture));
	ck_assert_int_eq(read(other, &byte, 1), 1);
	ck_assert_int_eq(byte, 'x');
	send_frame(&fixture, SEQ, NULL, 0);
	ck_assert(turn(&fixture));
	/* What a hung-up terminal says to those who still have it. */
	ck_assert_int_eq(write(other, "x", 1), -1);
	ck_assert_int_eq(errno, EIO);
	/* Late input is no error. */
	send_frame(&fixture, SEQ, "y", 1);
	ck_assert(turn(&fixture));
	close(other);
	end(&fixture);
}

static const struct test tests[] = {
	RUN(output_stops_at_its_window),
	RUN(output_without_windows_is_not_limited),
	RUN(stalled_output_leaves_the_other_alone),
	RUN(output_acknowledged_beyond_what_was_sent_breaks_the_protocol),
	RUN(closed_output_gives_its_writer_epipe),
	RUN(input_is_acknowledged_when_a_part_of_the_window_is_written),
	RUN(input_beyond_its_window_breaks_the_protocol),
	RUN(input_end_closes_stdin_after_what_came_before),
	RUN(input_that_nobody_reads_is_dropped_and_acknowledged),
	RUN(unknown_stream_is_answered_by_an_empty_frame),
	RUN(exit_sends_what_is_left_and_then_the_ends),
	RUN(exit_waits_for_credit),
	RUN(exit_of_a_killed_process_waits_for_credit_but_not_for_ever),
	RUN(bad_length_breaks_the_protocol),
	RUN(an_end_of_a_terminal_hangs_it_up),
};

TEST_MAIN("agent-tty", tests)
