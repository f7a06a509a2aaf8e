/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cc-agent: PID 1 of the guest.
 *
 * Role. One virtual machine holds one pod. The kernel starts this program, the only one in its
 * initramfs, and it makes containers on request: mounts, namespaces, cgroups, users, terminals.
 * It does so by system calls, without helper programs: there are none here, and under emulation
 * each would cost more than the work that it does.
 *
 * Trust. What connects is the host, through the two virtio-serial ports; the guest has no other
 * way in, and the agent listens on nothing else. The host has the VM in its hands anyway, so its
 * requests are obeyed; they are checked all the same, because a mistake there should be an error
 * with a name here. The containers are not trusted: no file name of theirs is followed out of
 * their root, none of the agent's descriptors reaches them, and no container that does not read
 * or write its streams can hold up another one or a request.
 *
 * Life. Boot: file systems, modules, ports; then READY. The loop: one thread, poll(2), nothing
 * that blocks; each turn asks every part what it waits for, lets it work, then settles what has
 * come to its end: reports of children, drained streams, the pending request. Requests are served
 * in order and one at a time, but a slow one (a container being prepared) holds up neither the
 * streams nor the reaping. The end: DESTROYPOD, or a broken protocol, resets the machine, which
 * QEMU (-no-reboot) takes for its own end. Nothing else ends it: PID 1 that exits is a panic.
 *
 * Children. A container's process is a fork of the agent (launch.h, child.c) that dresses itself
 * in new namespaces and becomes the program. It tells over a socket that it is ready, or why not.
 * All else that dies in the guest and has no parent left is reaped here too.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/boot.h"
#include "agent/cleanup.h"
#include "agent/log.h"
#include "agent/pollset.h"
#include "agent/request.h"
#include "wire/message.h"

enum {
	/* Emulated, on a loaded machine, a cold boot's devices take seconds. */
	PORTS_TIMEOUT_MS = 60000,
	/* How long the last answer may take to leave. */
	FLUSH_TIMEOUT_MS = 5000,
};

/* What `cc-oci-runtime check` looks for in an initramfs. */
static const char version_mark[] __attribute__((used)) = "cc-agent version " PACKAGE_VERSION;

/* Every signal is blocked, so none can end PID 1; only children's deaths are of interest. */
static int open_signals(struct agent_error *error)
{
	sigset_t all;
	sigset_t children;
	int fd;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	fd = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		agent_error_set(error, AGENT_CODE_FAILED, "no signalfd");
	return fd;
}

/* The ports' devices appear while modules are loaded: their events must find a listener. */
static bool open_ports(struct agent *agent, struct agent_error *error)
{
	AUTO_CLOSE int uevents = uevent_open(error);
	int64_t deadline = pollset_now() + PORTS_TIMEOUT_MS;

	if (uevents < 0)
		return false;
	boot_load_modules();
	return port_open(&agent->control_port, uevents, AGENT_PORT_CONTROL, deadline, error) &&
	       port_open(&agent->tty_port, uevents, AGENT_PORT_TTY, deadline, error);
}

static bool boot(struct agent *agent, struct agent_error *error)
{
	int64_t begin = spans_clock();

	if (!boot_prepare(error) || !network_prepare(&agent->network, error))
		return false;
	spans_add_boot(&agent->spans, "file systems and namespaces", begin);
	begin = spans_clock();
	if (!open_ports(agent, error))
		return false;
	spans_add_boot(&agent->spans, "modules and ports", begin);
	control_init(&agent->control, &agent->control_port);
	tty_init(&agent->tty, &agent->tty_port);
	dns_init(&agent->dns, &agent->control);
	if (!control_send(&agent->control, MESSAGE_READY, NULL, 0))
		return agent_error_set(error, AGENT_CODE_FAILED, "out of memory");
	return true;
}

struct reaper {
	int signals;
	struct pod *pod;
};

static void handle_signals(void *object, short events)
{
	const struct reaper *reaper = object;
	struct signalfd_siginfo ignored;

	(void)events;
	/* One signal may stand for many deaths. */
	while (read(reaper->signals, &ignored, sizeof ignored) > 0)
		;
	pod_reap(reaper->pod);
}

/* Until DESTROYPOD is done. False: the host has broken the protocol. */
static bool run(struct agent *agent, int signals, struct agent_error *error)
{
	struct reaper reaper = {.signals = signals, .pod = &agent->pod};
	struct pollset set = {.fds = NULL};
	bool sane = true;

	control_flush(&agent->control);
	while (sane && !agent->ending) {
		pollset_reset(&set);
		pollset_add(&set, signals, POLLIN, handle_signals, &reaper);
		control_poll(&agent->control, &set);
		tty_poll(&agent->tty, &set);
		pod_poll(&agent->pod, &set);
		network_poll(&agent->network, &set);
		dns_poll(&agent->dns, &set);
		if (agent->pending.check != NULL)
			pollset_until(&set, agent->pending.deadline);
		pollset_turn(&set);
		/*
		 * In this order: an answer comes before the exit of the process it is about, and
		 * what the last step could not queue waits for POLLOUT behind what it has.
		 */
		sane = tty_settle(&agent->tty, error) && request_settle(agent, error);
		pod_settle(&agent->pod, &agent->control);
		control_flush(&agent->control);
	}
	pollset_clear(&set);
	return sane;
}

/* Lets the host have the last answer; it may be gone already. */
static void send_rest(struct agent *agent)
{
	struct pollfd port = {.fd = agent->control_port.fd, .events = POLLOUT};
	int64_t deadline = pollset_now() + FLUSH_TIMEOUT_MS;

	while (agent->control.out.size > 0 && !agent->control_port.away) {
		int64_t left = deadline - pollset_now();

		if (left <= 0 || poll(&port, 1, (int)left) <= 0 || port.revents & POLLHUP)
			break;
		control_flush(&agent->control);
	}
	/* Closing takes a round trip to QEMU, which by then has seen all that was written. */
	port_close(&agent->tty_port);
	port_close(&agent->control_port);
}

static _Noreturn void be_init(void)
{
	struct agent agent = {
		.control_port = {.fd = -1, .wake = -1},
		.tty_port = {.fd = -1, .wake = -1},
		.network = NETWORK_INIT,
	};
	struct agent_error error = {.text = ""};
	int signals = open_signals(&error);

	if (signals < 0 || !boot(&agent, &error) || !run(&agent, signals, &error))
		agent_log("%s", error.text);
	else
		send_rest(&agent);
	boot_end();
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("cc-agent " PACKAGE_VERSION);
		return 0;
	}
	if (getpid() == 1)
		be_init();
	fputs("cc-agent " PACKAGE_VERSION ": PID 1 of the guest, not to be run by hand\n", stderr);
	return 1;
}
