/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cc-proxy: one per VM, and for the rest of the host it is the VM.
 *
 * Role. It spawns QEMU as its child, holds all four of QEMU's sockets (QMP, agent control, agent
 * tty, console), owns the mount namespace in which the guest's share is populated, and routes: the
 * runtime's requests to the agent, and the bytes of each process between the guest and the shim
 * that stands for the process on the host. There is no daemon behind it, and nothing on disk that
 * another could take over from: when it dies, the kernel kills QEMU (PR_SET_PDEATHSIG), drops the
 * namespace with all its mounts, and closes the links, by which the shims end.
 *
 * Trust. The guest is hostile, and so is a QEMU that it has broken out into: of what comes up from
 * them every length, type, number and state is checked; what breaks the protocol ends the VM, and
 * nothing that they send makes us grow beyond stated bounds (the enums in the headers) or wait.
 * Clients are of our own uid, which the kernel vouches for (SO_PEERCRED); they may be of another
 * version, so their requests are checked, but they may ask for anything. A shim may touch the
 * streams of its own process, nothing else. QEMU gets four sockets, a pipe for its output, and
 * /dev/null: no descriptor of the one who created us reaches it, or stays with us.
 *
 * Life. The runtime's `create` starts us in a session of our own with
 *   0-2  /dev/null
 *   3    the listening socket, proxy.sock in the state directory
 *   4    its own end of a socket pair: the creator, our first client
 * We leave the host's mount namespace, then serve. `launch` mounts the share and starts QEMU; the
 * agent says READY and its version. Until the creator says `own`, the VM dies with that connection,
 * so a `create` that is killed leaves nothing. We end when the sandbox's init process has ended (or
 * its shim, `stop`, SIGTERM, the guest's crash, a broken protocol): QEMU is killed and reaped, and
 * then we stay only until each shim has read its process's last output and closed its link.
 *
 * Who connects. proxy.sock: the runtime's commands, one connection each, docs/proxy-protocol.md.
 * The links: one shim each; their other ends are handed out by the request `process`. Everything
 * happens in one thread and one main loop.
 *
 *   main     descriptors, signals, the loop
 *   server   clients              request    the table of their requests (request-vm: some)
 *   vm       the life cycle       hypervisor, connector, console, qmp: QEMU and its sockets
 *   agent    the control channel  agentinfo, agenterror: what it says, parsed
 *   streams  the routing          relay: one process;  link, tty: the sockets;  orders: signals
 *   power    pause, pinning       oom, victim: memory that ran out, shown on the host
 *   share    the mounts           logfile, watch: tools
 */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/trace.h"
#include "proxy/server.h"
#include "proxy/share.h"
#include "proxy/victim.h"
#include "proxy/vm.h"
#include "proxy/watch.h"
#include "wire/channel.h"

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "unknown"
#endif

struct proxy {
	GMainLoop *loop;
	struct vm *vm;
	struct server *server;
	int signals;
	struct watch signal_watch;
};

struct options {
	char *state_directory;
	gboolean version;
};

static gboolean parse_options(int argc, char **argv, struct options *options, GError **error)
{
	const GOptionEntry entries[] = {
		{"state-dir", 0, 0, G_OPTION_ARG_FILENAME, &options->state_directory,
			"The VM's state directory", "DIR"},
		{"version", 0, 0, G_OPTION_ARG_NONE, &options->version, "Print the version", NULL},
		{NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new("- stand for a VM");

	g_option_context_add_main_entries(context, entries, NULL);
	g_option_context_set_description(context,
		"Started by cc-oci-runtime, with a listening socket as descriptor 3 and a\n"
		"connected one as descriptor 4.\n");
	if (!g_option_context_parse(context, &argc, &argv, error))
		return FALSE;
	if (argc > 1)
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "unknown argument \"%s\"", argv[1]);
	else if (options->state_directory == NULL && !options->version)
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "--state-dir is missing");
	else
		return TRUE;
	return FALSE;
}

static gboolean is_stream_socket(int fd, int listening)
{
	int type;
	int accepts;
	socklen_t size = sizeof(int);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM &&
	       getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &size) == 0 &&
	       accepts == listening;
}

/* The descriptors we must have; others are not ours to keep. */
static gboolean take_descriptors(GError **error)
{
	if (!is_stream_socket(PROXY_FD_LISTEN, 1) || !is_stream_socket(PROXY_FD_CREATOR, 0)) {
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID,
			"descriptors 3 and 4 are not a listening and a connected socket: "
			"started by hand?");
		return FALSE;
	}
	if (fcntl(PROXY_FD_LISTEN, F_SETFD, FD_CLOEXEC) < 0 ||
		fcntl(PROXY_FD_CREATOR, F_SETFD, FD_CLOEXEC) < 0 ||
		syscall(SYS_close_range, PROXY_FD_CREATOR + 1, ~0u, 0) < 0) {
		error_set_errno(error, errno, "descriptors");
		return FALSE;
	}
	/* Once more, and now it is us whom the kernel names to who connects (SO_PEERCRED). */
	if (listen(PROXY_FD_LISTEN, SOMAXCONN) < 0) {
		error_set_errno(error, errno, "listen");
		return FALSE;
	}
	return fd_set_nonblocking(PROXY_FD_LISTEN, error);
}

static void on_signal(GIOCondition condition, void *data)
{
	struct proxy *proxy = data;
	struct signalfd_siginfo info;

	(void)condition;
	if (read(proxy->signals, &info, sizeof info) == sizeof info)
		vm_stop(proxy->vm);
}

/* SIGTERM and SIGINT end the VM in order; a broken pipe is an error of its write(2). */
static gboolean watch_signals(struct proxy *proxy, GError **error)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0 ||
		(proxy->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)) < 0) {
		error_set_errno(error, errno, "signals");
		return FALSE;
	}
	watch_init(&proxy->signal_watch, proxy->signals, G_IO_IN, on_signal, proxy);
	return TRUE;
}

static void quit_when_done(void *data)
{
	struct proxy *proxy = data;

	if (vm_is_drained(proxy->vm) && server_is_idle(proxy->server))
		g_main_loop_quit(proxy->loop);
}

static void on_vm_ready(void *data)
{
	struct proxy *proxy = data;

	server_on_ready(proxy->server);
}

static void on_vm_oom(void *data)
{
	struct proxy *proxy = data;

	server_on_oom(proxy->server);
}

static void on_vm_ended(void *data)
{
	struct proxy *proxy = data;

	server_on_ended(proxy->server);
}

static const struct vm_events vm_events = {
	.ready = on_vm_ready,
	.oom = on_vm_oom,
	.ended = on_vm_ended,
	.drained = quit_when_done,
};

/* A timeline without us is better than a VM without us. */
static void open_trace(const struct options *options)
{
	g_autofree char *container = g_path_get_basename(options->state_directory);

	(void)trace_open("cc-proxy", container);
}

static gboolean prepare(const struct options *options, struct proxy *proxy, GError **error)
{
	if (!take_descriptors(error))
		return FALSE;
	if (chdir(options->state_directory) < 0) {
		error_set_errno(error, errno, "%s", options->state_directory);
		return FALSE;
	}
	umask(022);
	open_trace(options);
	return share_unshare(error) && watch_signals(proxy, error);
}

static void serve(struct proxy *proxy)
{
	proxy->loop = g_main_loop_new(NULL, FALSE);
	proxy->vm = vm_new(&vm_events, proxy);
	proxy->server =
		server_new(PROXY_FD_LISTEN, PROXY_FD_CREATOR, proxy->vm, quit_when_done, proxy);
	g_main_loop_run(proxy->loop);
	server_free(proxy->server);
	vm_free(proxy->vm);
	g_main_loop_unref(proxy->loop);
}

/* Who started us sees no stderr of ours: its first request is answered with the reason. */
static void tell_creator(const GError *reason)
{
	struct channel creator;
	JsonObject *reply = json_object_new();

	json_object_set_string_member(reply, "error", reason->message);
	json_object_set_string_member(reply, "code", channel_code_name(reason));
	channel_init(&creator, PROXY_FD_CREATOR);
	/* If that fails too, the closed connection has to do. */
	if (channel_put(&creator, reply, NULL, 0, NULL))
		(void)!channel_flush(&creator, NULL);
	channel_clear(&creator);
}

int main(int argc, char **argv)
{
	struct options options = {0};
	struct proxy proxy = {.signals = -1};
	g_autoptr(GError) error = NULL;

	/* Started by ourselves: proxy/victim.h. */
	if (argc == 3 && strcmp(argv[1], "--out-of-memory") == 0) {
		victim_run(argv[2]);
		return EXIT_FAILURE;
	}
	if (!parse_options(argc, argv, &options, &error) ||
		(!options.version && !prepare(&options, &proxy, &error))) {
		fprintf(stderr, "cc-proxy: %s\n", error->message);
		if (is_stream_socket(PROXY_FD_CREATOR, 0))
			tell_creator(error);
		g_free(options.state_directory);
		return EXIT_FAILURE;
	}
	if (options.version)
		printf("cc-proxy %s\n", PACKAGE_VERSION);
	else
		serve(&proxy);
	watch_clear(&proxy.signal_watch);
	fd_clear(&proxy.signals);
	g_free(options.state_directory);
	return EXIT_SUCCESS;
}
