/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cc-shim: the container's process, as the host sees it.
 *
 * Role. A process in a virtual machine has no pid that an engine could wait for, signal or look up.
 * The shim is that pid: one for the init process of each container and one for each exec. It sits
 * in the container's network namespace, its stdin, stdout and stderr are the ones that the engine
 * gave to `create` or `exec`, its argv is the container process's own (so `docker top` and `ps`
 * read well; /proc/PID/comm still says cc-shim), and its exit status is the process's.
 *
 * Life. The runtime starts it with a socket as descriptor 3 and goes on with its work; the shim
 * waits there. Then either the runtime hands over the descriptor of the process's streams
 * (wire/handover.h), or it goes away, and so does the shim. From then on the shim knows nobody but
 * the VM's proxy at the other end of the streams: it relays bytes both ways, terminal sizes and
 * signals to the process, and ends with the exit note, when all output is written. When the streams
 * end without that note the VM is gone, which for the process is what SIGKILL is.
 *
 * Trust. What comes from the proxy was sent by the guest, which is hostile: bytes are only ever
 * written to stdout and stderr, and at most a window of them is kept.
 *
 * Root. The shim of a container's first process has the container's root as its own, in a mount
 * namespace of its own: an engine that enters that of the pid, to copy a file into the container
 * (`podman cp`), must not find itself in the host's.
 *
 * Size. There is one for each process of each container, so: libc only, and no memory that waits.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/trace.h"
#include "shim/relay.h"
#include "shim/root.h"
#include "wire/fdpass.h"
#include "wire/handover.h"

/* The runtime gave up before there was a process, or this is no runtime's doing. */
#define EXIT_NO_PROCESS 1

/* Waits for the handover; false when the runtime is gone. */
static bool receive_handover(struct handover *out_handover, int *out_link)
{
	uint8_t data[HANDOVER_SIZE];
	int fds[FDPASS_MAX];
	size_t n_fds;
	ssize_t got = fdpass_receive(HANDOVER_FD, data, sizeof data, fds, &n_fds);

	if (got == sizeof data && n_fds == 1 && handover_decode(data, sizeof data, out_handover)) {
		*out_link = fds[0];
		return true;
	}
	while (n_fds > 0)
		close(fds[--n_fds]);
	return false;
}

static bool started_by_runtime(void)
{
	struct stat status;

	return fstat(HANDOVER_FD, &status) == 0 && S_ISSOCK(status.st_mode);
}

int main(void)
{
	struct handover handover;
	int64_t begin;
	int status;
	int link;

	if (!started_by_runtime()) {
		fputs("cc-shim: started by cc-oci-runtime " PACKAGE_VERSION
		      " for each process of a container, not by hand\n",
			stderr);
		return EXIT_NO_PROCESS;
	}
	/* A signal must wait for the process that it is meant for: we were started with all
	 * blocked. */
	relay_block_signals();
	/* A timeline without us is better than a process without us. */
	(void)trace_open("cc-shim", NULL);
	begin = trace_begin();
	if (!root_enter(HANDOVER_ROOT_FD) || chdir("/") < 0 || !receive_handover(&handover, &link))
		return EXIT_NO_PROCESS;
	close(HANDOVER_FD);
	trace_end("wait for handover", begin);
	begin = trace_begin();
	status = relay_run(&handover, link);
	trace_end("process", begin);
	return status;
}
