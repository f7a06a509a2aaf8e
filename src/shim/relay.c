/* SPDX-License-Identifier: GPL-2.0-only */
/* The shim's loop: one poll(2) over signals, the link to the proxy, stdin and the outputs. */
#include "shim/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shim/nonblock.h"
#include "shim/output.h"
#include "shim/terminal.h"
#include "wire/buffer.h"
#include "wire/frame.h"
#include "wire/stream.h"

enum {
	/* The status when the VM is gone. */
	STATUS_KILLED = 128 + SIGKILL,
	READ_MOST = 32 << 10,
	/* stdin is read only while less than this waits to be sent: notes always fit. */
	SEND_QUEUE_HIGH = 64 << 10,
	SEND_QUEUE_LIMIT = 256 << 10,
	RECEIVE_LIMIT = 2 * TTY_FRAME_MAX,
	N_OUTPUTS = 2,
	/*
	 * A process that ends by itself has its output delivered, however long the reader takes.
	 * One that a signal has ended would have lost what it could not write: its reader gets as
	 * much as it takes without a pause of so many milliseconds.
	 */
	KILLED_PATIENCE_MS = 2000,
};

enum poll_slot {
	SLOT_SIGNALS,
	SLOT_LINK,
	SLOT_STDIN,
	SLOT_OUTPUTS,
	N_SLOTS = SLOT_OUTPUTS + N_OUTPUTS,
};

struct relay {
	const struct handover *handover;
	int signals;
	/* -1 when the VM, or the process, is gone. */
	int link;
	/* The proxy takes nothing any more, but what it has sent is still to be read. */
	bool link_is_deaf;
	struct buffer in;
	struct buffer out;
	/* stdout and stderr. */
	struct output outputs[N_OUTPUTS];
	struct terminal terminal;
	bool stdin_open;
	bool stdin_is_socket;
	/* Bytes of stdin that may still be sent. */
	uint32_t stdin_credit;
	int status;
};

/* Catchable, meant for the process, and not about our own faults or our own terminal. */
static bool is_forwarded(int number)
{
	switch (number) {
	case SIGKILL:
	case SIGSTOP:
	case SIGCONT:
	case SIGTSTP:
	case SIGTTIN:
	case SIGTTOU:
	case SIGCHLD:
	case SIGPIPE:
	case SIGILL:
	case SIGTRAP:
	case SIGBUS:
	case SIGFPE:
	case SIGSEGV:
	case SIGSYS:
		return false;
	default:
		return true;
	}
}

static void forwarded_signals(sigset_t *out_set)
{
	sigemptyset(out_set);
	for (int number = 1; number <= SIGRTMAX; number++)
		if (is_forwarded(number))
			sigaddset(out_set, number);
}

void relay_block_signals(void)
{
	sigset_t set;

	forwarded_signals(&set);
	/* Blocked, a job-control stop for touching another session's terminal does not happen. */
	sigaddset(&set, SIGTTOU);
	sigaddset(&set, SIGTTIN);
	sigprocmask(SIG_SETMASK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* The link has ended, or is not to be trusted any more: what is pending is still written. */
static void lose_link(struct relay *relay)
{
	if (relay->link >= 0)
		close(relay->link);
	relay->link = -1;
	relay->stdin_open = false;
}

static void send_frame(struct relay *relay, uint64_t seq, const void *payload, size_t size)
{
	if (relay->link >= 0 && !relay->link_is_deaf &&
		!buffer_append_tty(&relay->out, seq, payload, size))
		lose_link(relay);
}

static void send_note(struct relay *relay, const struct note *note)
{
	uint8_t payload[NOTE_SIZE_MAX];
	size_t size = note_encode(note, payload);

	send_frame(relay, STREAM_SEQ_NOTE, payload, size);
}

static void send_size(struct relay *relay)
{
	struct note note = {.kind = NOTE_WINSIZE};

	if (terminal_size(&relay->terminal, &note.rows, &note.columns))
		send_note(relay, &note);
}

static void handle_signal(struct relay *relay)
{
	struct signalfd_siginfo info;

	if (read(relay->signals, &info, sizeof info) != sizeof info)
		return;
	if (info.ssi_signo == SIGWINCH && relay->handover->terminal) {
		send_size(relay);
		return;
	}
	send_note(relay, &(struct note){.kind = NOTE_SIGNAL, .value = info.ssi_signo});
}

static void acknowledge(struct relay *relay, struct output *output)
{
	uint32_t consumed = output_take_consumed(output);

	if (consumed > 0)
		send_note(relay,
			&(struct note){.kind = NOTE_WINDOW, .seq = output->seq, .value = consumed});
}

static void write_output(struct relay *relay, struct output *output)
{
	if (!output_write(output))
		send_note(relay, &(struct note){.kind = NOTE_CLOSED, .seq = output->seq});
	acknowledge(relay, output);
}

/* Never blocks, as far as the descriptor allows it: another shim may have taken what was there. */
static ssize_t read_some(const struct relay *relay, void *data, size_t most)
{
	return relay->stdin_is_socket ? recv(STDIN_FILENO, data, most, MSG_DONTWAIT)
				      : read(STDIN_FILENO, data, most);
}

static void read_stdin(struct relay *relay)
{
	uint8_t data[READ_MOST];
	size_t most = relay->handover->frame_max - TTY_HEADER_SIZE;

	if (most > sizeof data)
		most = sizeof data;
	if (most > relay->stdin_credit)
		most = relay->stdin_credit;

	ssize_t got = read_some(relay, data, most);

	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (got > 0) {
		relay->stdin_credit -= (uint32_t)got;
		send_frame(relay, relay->handover->stdio_seq, data, (size_t)got);
		return;
	}
	relay->stdin_open = false;
	/* The end of file; of a terminal, that it was hung up. */
	send_frame(relay, relay->handover->stdio_seq, NULL, 0);
}

static bool handle_note(struct relay *relay, const struct tty_frame *frame)
{
	struct note note;

	if (!note_decode(frame->payload, frame->payload_size, &note))
		return false;
	switch (note.kind) {
	case NOTE_WINDOW:
		if (note.seq != relay->handover->stdio_seq ||
			note.value > relay->handover->window - relay->stdin_credit)
			return false;
		relay->stdin_credit += note.value;
		return true;
	case NOTE_CLOSED:
		relay->stdin_open = false;
		return true;
	case NOTE_EXIT:
		relay->status = note.value & 0xff;
		lose_link(relay);
		return true;
	default:
		return false;
	}
}

static bool handle_frame(struct relay *relay, const struct tty_frame *frame)
{
	if (frame->seq == STREAM_SEQ_NOTE)
		return handle_note(relay, frame);
	for (int i = 0; i < N_OUTPUTS; i++) {
		struct output *output = &relay->outputs[i];

		if (frame->seq != output->seq)
			continue;
		if (!output_put(output, frame->payload, frame->payload_size))
			return false;
		if (output->fd < 0)
			acknowledge(relay, output);
		return true;
	}
	return false;
}

static void read_link(struct relay *relay)
{
	ssize_t got = buffer_read(&relay->in, relay->link, TTY_FRAME_MAX);
	struct tty_frame frame;
	size_t used;

	if (got <= 0 && !(got < 0 && errno == EAGAIN)) {
		lose_link(relay);
		return;
	}
	while (relay->link >= 0) {
		enum frame_result result =
			tty_frame_decode(buffer_bytes(&relay->in), relay->in.size, &frame, &used);

		if (result == FRAME_SHORT)
			return;
		if (result == FRAME_BAD || !handle_frame(relay, &frame)) {
			lose_link(relay);
			return;
		}
		buffer_consume(&relay->in, used);
	}
}

static void write_link(struct relay *relay)
{
	if (buffer_write(&relay->out, relay->link, relay->out.size) >= 0 || errno == EAGAIN)
		return;
	relay->link_is_deaf = true;
	relay->stdin_open = false;
	buffer_consume(&relay->out, relay->out.size);
}

static bool is_finished(const struct relay *relay)
{
	return relay->link < 0 && relay->outputs[0].pending.size == 0 &&
	       relay->outputs[1].pending.size == 0;
}

static void fill_slots(const struct relay *relay, struct pollfd slots[N_SLOTS])
{
	bool wants_stdin =
		relay->stdin_open && relay->stdin_credit > 0 && relay->out.size < SEND_QUEUE_HIGH;

	slots[SLOT_SIGNALS] = (struct pollfd){.fd = relay->signals, .events = POLLIN};
	slots[SLOT_LINK] = (struct pollfd){
		.fd = relay->link,
		.events = relay->out.size > 0 ? POLLIN | POLLOUT : POLLIN,
	};
	slots[SLOT_STDIN] = (struct pollfd){
		.fd = wants_stdin ? STDIN_FILENO : -1,
		.events = POLLIN,
	};
	for (int i = 0; i < N_OUTPUTS; i++) {
		const struct output *output = &relay->outputs[i];

		slots[SLOT_OUTPUTS + i] = (struct pollfd){
			.fd = output->pending.size > 0 ? output->fd : -1,
			.events = POLLOUT,
		};
	}
}

static void drop_pending(struct relay *relay)
{
	for (int i = 0; i < N_OUTPUTS; i++)
		buffer_consume(&relay->outputs[i].pending, relay->outputs[i].pending.size);
}

/* One turn. Waits without a deadline while the process runs: that may be for ever. */
static void turn(struct relay *relay)
{
	bool killed = relay->link < 0 && relay->status >= 128;
	struct pollfd slots[N_SLOTS];

	fill_slots(relay, slots);

	int ready = poll(slots, N_SLOTS, killed ? KILLED_PATIENCE_MS : -1);

	if (ready == 0)
		drop_pending(relay);
	if (ready <= 0)
		return;
	if (slots[SLOT_SIGNALS].revents)
		handle_signal(relay);
	for (int i = 0; i < N_OUTPUTS; i++)
		if (slots[SLOT_OUTPUTS + i].revents)
			write_output(relay, &relay->outputs[i]);
	if (slots[SLOT_STDIN].revents && relay->stdin_open)
		read_stdin(relay);
	if (relay->link >= 0 && slots[SLOT_LINK].revents & ~POLLOUT)
		read_link(relay);
	if (relay->link >= 0 && relay->out.size > 0)
		write_link(relay);
}

static void relay_init(struct relay *relay, const struct handover *handover, int link)
{
	sigset_t set;

	*relay = (struct relay){
		.handover = handover,
		.link = link,
		.stdin_open = true,
		.stdin_credit = handover->window,
		.status = STATUS_KILLED,
	};
	forwarded_signals(&set);
	relay->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	(void)fcntl(link, F_SETFL, O_NONBLOCK);
	relay->stdin_is_socket = nonblock_take(STDIN_FILENO, O_RDONLY) == NONBLOCK_SOCKET;
	buffer_init(&relay->in, RECEIVE_LIMIT);
	buffer_init(&relay->out, SEND_QUEUE_LIMIT);
	output_init(&relay->outputs[0], handover->stdio_seq, STDOUT_FILENO, STREAM_WINDOW_MAX);
	output_init(&relay->outputs[1], handover->stderr_seq, STDERR_FILENO, STREAM_WINDOW_MAX);
}

int relay_run(const struct handover *handover, int link)
{
	struct relay relay;

	relay_init(&relay, handover, link);
	if (handover->terminal) {
		terminal_open(&relay.terminal, STDIN_FILENO);
		send_size(&relay);
	}
	while (!is_finished(&relay))
		turn(&relay);
	if (handover->terminal)
		terminal_close(&relay.terminal);
	close(relay.signals);
	for (int i = 0; i < N_OUTPUTS; i++)
		output_clear(&relay.outputs[i]);
	buffer_clear(&relay.in);
	buffer_clear(&relay.out);
	return relay.status;
}
