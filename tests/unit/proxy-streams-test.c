/* SPDX-License-Identifier: GPL-2.0-only */
/* Streams between the guest and shims: routing, windows both ways, ends, exits, stalled shims. */
#include "runner.h"

#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "proxy/agent.h"
#include "proxy/streams.h"
#include "tests/support/fake-agent.h"
#include "wire/message.h"

struct rig {
	struct fake_agent guest;
	struct agent *agent;
	struct streams *streams;
	guint ready;
	guint failed;
	guint init_ended;
	guint drained;
};

/* The shim's end of a process. */
struct shim {
	int fd;
	struct buffer in;
	struct streams_numbers numbers;
};

static void on_ready(void *data)
{
	struct rig *rig = data;

	rig->ready++;
	streams_start(rig->streams);
}

static void on_exited(const char *container, const char *process, int status, void *data)
{
	streams_exited(((struct rig *)data)->streams, container, process, status);
}

static void on_failed(const GError *error, void *data)
{
	ck_assert_ptr_nonnull(error);
	((struct rig *)data)->failed++;
}

static void on_closed(void *data)
{
	(void)data;
}

static void on_init_ended(void *data)
{
	((struct rig *)data)->init_ended++;
}

static void on_drained(void *data)
{
	((struct rig *)data)->drained++;
}

static const struct agent_events agent_events = {
	.ready = on_ready, .exited = on_exited, .failed = on_failed, .closed = on_closed};
static const struct streams_events streams_events = {on_failed, on_init_ended, on_drained};

static void rig_open(struct rig *rig, guint32 version, const char *object)
{
	GError *error = NULL;
	int host[2];
	int guest[2];

	signal(SIGPIPE, SIG_IGN);
	*rig = (struct rig){0};
	for (int i = 0; i < 2; i++)
		test_succeeds(fd_socket_pair(&host[i], &guest[i], &error), error);
	fake_agent_init(&rig->guest, guest[0], guest[1]);
	rig->agent = agent_new(host[0], NULL, &agent_events, rig);
	rig->streams = streams_new(host[1], rig->agent, NULL, &streams_events, rig);
	fake_agent_handshake(&rig->guest, version, object);
	fake_agent_wait(rig->ready == 1);
}

static void rig_open_ours(struct rig *rig)
{
	rig_open(rig, FAKE_AGENT_VERSION, FAKE_AGENT_OBJECT);
}

static void rig_close(struct rig *rig)
{
	streams_free(rig->streams);
	agent_free(rig->agent);
	fake_agent_clear(&rig->guest);
}

static struct shim shim_open(struct rig *rig, const char *process, gboolean terminal, gboolean init)
{
	struct streams_process request = {"c", process, terminal, init};
	struct shim shim;
	GError *error = NULL;

	test_succeeds(streams_open(rig->streams, &request, &shim.numbers, &shim.fd, &error), error);
	buffer_init(&shim.in, 16 << 20);
	return shim;
}

static void shim_close(struct shim *shim)
{
	fd_clear(&shim->fd);
	buffer_clear(&shim->in);
}

static void guest_puts(struct rig *rig, guint64 seq, const char *text)
{
	fake_tty_send(rig->guest.tty, seq, text, strlen(text));
}

static void guest_exits(struct rig *rig, const char *process, int status)
{
	g_autofree char *event = g_strdup_printf("{\"container\":\"c\",\"process\":\"%s\","
						 "\"event\":\"finished\",\"status\":%d}",
		process, status);

	fake_agent_send_text(&rig->guest, MESSAGE_PROCESSASYNCEVENT, event);
}

static void expect_exit(struct shim *shim, guint status)
{
	struct note note = {.kind = NOTE_EXIT, .value = status};

	fake_tty_expect(shim->fd, &shim->in, shim->numbers.stdio, "");
	if (shim->numbers.stderr_seq != 0)
		fake_tty_expect(shim->fd, &shim->in, shim->numbers.stderr_seq, "");
	fake_tty_expect_note(shim->fd, &shim->in, &note);
	fake_tty_expect_end(shim->fd, &shim->in);
}

static void expect_kill(struct rig *rig, const char *process)
{
	g_autofree char *payload = fake_agent_expect(&rig->guest, MESSAGE_SIGNALPROCESS);
	g_autofree char *expected =
		g_strdup_printf("{\"container\":\"c\",\"process\":\"%s\",\"signal\":9}", process);

	ck_assert_str_eq(payload, expected);
}

TEST(numbers_are_never_used_again)
{
	struct rig rig;

	rig_open_ours(&rig);

	struct shim one = shim_open(&rig, "p1", FALSE, FALSE);
	struct shim two = shim_open(&rig, "p2", TRUE, FALSE);

	ck_assert_uint_eq(one.numbers.stdio, 1);
	ck_assert_uint_eq(one.numbers.stderr_seq, 2);
	ck_assert_uint_eq(two.numbers.stdio, 3);
	ck_assert_uint_eq(two.numbers.stderr_seq, 0);
	shim_close(&one);
	expect_kill(&rig, "p1");

	struct shim three = shim_open(&rig, "p1", TRUE, FALSE);

	ck_assert_uint_eq(three.numbers.stdio, 4);
	shim_close(&two);
	shim_close(&three);
	rig_close(&rig);
}

TEST(process_has_one_link)
{
	struct rig rig;
	struct streams_process request = {"c", "p", FALSE, FALSE};
	struct streams_numbers numbers;
	g_autoptr(GError) error = NULL;
	int fd = -1;

	rig_open_ours(&rig);

	struct shim shim = shim_open(&rig, "p", FALSE, FALSE);

	ck_assert(!streams_open(rig.streams, &request, &numbers, &fd, &error));
	ck_assert_int_eq(fd, -1);
	shim_close(&shim);
	rig_close(&rig);
}

TEST(output_goes_to_its_shim)
{
	struct rig rig;

	rig_open_ours(&rig);

	struct shim one = shim_open(&rig, "p1", FALSE, FALSE);
	struct shim two = shim_open(&rig, "p2", FALSE, FALSE);

	guest_puts(&rig, two.numbers.stderr_seq, "err of two");
	guest_puts(&rig, one.numbers.stdio, "out of one");
	guest_puts(&rig, 4711, "of nobody");
	fake_tty_expect(one.fd, &one.in, one.numbers.stdio, "out of one");
	fake_tty_expect(two.fd, &two.in, two.numbers.stderr_seq, "err of two");
	ck_assert_uint_eq(rig.failed, 0);
	shim_close(&one);
	shim_close(&two);
	rig_close(&rig);
}

TEST(input_goes_to_the_guest)
{
	struct rig rig;

	rig_open_ours(&rig);

	struct shim shim = shim_open(&rig, "p", FALSE, FALSE);

	fake_tty_send(shim.fd, shim.numbers.stdio, "in", 2);
	fake_tty_send(shim.fd, shim.numbers.stdio, "", 0);
	fake_tty_expect(rig.guest.tty, &rig.guest.tty_in, shim.numbers.stdio, "in");
	fake_tty_expect(rig.guest.tty, &rig.guest.tty_in, shim.numbers.stdio, "");
	shim_close(&shim);
	rig_close(&rig);
}

TEST(credit_goes_both_ways)
{
	struct rig rig;

	rig_open_ours(&rig);

	struct shim shim = shim_open(&rig, "p", FALSE, FALSE);
	struct note note = {.kind = NOTE_WINDOW, .seq = shim.numbers.stdio, .value = 2};

	fake_tty_send(shim.fd, shim.numbers.stdio, "in", 2);
	fake_tty_expect(rig.guest.tty, &rig.guest.tty_in, shim.numbers.stdio, "in");
	fake_tty_send_note(rig.guest.tty, &note);
	fake_tty_expect_note(shim.fd, &shim.in, &note);
	guest_puts(&rig, shim.numbers.stdio, "out");
	fake_tty_expect(shim.fd, &shim.in, shim.numbers.stdio, "out");
	note.value = 3;
	fake_tty_send_note(shim.fd, &note);
	fake_tty_expect_note(rig.guest.tty, &rig.guest.tty_in, &note);
	shim_close(&shim);
	rig_close(&rig);
}

TEST(guest_may_use_its_whole_window_again)
{
	struct rig rig;
	g_autofree char *text = g_strnfill(FAKE_AGENT_WINDOW, 'x');

	rig_open_ours(&rig);

	struct shim shim = shim_open(&rig, "p", FALSE, FALSE);
	struct note note = {
		.kind = NOTE_WINDOW, .seq = shim.numbers.stdio, .value = FAKE_AGENT_WINDOW};

	for (int i = 0; i < 3; i++) {
		guest_puts(&rig, shim.numbers.stdio, text);
		fake_tty_expect(shim.fd, &shim.in, shim.numbers.stdio, text);
		fake_tty_send_note(shim.fd, &note);
		fake_tty_expect_note(rig.guest.tty, &rig.guest.tty_in, &note);
	}
	ck_assert_uint_eq(rig.failed, 0);
	shim_close(&shim);
	rig_close(&rig);
}

TEST(guest_overrun_fails)
{
	struct rig rig;
	g_autofree char *text = g_strnfill(FAKE_AGENT_WINDOW, 'x');

	rig_open_ours(&rig);

	struct shim shim = shim_open(&rig, "p", FALSE, FALSE);

	guest_puts(&rig, shim.numbers.stdio, text);
	guest_puts(&rig, shim.numbers.stderr_seq, text);
	fake_agent_settle();
	ck_assert_uint_eq(rig.failed, 0);
	guest_puts(&rig, shim.numbers.stdio, "x");
	fake_agent_wait(rig.failed == 1);
	shim_close(&shim);
	rig_close(&rig);
}

TEST(guest_data_after_its_end_fails)
{
	struct rig rig;

	rig_open_ours(&rig);

	struct shim shim = shim_open(&rig, "p", FALSE, FALSE);

	guest_puts(&rig, shim.numbers.stdio, "");
	guest_puts(&rig, shim.numbers.stdio, "");
	fake_agent_settle();
	ck_assert_uint_eq(rig.failed, 0);
	guest_puts(&rig, shim.numbers.stdio, "x");
	fake_agent_wait(rig.failed == 1);
	shim_close(&shim);
	rig_close(&rig);
}

static const struct note bad_guest_notes[] = {
	{.kind = NOTE_WINDOW, .seq = 1, .value = 3},
	{.kind = NOTE_WINDOW, .seq = 1, .value = 0},
	{.kind = NOTE_WINDOW, .seq = 2, .value = 1},
	{.kind = NOTE_CLOSED, .seq = 2},
	{.kind = NOTE_EXIT, .value = 0},
	{.kind = NOTE_SIGNAL, .value = 9},
	{.kind = NOTE_WINSIZE, .rows = 1, .columns = 1},
};

TEST(bad_guest_note_fails)
{
	struct rig rig;

	rig_open_ours(&rig);

	struct shim shim = shim_open(&rig, "p", FALSE, FALSE);

	fake_tty_send(shim.fd, shim.numbers.stdio, "in", 2);
	fake_tty_expect(rig.guest.tty, &rig.guest.tty_in, shim.numbers.stdio, "in");
	fake_tty_send_note(rig.guest.tty, &bad_guest_notes[_i]);
	fake_agent_wait(rig.failed == 1);
	shim_close(&shim);
	rig_close(&rig);
}

static const char *const bad_tty_frames[] = {
	"\0\0\0\0\0\0\0\1\0\0\0\x0b",
	"\0\0\0\0\0\0\0\1\0\0\0\0",
	"\0\0\0\0\0\0\0\1\0\1\0\1",
	"\0\0\0\0\0\0\0\1\xff\xff\xff\xff",
	/* Notes of no kind, and of no size. */
	"\0\0\0\0\0\0\0\0\0\0\0\x0c",
};

TEST(bad_tty_frame_fails)
{
	struct rig rig;

	rig_open_ours(&rig);
	fake_agent_send_raw(rig.guest.tty, bad_tty_frames[_i], TTY_HEADER_SIZE);
	fake_agent_wait(rig.failed == 1);
	rig_close(&rig);
}

TEST(exit_event_after_end)
{
	struct rig rig;

	rig_open_ours(&rig);

	struct shim shim = shim_open(&rig, "p", FALSE, FALSE);

	guest_puts(&rig, shim.numbers.stdio, "last");
	guest_puts(&rig, shim.numbers.stdio, "");
	fake_tty_expect(shim.fd, &shim.in, shim.numbers.stdio, "last");
	fake_agent_settle();
	ck_assert_uint_eq(rig.drained, 0);
	guest_exits(&rig, "p", 3);
	expect_exit(&shim, 3);
	shim_close(&shim);
	fake_agent_wait(rig.drained == 1);
	ck_assert_uint_eq(rig.init_ended, 0);
	rig_close(&rig);
}

TEST(exit_event_before_end)
{
	struct rig rig;

	rig_open_ours(&rig);

	struct shim shim = shim_open(&rig, "p", TRUE, TRUE);

	guest_exits(&rig, "p", 137);
	fake_agent_settle();
	guest_puts(&rig, shim.numbers.stdio, "last");
	guest_puts(&rig, shim.numbers.stdio, "");
	fake_tty_expect(shim.fd, &shim.in, shim.numbers.stdio, "last");
	expect_exit(&shim, 137);
	ck_assert_uint_eq(rig.init_ended, 1);
	shim_close(&shim);
	rig_close(&rig);
}

/* It still acknowledges when all has been sent to it; it must not lose the rest by that. */
TEST(finished_shim_may_still_write)
{
	struct rig rig;

	rig_open_ours(&rig);

	struct shim shim = shim_open(&rig, "p", TRUE, FALSE);
	struct note note = {.kind = NOTE_WINDOW, .seq = shim.numbers.stdio, .value = 4};

	guest_puts(&rig, shim.numbers.stdio, "last");
	guest_puts(&rig, shim.numbers.stdio, "");
	guest_exits(&rig, "p", 3);
	fake_agent_settle();
	fake_tty_send_note(shim.fd, &note);
	fake_agent_settle();
	fake_tty_send_note(shim.fd, &note);
	fake_tty_expect(shim.fd, &shim.in, shim.numbers.stdio, "last");
	expect_exit(&shim, 3);
	shim_close(&shim);
	fake_agent_wait(rig.drained == 1);
	rig_close(&rig);
}

TEST(stderr_may_end_first)
{
	struct rig rig;
	struct note note = {.kind = NOTE_EXIT, .value = 0};

	rig_open_ours(&rig);

	struct shim shim = shim_open(&rig, "p", FALSE, FALSE);

	guest_puts(&rig, shim.numbers.stderr_seq, "");
	fake_tty_expect(shim.fd, &shim.in, shim.numbers.stderr_seq, "");
	guest_puts(&rig, shim.numbers.stdio, "");
	guest_exits(&rig, "p", 0);
	fake_tty_expect(shim.fd, &shim.in, shim.numbers.stdio, "");
	fake_tty_expect_note(shim.fd, &shim.in, &note);
	fake_tty_expect_end(shim.fd, &shim.in);
	shim_close(&shim);
	rig_close(&rig);
}

TEST(exit_of_another_process_is_not_ours)
{
	struct rig rig;

	rig_open_ours(&rig);

	struct shim shim = shim_open(&rig, "p", FALSE, FALSE);

	guest_puts(&rig, shim.numbers.stdio, "");
	guest_exits(&rig, "q", 1);
	fake_agent_settle();
	ck_assert_uint_eq(rig.drained, 0);
	guest_exits(&rig, "p", 2);
	expect_exit(&shim, 2);
	shim_close(&shim);
	rig_close(&rig);
}

TEST(dead_shim_kills_its_process)
{
	struct rig rig;

	rig_open_ours(&rig);

	struct shim shim = shim_open(&rig, "p", FALSE, TRUE);
	struct note closed = {.kind = NOTE_CLOSED, .seq = shim.numbers.stdio};

	shim_close(&shim);
	expect_kill(&rig, "p");
	fake_tty_expect_note(rig.guest.tty, &rig.guest.tty_in, &closed);
	closed.seq = shim.numbers.stderr_seq;
	fake_tty_expect_note(rig.guest.tty, &rig.guest.tty_in, &closed);
	ck_assert_uint_eq(rig.init_ended, 1);
	guest_puts(&rig, shim.numbers.stdio, "to nobody");
	fake_agent_settle();
	ck_assert_uint_eq(rig.failed, 0);
	rig_close(&rig);
}

/* Frames that a shim of streams 1 and 2 may not send; a window of 8192. */
static const struct {
	guint64 seq;
	const char *payload;
	gsize size;
} bad_shim_frames[] = {
	{2, "x", 1},
	{3, "x", 1},
	{0, "", 0},
	{0, "\x09", 1},
	{0, "\x05\0\0\0\0", 5},
	{0, "\x04\0\0\0\0", 5},
	{0, "\x04\0\0\0\x41", 5},
	{0, "\x01\0\0\0\0\0\0\0\x01\0\0\0\x01", 13},
	{0, "\x02\0\0\0\0\0\0\0\x03", 9},
};

TEST(bad_shim_frame_closes_its_link)
{
	struct rig rig;

	rig_open_ours(&rig);

	struct shim shim = shim_open(&rig, "p", FALSE, FALSE);
	struct shim other = shim_open(&rig, "q", FALSE, FALSE);

	fake_tty_send(shim.fd, bad_shim_frames[_i].seq, bad_shim_frames[_i].payload,
		bad_shim_frames[_i].size);
	fake_tty_expect_end(shim.fd, &shim.in);
	expect_kill(&rig, "p");
	guest_puts(&rig, other.numbers.stdio, "lives");
	fake_tty_expect(other.fd, &other.in, other.numbers.stdio, "lives");
	ck_assert_uint_eq(rig.failed, 0);
	shim_close(&shim);
	shim_close(&other);
	rig_close(&rig);
}

TEST(shim_overrun_closes_its_link)
{
	struct rig rig;
	g_autofree char *text = g_strnfill(FAKE_AGENT_WINDOW, 'x');

	rig_open_ours(&rig);

	struct shim shim = shim_open(&rig, "p", FALSE, FALSE);

	fake_tty_send(shim.fd, shim.numbers.stdio, text, FAKE_AGENT_WINDOW);
	fake_tty_expect(rig.guest.tty, &rig.guest.tty_in, shim.numbers.stdio, text);
	fake_tty_send(shim.fd, shim.numbers.stdio, "x", 1);
	fake_tty_expect_end(shim.fd, &shim.in);
	shim_close(&shim);
	rig_close(&rig);
}

TEST(signal_and_size_become_requests)
{
	struct rig rig;

	rig_open_ours(&rig);

	struct shim shim = shim_open(&rig, "p", TRUE, FALSE);
	struct note note = {.kind = NOTE_WINSIZE, .rows = 24, .columns = 80};

	fake_tty_send_note(shim.fd, &note);
	g_autofree char *size = fake_agent_expect(&rig.guest, MESSAGE_WINSIZE);
	ck_assert_str_eq(size, "{\"container\":\"c\",\"process\":\"p\",\"row\":24,\"column\":80}");
	/* While one is under way, of sizes only the last is kept. */
	for (note.rows = 30; note.rows < 40; note.rows++)
		fake_tty_send_note(shim.fd, &note);
	note = (struct note){.kind = NOTE_SIGNAL, .value = 9};
	fake_tty_send_note(shim.fd, &note);
	fake_agent_settle();
	fake_agent_send_text(&rig.guest, MESSAGE_ERROR, "{\"message\":\"no\"}");
	expect_kill(&rig, "p");
	fake_agent_send(&rig.guest, MESSAGE_ACK, NULL, 0);
	g_autofree char *last = fake_agent_expect(&rig.guest, MESSAGE_WINSIZE);
	ck_assert_str_eq(last, "{\"container\":\"c\",\"process\":\"p\",\"row\":39,\"column\":80}");
	shim_close(&shim);
	rig_close(&rig);
}

/* The stalled shim's window is full, its socket too; another's output flows, and its own later. */
TEST(stalled_shim_blocks_nobody)
{
	struct rig rig;
	g_autofree char *text = g_strnfill(1 << 20, 'x');
	gsize total = 0;

	rig_open(&rig, FAKE_AGENT_VERSION,
		"{\"features\":[\"window\"],\"frameMax\":65536,\"streamWindow\":1048576}");

	struct shim stalled = shim_open(&rig, "p", TRUE, FALSE);
	struct shim other = shim_open(&rig, "q", TRUE, FALSE);

	for (gsize sent = 0; sent < 1 << 20; sent += 32 << 10)
		fake_tty_send(rig.guest.tty, stalled.numbers.stdio, text, 32 << 10);
	guest_puts(&rig, other.numbers.stdio, "flows");
	fake_tty_expect(other.fd, &other.in, other.numbers.stdio, "flows");
	while (total < 1 << 20)
		total += fake_tty_receive(stalled.fd, &stalled.in).payload_size;
	ck_assert_uint_eq(total, 1 << 20);
	ck_assert_uint_eq(rig.failed, 0);
	shim_close(&stalled);
	shim_close(&other);
	rig_close(&rig);
}

TEST(small_frames_are_merged)
{
	struct rig rig;
	gsize frames = 0;
	gsize total = 0;

	rig_open(&rig, FAKE_AGENT_VERSION,
		"{\"features\":[\"window\"],\"frameMax\":65536,\"streamWindow\":1048576}");

	struct shim shim = shim_open(&rig, "p", TRUE, FALSE);

	for (gsize sent = 0; sent < 400000; sent += 16)
		fake_tty_send(rig.guest.tty, shim.numbers.stdio, "0123456789abcdef", 16);
	for (; total < 400000; frames++)
		total += fake_tty_receive(shim.fd, &shim.in).payload_size;
	ck_assert_uint_eq(total, 400000);
	ck_assert_uint_lt(frames, 24000);
	shim_close(&shim);
	rig_close(&rig);
}

/* How much of a flood the proxy takes from the guest while nobody reads the shim's end. */
static gsize flood(struct rig *rig, guint64 seq)
{
	static const guint8 frame[TTY_HEADER_SIZE + 8180];
	guint8 header[TTY_HEADER_SIZE];
	gsize sent = 0;

	(void)g_unix_set_fd_nonblocking(rig->guest.tty, TRUE, NULL);
	tty_header_encode(header, seq, sizeof frame - TTY_HEADER_SIZE);
	for (int i = 0; i < 100; i++) {
		fake_agent_settle();
		for (gssize put = 1; put > 0 && sent<8 << 20; sent += put> 0 ? (gsize)put : 0) {
			gsize into = sent % sizeof frame;
			const guint8 *from = into < sizeof header ? header : frame;
			gsize most = into < sizeof header ? sizeof header : sizeof frame;

			put = write(rig->guest.tty, from + into, most - into);
		}
	}
	return sent;
}

TEST(hyperstart_waits_for_a_stalled_shim)
{
	struct rig rig;

	rig_open(&rig, 4243, NULL);

	struct shim shim = shim_open(&rig, "p", TRUE, FALSE);
	gsize sent = flood(&rig, shim.numbers.stdio);
	gsize total = 0;

	ck_assert_uint_gt(sent, 256 << 10);
	ck_assert_uint_lt(sent, 2 << 20);
	while (total < sent / 8192 * 8180)
		total += fake_tty_receive(shim.fd, &shim.in).payload_size;
	ck_assert_uint_eq(rig.failed, 0);
	shim_close(&shim);
	rig_close(&rig);
}

TEST(hyperstart_input_is_credited_by_the_proxy)
{
	struct rig rig;

	rig_open(&rig, 4243, NULL);

	struct shim shim = shim_open(&rig, "p", TRUE, FALSE);
	struct note note = {.kind = NOTE_WINDOW, .seq = shim.numbers.stdio, .value = 2};

	fake_tty_send(shim.fd, shim.numbers.stdio, "in", 2);
	fake_tty_expect_note(shim.fd, &shim.in, &note);
	fake_tty_expect(rig.guest.tty, &rig.guest.tty_in, shim.numbers.stdio, "in");
	shim_close(&shim);
	rig_close(&rig);
}

TEST(hyperstart_4242_status_comes_behind_the_end)
{
	struct rig rig;

	rig_open(&rig, 4242, NULL);

	struct shim shim = shim_open(&rig, "p", FALSE, TRUE);

	guest_puts(&rig, shim.numbers.stdio, "");
	guest_puts(&rig, shim.numbers.stdio, "\x07");
	expect_exit(&shim, 7);
	ck_assert_uint_eq(rig.init_ended, 1);
	shim_close(&shim);
	rig_close(&rig);
}

/* QEMU is gone: what it left in the socket still arrives; a status that never came is none. */
TEST(end_of_vm_routes_what_is_left)
{
	struct rig rig;

	rig_open_ours(&rig);

	struct shim shim = shim_open(&rig, "p", TRUE, FALSE);
	struct shim other = shim_open(&rig, "q", TRUE, FALSE);

	guest_exits(&rig, "q", 9);
	fake_agent_settle();
	guest_puts(&rig, shim.numbers.stdio, "last words");
	fake_agent_clear(&rig.guest);
	streams_end(rig.streams);
	fake_tty_expect(shim.fd, &shim.in, shim.numbers.stdio, "last words");
	fake_tty_expect_end(shim.fd, &shim.in);
	expect_exit(&other, 9);
	shim_close(&shim);
	shim_close(&other);
	fake_agent_wait(rig.drained == 1);
	ck_assert_uint_eq(streams_count(rig.streams), 0);
	rig_close(&rig);
}

static const struct test tests[] = {
	RUN(numbers_are_never_used_again),
	RUN(process_has_one_link),
	RUN(output_goes_to_its_shim),
	RUN(input_goes_to_the_guest),
	RUN(credit_goes_both_ways),
	RUN(guest_may_use_its_whole_window_again),
	RUN(guest_overrun_fails),
	RUN(guest_data_after_its_end_fails),
	RUN_EACH(bad_guest_note_fails, G_N_ELEMENTS(bad_guest_notes)),
	RUN_EACH(bad_tty_frame_fails, G_N_ELEMENTS(bad_tty_frames)),
	RUN(exit_event_after_end),
	RUN(exit_event_before_end),
	RUN(finished_shim_may_still_write),
	RUN(stderr_may_end_first),
	RUN(exit_of_another_process_is_not_ours),
	RUN(dead_shim_kills_its_process),
	RUN_EACH(bad_shim_frame_closes_its_link, G_N_ELEMENTS(bad_shim_frames)),
	RUN(shim_overrun_closes_its_link),
	RUN(signal_and_size_become_requests),
	RUN(stalled_shim_blocks_nobody),
	RUN(small_frames_are_merged),
	RUN(hyperstart_waits_for_a_stalled_shim),
	RUN(hyperstart_input_is_credited_by_the_proxy),
	RUN(hyperstart_4242_status_comes_behind_the_end),
	RUN(end_of_vm_routes_what_is_left),
};

TEST_MAIN("proxy-streams", tests)
