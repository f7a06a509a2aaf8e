/* SPDX-License-Identifier: GPL-2.0-only */
/* Windows of the streams between the guest and shims: credit both ways, and who stalls. */
#include "runner.h"

#include <signal.h>
#include <glib-unix.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "tests/support/streams-rig.h"

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

static const struct test tests[] = {
	RUN(credit_goes_both_ways),
	RUN(guest_may_use_its_whole_window_again),
	RUN(guest_overrun_fails),
	RUN(shim_overrun_closes_its_link),
	RUN(stalled_shim_blocks_nobody),
	RUN(small_frames_are_merged),
	RUN(hyperstart_waits_for_a_stalled_shim),
	RUN(hyperstart_input_is_credited_by_the_proxy),
};

TEST_MAIN("proxy-windows", tests)
