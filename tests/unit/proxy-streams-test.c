/* SPDX-License-Identifier: GPL-2.0-only */
/* Streams between the guest and shims: routing, ends, exits, who breaks the protocol. */
#include "runner.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "tests/support/streams-rig.h"
#include "wire/message.h"

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

TEST(hang_up_of_a_terminal_goes_to_an_agent_that_can)
{
	struct rig rig;

	rig_open(&rig, FAKE_AGENT_VERSION,
		"{\"features\":[\"oci\",\"window\",\"hangup\"],\"frameMax\":32780,"
		"\"streamWindow\":262144}");

	struct shim shim = shim_open(&rig, "p", TRUE, FALSE);

	fake_tty_send(shim.fd, shim.numbers.stdio, "x", 1);
	fake_tty_expect(rig.guest.tty, &rig.guest.tty_in, shim.numbers.stdio, "x");
	fake_tty_send(shim.fd, shim.numbers.stdio, "", 0);
	fake_tty_expect(rig.guest.tty, &rig.guest.tty_in, shim.numbers.stdio, "");
	shim_close(&shim);
	expect_kill(&rig, "p");
	rig_close(&rig);
}

static const struct test tests[] = {
	RUN(numbers_are_never_used_again),
	RUN(process_has_one_link),
	RUN(output_goes_to_its_shim),
	RUN(input_goes_to_the_guest),
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
	RUN(signal_and_size_become_requests),
	RUN(hyperstart_4242_status_comes_behind_the_end),
	RUN(end_of_vm_routes_what_is_left),
	RUN(hang_up_of_a_terminal_goes_to_an_agent_that_can),
};

TEST_MAIN("proxy-streams", tests)
