/* SPDX-License-Identifier: GPL-2.0-only */
/* A further process in a container. */
#include <string.h>
#include <unistd.h>
#include <uuid.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/timeouts.h"
#include "base/trace.h"
#include "cgroup/apply.h"
#include "container/cgroup.h"
#include "container/container.h"
#include "container/directory.h"
#include "container/network.h"
#include "container/pid-file.h"
#include "container/stdio.h"
#include "sandbox/sandbox.h"
#include "shim/launch.h"

struct execution {
	const struct settings *settings;
	const struct exec_options *options;
	struct oci_state *state;
	struct stdio stdio;
	/* For the shim, which sits in the container's cgroups. */
	GArray *cgroups;
	struct shim shim;
	struct sandbox *sandbox;
	struct sandbox_process process;
	char process_id[UUID_STR_LEN];
};

static gboolean warn(struct execution *execution, GError **error)
{
	const GPtrArray *warnings = execution->options->process->warnings;

	(void)error;
	for (guint i = 0; warnings != NULL && i < warnings->len; i++)
		log_warning("%s", (const char *)g_ptr_array_index(warnings, i));
	return TRUE;
}

static gboolean find_container(struct execution *execution, GError **error)
{
	enum oci_status status;

	execution->state = container_state(execution->settings, execution->options->id, error);
	if (execution->state == NULL)
		return FALSE;
	status = oci_state_status(execution->state);
	if (status == OCI_STATUS_RUNNING || status == OCI_STATUS_CREATED ||
		(status == OCI_STATUS_PAUSED && execution->options->ignore_paused))
		return TRUE;
	if (status == OCI_STATUS_PAUSED) {
		g_set_error(error, CC_ERROR, CC_ERROR_NOT_RUNNING,
			"cannot exec in a paused container (use --ignore-paused to override)");
		return FALSE;
	}
	g_set_error(error, CC_ERROR, CC_ERROR_NOT_RUNNING, "cannot exec in a %s container",
		oci_status_name(status));
	return FALSE;
}

static gboolean connect_sandbox(struct execution *execution, GError **error)
{
	g_autofree char *directory = directory_path(execution->settings, execution->state->sandbox);

	execution->sandbox = sandbox_connect(directory, error);
	return execution->sandbox != NULL &&
	       sandbox_wait_ready(execution->sandbox, TIMEOUT_PROXY_REQUEST_MS, error);
}

static gboolean open_cgroups(struct execution *execution, GError **error)
{
	g_autofree char *directory = directory_path(execution->settings, execution->options->id);

	execution->cgroups = container_cgroup_open(directory, error);
	return execution->cgroups != NULL;
}

static gboolean start_shim(struct execution *execution, GError **error)
{
	const struct exec_options *options = execution->options;
	auto_fd int namespace = network_of_process(execution->state->shim.pid, error);
	struct shim_options shim = {
		.path = execution->settings->shim_path,
		.argv = (const char *const *)options->process->args,
		.cgroups = execution->cgroups,
		.network_namespace = namespace,
	};

	if (namespace < 0 || !stdio_open(options->process, options->console_socket,
				     options->attached, &execution->stdio, error))
		return FALSE;
	memcpy(shim.stdio, execution->stdio.fds, sizeof shim.stdio);
	return shim_start(&shim, &execution->shim, error);
}

static gboolean start_process(struct execution *execution, GError **error)
{
	const struct exec_options *options = execution->options;
	struct sandbox_reservation reservation = {
		.container = options->id,
		.process = execution->process_id,
		.terminal = options->process->terminal,
		.shim = execution->shim.process,
	};
	uuid_t uuid;

	uuid_generate_random(uuid);
	uuid_unparse_lower(uuid, execution->process_id);
	return sandbox_reserve_process(
		       execution->sandbox, &reservation, &execution->process, error) &&
	       sandbox_exec(execution->sandbox, options->process, options->cgroup, options->in_vm,
		       &execution->process, error);
}

static gboolean hand_over(struct execution *execution, GError **error)
{
	return shim_hand_over(
		&execution->shim, &execution->process.handover, execution->process.streams, error);
}

static gboolean write_pid_file(struct execution *execution, GError **error)
{
	return pid_file_write(execution->options->pid_file, execution->shim.process.pid, error);
}

#define STEP(function)                                                                             \
	{                                                                                          \
#function, function                                                                \
	}

static const struct {
	/* In the timeline. */
	const char *name;
	gboolean (*run)(struct execution *execution, GError **error);
} steps[] = {
	STEP(find_container),
	STEP(warn),
	STEP(connect_sandbox),
	STEP(open_cgroups),
	STEP(start_shim),
	STEP(start_process),
	STEP(hand_over),
	STEP(write_pid_file),
};

static void execution_clear(struct execution *execution)
{
	fd_clear(&execution->process.streams);
	sandbox_free(execution->sandbox);
	shim_clear(&execution->shim);
	cgroup_close_members(execution->cgroups);
	stdio_clear(&execution->stdio);
	oci_state_free(execution->state);
}

gboolean container_exec(const struct settings *settings, const struct exec_options *options,
	struct process_ref *out_shim, GError **error)
{
	struct execution execution = {
		.settings = settings,
		.options = options,
		.stdio = STDIO_INIT,
		.shim = SHIM_INIT,
		.process = SANDBOX_PROCESS_INIT,
	};
	gboolean done = TRUE;

	for (gsize i = 0; done && i < G_N_ELEMENTS(steps); i++) {
		gint64 begin = trace_begin();

		done = steps[i].run(&execution, error);
		trace_end(steps[i].name, begin);
	}
	if (done)
		*out_shim = execution.shim.process;
	else
		/* With the streams closed too, the proxy kills the process if there is one. */
		shim_abandon(&execution.shim);
	execution_clear(&execution);
	return done;
}
