/* SPDX-License-Identifier: GPL-2.0-only */
/* Starts shims. */
#include "shim/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/spawn.h"
#include "wire/fdpass.h"

gboolean shim_start(const struct shim_options *options, struct shim *out_shim, GError **error)
{
	auto_fd int ours = -1;
	auto_fd int theirs = -1;

	if (!fd_socket_pair(&ours, &theirs, error))
		return FALSE;

	auto_fd int root = -1;

	if (options->root != NULL) {
		root = open(options->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (root < 0) {
			error_set_errno(error, errno, "start shim: %s", options->root);
			return FALSE;
		}
	}

	const int fds[] = {options->stdio[0], options->stdio[1], options->stdio[2], theirs, root};
	struct spawn spawn = {
		.path = options->path,
		.argv = options->argv,
		.fds = fds,
		.n_fds = G_N_ELEMENTS(fds),
		.cgroups = options->cgroups,
		.network_namespace = options->network_namespace,
		.new_network_namespace = options->new_network_namespace,
		.new_session = TRUE,
		.block_signals = TRUE,
	};
	struct process_ref process = {.pid = spawn_process(&spawn, error)};

	G_STATIC_ASSERT(G_N_ELEMENTS(fds) == HANDOVER_ROOT_FD + 1);
	if (process.pid < 0 || !process_ref_get(process.pid, &process, error)) {
		g_prefix_error(error, "start shim: ");
		return FALSE;
	}
	*out_shim = (struct shim){.process = process, .socket = g_steal_fd(&ours)};
	return TRUE;
}

gboolean shim_hand_over(
	struct shim *shim, const struct handover *handover, int streams, GError **error)
{
	guint8 data[HANDOVER_SIZE];

	handover_encode(handover, data);
	if (fdpass_send(shim->socket, data, sizeof data, &streams, 1) != sizeof data) {
		error_set_errno(error, errno, "hand the process over to its shim");
		return FALSE;
	}
	return TRUE;
}

void shim_abandon(struct shim *shim)
{
	shim_clear(shim);
	if (shim->process.pid <= 0)
		return;
	/* ECHILD: not our child. */
	(void)process_signal(&shim->process, SIGKILL);
	while (waitpid(shim->process.pid, NULL, 0) < 0 && errno == EINTR)
		;
}

void shim_clear(struct shim *shim)
{
	fd_clear(&shim->socket);
}
