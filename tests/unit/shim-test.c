/* SPDX-License-Identifier: GPL-2.0-only */
/* The shim, as a program: handed a socket pair, it must relay, acknowledge and end as it should. */
#include "runner.h"

#include <fcntl.h>
#include <glib-unix.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "shim/launch.h"
#include "wire/buffer.h"
#include "wire/frame.h"
#include "wire/stream.h"

#define STDIO_SEQ  5
#define STDERR_SEQ 6
#define WINDOW	   (128u << 10)

/* A shim with pipes as its stdio, and our end of its streams. */
struct rig {
	struct shim shim;
	int in;
	int out;
	int err;
	int link;
	struct buffer received;
};

/* A shim with these as its stdio, which stay the caller's. */
static void rig_start(struct rig *rig, int in, int out, int err)
{
	g_autofree char *path = test_build_path("cc-shim");
	const char *const argv[] = {"sleep", "1000", NULL};
	struct shim_options options = {
		.path = path,
		.argv = argv,
		.stdio = {in, out, err},
		.network_namespace = -1,
	};
	GError *error = NULL;

	*rig = (struct rig){.shim = SHIM_INIT, .link = -1, .in = -1, .out = -1, .err = -1};
	buffer_init(&rig->received, 4 * TTY_FRAME_MAX);
	test_succeeds(shim_start(&options, &rig->shim, &error), error);
}

static void rig_open(struct rig *rig)
{
	int in[2];
	int out[2];
	int err[2];

	ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(err, O_CLOEXEC), 0);
	rig_start(rig, in[0], out[1], err[1]);
	close(in[0]);
	close(out[1]);
	close(err[1]);
	rig->in = in[1];
	rig->out = out[0];
	rig->err = err[0];
}

static void hand_over_terminal(struct rig *rig, gboolean terminal)
{
	const struct handover handover = {
		.terminal = terminal,
		.stdio_seq = STDIO_SEQ,
		.stderr_seq = STDERR_SEQ,
		.window = WINDOW,
		.frame_max = TTY_FRAME_MAX,
	};
	GError *error = NULL;
	int theirs;

	test_succeeds(fd_socket_pair(&rig->link, &theirs, &error), error);
	test_succeeds(shim_hand_over(&rig->shim, &handover, theirs, &error), error);
	close(theirs);
	shim_clear(&rig->shim);
}

static void rig_hand_over(struct rig *rig)
{
	hand_over_terminal(rig, FALSE);
}

static void rig_close(struct rig *rig)
{
	shim_abandon(&rig->shim);
	fd_clear(&rig->link);
	fd_clear(&rig->in);
	fd_clear(&rig->out);
	fd_clear(&rig->err);
	buffer_clear(&rig->received);
}

static void put_frame(struct rig *rig, guint64 seq, const void *payload, gsize size)
{
	struct buffer out;
	GError *error = NULL;

	buffer_init(&out, TTY_FRAME_MAX);
	ck_assert(buffer_append_tty(&out, seq, payload, size));
	test_succeeds(fd_write_all(rig->link, buffer_bytes(&out), out.size, &error), error);
	buffer_clear(&out);
}

static void put_note(struct rig *rig, const struct note *note)
{
	guint8 payload[NOTE_SIZE_MAX];
	gsize size = note_encode(note, payload);

	put_frame(rig, STREAM_SEQ_NOTE, payload, size);
}

static void put_exit(struct rig *rig, guint32 status)
{
	put_note(rig, &(struct note){.kind = NOTE_EXIT, .value = status});
}

/* The next frame that the shim sends; its payload is valid until the next call. */
static struct tty_frame get_frame(struct rig *rig)
{
	static guint8 payload[TTY_FRAME_MAX];
	struct tty_frame frame;
	gsize used;
	GError *error = NULL;

	while (tty_frame_decode(buffer_bytes(&rig->received), rig->received.size, &frame, &used) !=
		FRAME_OK) {
		test_succeeds(fd_wait(rig->link, POLLIN, deadline_after(10000), &error), error);
		ck_assert_int_gt(buffer_read(&rig->received, rig->link, TTY_FRAME_MAX), 0);
	}
	memcpy(payload, frame.payload, frame.payload_size);
	frame.payload = payload;
	buffer_consume(&rig->received, used);
	return frame;
}

static struct note get_note(struct rig *rig)
{
	struct tty_frame frame = get_frame(rig);
	struct note note;

	ck_assert_uint_eq(frame.seq, STREAM_SEQ_NOTE);
	ck_assert(note_decode(frame.payload, frame.payload_size, &note));
	return note;
}

static int wait_status(struct rig *rig)
{
	GError *error = NULL;
	int status;

	test_succeeds(process_wait_gone(&rig->shim.process, deadline_after(10000), &error), error);
	ck_assert_int_eq(waitpid(rig->shim.process.pid, &status, 0), rig->shim.process.pid);
	rig->shim.process.pid = 0;
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void read_exactly(int fd, char *to, gsize size)
{
	GError *error = NULL;

	for (gsize got = 0; got < size;) {
		test_succeeds(fd_wait(fd, POLLIN, deadline_after(10000), &error), error);

		gssize some = read(fd, to + got, size - got);

		ck_assert_int_gt(some, 0);
		got += (gsize)some;
	}
}

/* The flags of one of the shim's own descriptors (proc(5), fdinfo). */
static int open_flags(const struct rig *rig, int fd)
{
	g_autofree char *path =
		g_strdup_printf("/proc/%d/fdinfo/%d", (int)rig->shim.process.pid, fd);
	g_autofree char *text = NULL;
	const char *line;

	ck_assert(g_file_get_contents(path, &text, NULL, NULL));
	line = strstr(text, "flags:");
	ck_assert_ptr_nonnull(line);
	return (int)g_ascii_strtoll(g_strchug((char *)line + strlen("flags:")), NULL, 8);
}

TEST(shim_exits_with_the_status_of_the_exit_note)
{
	struct rig rig;

	rig_open(&rig);
	rig_hand_over(&rig);
	put_exit(&rig, 42);
	ck_assert_int_eq(wait_status(&rig), 42);
	rig_close(&rig);
}

TEST(shim_ends_when_the_runtime_gives_up)
{
	struct rig rig;

	rig_open(&rig);
	shim_clear(&rig.shim);
	ck_assert_int_eq(wait_status(&rig), 1);
	rig_close(&rig);
}

TEST(shim_reads_on_when_the_proxy_takes_nothing_any_more)
{
	struct rig rig;

	rig_open(&rig);
	rig_hand_over(&rig);
	/* The signal's note cannot be sent; the exit note behind it is there all the same. */
	ck_assert_int_eq(shutdown(rig.link, SHUT_RD), 0);
	ck_assert(process_signal(&rig.shim.process, SIGTERM));
	g_usleep(50 * 1000);
	put_exit(&rig, 7);
	ck_assert_int_eq(wait_status(&rig), 7);
	rig_close(&rig);
}

TEST(shim_reports_a_lost_vm_as_killed)
{
	struct rig rig;

	rig_open(&rig);
	rig_hand_over(&rig);
	fd_clear(&rig.link);
	ck_assert_int_eq(wait_status(&rig), 128 + SIGKILL);
	rig_close(&rig);
}

TEST(shim_keeps_stdout_and_stderr_apart)
{
	struct rig rig;
	char text[4] = "";

	rig_open(&rig);
	rig_hand_over(&rig);
	put_frame(&rig, STDERR_SEQ, "err", 3);
	put_frame(&rig, STDIO_SEQ, "out", 3);
	read_exactly(rig.out, text, 3);
	ck_assert_str_eq(text, "out");
	read_exactly(rig.err, text, 3);
	ck_assert_str_eq(text, "err");
	rig_close(&rig);
}

TEST(shim_writes_all_output_before_it_exits)
{
	struct rig rig;
	g_autofree char *sent = g_malloc0(32 << 10);
	g_autofree char *got = g_malloc(96 << 10);

	rig_open(&rig);
	rig_hand_over(&rig);
	/* More than the pipe takes: the rest waits in the shim, behind a reader that is late. */
	for (int i = 0; i < 3; i++)
		put_frame(&rig, STDIO_SEQ, sent, 32 << 10);
	put_exit(&rig, 3);
	g_usleep(50 * 1000);
	read_exactly(rig.out, got, 96 << 10);
	ck_assert_int_eq(wait_status(&rig), 3);
	rig_close(&rig);
}

TEST(shim_does_not_wait_for_the_reader_of_a_killed_process)
{
	struct rig rig;
	g_autofree char *data = g_malloc0(32 << 10);

	rig_open(&rig);
	rig_hand_over(&rig);
	for (int i = 0; i < 3; i++)
		put_frame(&rig, STDIO_SEQ, data, 32 << 10);
	put_exit(&rig, 128 + SIGKILL);
	ck_assert_int_eq(wait_status(&rig), 128 + SIGKILL);
	rig_close(&rig);
}

TEST(shim_acknowledges_a_part_of_the_window_at_once)
{
	struct rig rig;
	g_autofree char *data = g_malloc0(32 << 10);

	rig_open(&rig);
	rig_hand_over(&rig);
	for (int i = 0; i < 2; i++) {
		put_frame(&rig, STDIO_SEQ, data, 32 << 10);
		read_exactly(rig.out, data, 32 << 10);
	}

	struct note note = get_note(&rig);

	ck_assert_int_eq(note.kind, NOTE_WINDOW);
	ck_assert_uint_eq(note.seq, STDIO_SEQ);
	ck_assert_uint_eq(note.value, 64 << 10);
	rig_close(&rig);
}

TEST(shim_says_so_when_the_reader_is_gone)
{
	struct rig rig;
	g_autofree char *data = g_malloc0(32 << 10);

	rig_open(&rig);
	rig_hand_over(&rig);
	fd_clear(&rig.out);
	for (int i = 0; i < 2; i++)
		put_frame(&rig, STDIO_SEQ, data, 32 << 10);

	struct note closed = get_note(&rig);
	struct note window = get_note(&rig);

	ck_assert_int_eq(closed.kind, NOTE_CLOSED);
	ck_assert_uint_eq(closed.seq, STDIO_SEQ);
	/* What is thrown away is acknowledged, or its sender would wait for ever. */
	ck_assert_int_eq(window.kind, NOTE_WINDOW);
	ck_assert_uint_eq(window.value, 64 << 10);
	rig_close(&rig);
}

TEST(shim_relays_stdin_and_its_end)
{
	struct rig rig;
	struct tty_frame frame;

	rig_open(&rig);
	rig_hand_over(&rig);
	ck_assert_int_eq(write(rig.in, "hello", 5), 5);
	frame = get_frame(&rig);
	ck_assert_uint_eq(frame.seq, STDIO_SEQ);
	ck_assert_uint_eq(frame.payload_size, 5);
	ck_assert(memcmp(frame.payload, "hello", 5) == 0);
	fd_clear(&rig.in);
	frame = get_frame(&rig);
	ck_assert_uint_eq(frame.seq, STDIO_SEQ);
	ck_assert_uint_eq(frame.payload_size, 0);
	rig_close(&rig);
}

TEST(shim_sends_no_more_stdin_than_the_window)
{
	struct rig rig;
	g_autofree char *data = g_malloc0(WINDOW);
	struct pollfd more;
	gsize got = 0;

	rig_open(&rig);
	rig_hand_over(&rig);
	ck_assert_int_eq(g_unix_set_fd_nonblocking(rig.in, TRUE, NULL), TRUE);
	while (got < WINDOW) {
		(void)!write(rig.in, data, WINDOW);
		got += get_frame(&rig).payload_size;
	}
	ck_assert_uint_eq(got, WINDOW);
	(void)!write(rig.in, data, 1);
	more = (struct pollfd){.fd = rig.link, .events = POLLIN};
	ck_assert_int_eq(poll(&more, 1, 100), 0);
	put_note(&rig, &(struct note){.kind = NOTE_WINDOW, .seq = STDIO_SEQ, .value = 1});
	ck_assert_uint_eq(get_frame(&rig).payload_size, 1);
	rig_close(&rig);
}

/* Between poll(2) and read(2) of one shim, another can take what was there. */
TEST(shims_that_share_their_stdin_never_block_on_it)
{
	struct rig rigs[2];
	auto_fd int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int in[2];

	ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
	for (int i = 0; i < 2; i++) {
		rig_start(&rigs[i], in[0], null, null);
		rig_hand_over(&rigs[i]);
	}
	ck_assert_int_eq(write(in[1], "x", 1), 1);
	for (int i = 0; i < 2; i++) {
		/* The shim is at work when it answers. */
		ck_assert(process_signal(&rigs[i].shim.process, SIGUSR1));
		while (get_frame(&rigs[i]).seq != STREAM_SEQ_NOTE)
			;
		ck_assert((open_flags(&rigs[i], STDIN_FILENO) & O_NONBLOCK) != 0);
	}
	/* The others that have the pipe are none the wiser. */
	ck_assert_int_eq(fcntl(in[0], F_GETFL) & O_NONBLOCK, 0);
	for (int i = 0; i < 2; i++) {
		put_exit(&rigs[i], 5);
		ck_assert_int_eq(wait_status(&rigs[i]), 5);
		rig_close(&rigs[i]);
	}
	close(in[0]);
	close(in[1]);
}

TEST(shim_goes_on_when_the_disk_is_full)
{
	struct rig rig;
	g_autofree char *data = g_malloc0(32 << 10);
	auto_fd int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	auto_fd int full = open("/dev/full", O_RDWR | O_CLOEXEC);

	rig_start(&rig, null, full, null);
	rig_hand_over(&rig);
	/* The end of its stdin. */
	ck_assert_uint_eq(get_frame(&rig).payload_size, 0);
	for (int i = 0; i < 2; i++)
		put_frame(&rig, STDIO_SEQ, data, 32 << 10);

	struct note note = get_note(&rig);

	/* Acknowledged as if it were written, and not called closed. */
	ck_assert_int_eq(note.kind, NOTE_WINDOW);
	ck_assert_uint_eq(note.value, 64 << 10);
	put_exit(&rig, 0);
	ck_assert_int_eq(wait_status(&rig), 0);
	rig_close(&rig);
}

TEST(shim_tells_that_its_terminal_was_hung_up)
{
	struct rig rig;
	struct tty_frame frame;
	auto_fd int master = -1;
	auto_fd int slave = -1;

	ck_assert_int_eq(openpty(&master, &slave, NULL, NULL, NULL), 0);
	rig_start(&rig, slave, slave, slave);
	fd_clear(&slave);
	hand_over_terminal(&rig, TRUE);
	ck_assert_int_eq(write(master, "x", 1), 1);
	frame = get_frame(&rig);
	ck_assert_uint_eq(frame.seq, STDIO_SEQ);
	ck_assert_uint_eq(frame.payload_size, 1);
	fd_clear(&master);
	do
		frame = get_frame(&rig);
	while (frame.seq == STREAM_SEQ_NOTE);
	ck_assert_uint_eq(frame.seq, STDIO_SEQ);
	ck_assert_uint_eq(frame.payload_size, 0);
	rig_close(&rig);
}

TEST(shim_forwards_signals)
{
	static const int numbers[] = {SIGTERM, SIGUSR1, SIGHUP, SIGINT, 40};
	struct rig rig;

	rig_open(&rig);
	rig_hand_over(&rig);
	ck_assert(process_signal(&rig.shim.process, numbers[_i]));

	struct note note = get_note(&rig);

	ck_assert_int_eq(note.kind, NOTE_SIGNAL);
	ck_assert_uint_eq(note.value, (guint32)numbers[_i]);
	rig_close(&rig);
}

TEST(shim_keeps_a_signal_that_comes_before_the_process)
{
	struct rig rig;

	rig_open(&rig);
	ck_assert(process_signal(&rig.shim.process, SIGTERM));
	rig_hand_over(&rig);
	ck_assert_uint_eq(get_note(&rig).value, SIGTERM);
	rig_close(&rig);
}

TEST(shim_gives_up_on_a_link_that_breaks_the_protocol)
{
	struct rig rig;

	rig_open(&rig);
	rig_hand_over(&rig);
	put_frame(&rig, 99, "x", 1);
	ck_assert_int_eq(wait_status(&rig), 128 + SIGKILL);
	rig_close(&rig);
}

TEST(shim_shows_the_command_line_of_the_process)
{
	struct rig rig;
	g_autofree char *path = NULL;
	g_autofree char *line = NULL;
	gsize size;

	rig_open(&rig);
	path = g_strdup_printf("/proc/%d/cmdline", (int)rig.shim.process.pid);
	ck_assert(g_file_get_contents(path, &line, &size, NULL));
	ck_assert_uint_eq(size, sizeof "sleep\0001000");
	ck_assert(memcmp(line, "sleep\0001000", size) == 0);
	rig_close(&rig);
}

static const struct test tests[] = {
	RUN(shim_exits_with_the_status_of_the_exit_note),
	RUN(shim_ends_when_the_runtime_gives_up),
	RUN(shim_reads_on_when_the_proxy_takes_nothing_any_more),
	RUN(shim_reports_a_lost_vm_as_killed),
	RUN(shim_keeps_stdout_and_stderr_apart),
	RUN(shim_writes_all_output_before_it_exits),
	RUN(shim_does_not_wait_for_the_reader_of_a_killed_process),
	RUN(shim_acknowledges_a_part_of_the_window_at_once),
	RUN(shim_says_so_when_the_reader_is_gone),
	RUN(shim_relays_stdin_and_its_end),
	RUN(shim_sends_no_more_stdin_than_the_window),
	RUN(shims_that_share_their_stdin_never_block_on_it),
	RUN(shim_goes_on_when_the_disk_is_full),
	RUN(shim_tells_that_its_terminal_was_hung_up),
	RUN_EACH(shim_forwards_signals, 5),
	RUN(shim_keeps_a_signal_that_comes_before_the_process),
	RUN(shim_gives_up_on_a_link_that_breaks_the_protocol),
	RUN(shim_shows_the_command_line_of_the_process),
};

TEST_MAIN("shim", tests)
