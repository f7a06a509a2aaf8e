/* SPDX-License-Identifier: GPL-2.0-only */
/* Puts QEMU, its sockets, the agent and the streams together. */
#include "proxy/vm.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/hypervisor.h"
#include "base/timeouts.h"
#include "base/trace.h"
#include "proxy/connector.h"
#include "proxy/console.h"
#include "proxy/qmp.h"
#include "proxy/timeline.h"
#include "proxy/watch.h"

#define HYPERVISOR_LOG "hypervisor.log"
#define CONSOLE_LOG    "console.log"
/* The id of a container's first process (docs/agent-protocol.md). */
#define INIT_PROCESS "init"

struct vm {
	enum vm_state state;
	gboolean launched;
	GError *reason;
	struct logfile *log;
	/* Until the console takes it over. */
	struct logfile *console_log;
	struct share *share;
	struct hypervisor *hypervisor;
	struct connector *connector;
	/* Our ends, until all are connected and their owners take them over. */
	int sockets[HYPERVISOR_SOCKETS];
	struct qmp *qmp;
	struct template *template;
	struct agent *agent;
	struct network *network;
	struct streams *streams;
	struct notify *notify;
	struct oom *oom;
	gboolean paused;
	struct console *console;
	/* When it was started, for the timeline. */
	gint64 started;
	struct timeline *timeline;
	guint agent_timeout;
	guint ready_timer;
	/* Sockets are closed, and QEMU's own end is waited for. */
	guint closed_timer;
	const struct vm_events *events;
	void *data;
};

/* The first reason is the one. It may quote the guest, and ends on a client's terminal. */
static void set_reason(struct vm *vm, const GError *reason)
{
	if (vm->reason != NULL)
		return;
	vm->reason = g_error_copy(reason);
	for (char *c = vm->reason->message; *c != '\0'; c++)
		if (g_ascii_iscntrl(*c))
			*c = ' ';
	logfile_note(vm->log, LOG_INFO, "the VM ends: %s", vm->reason->message);
}

static void set_reason_text(struct vm *vm, int code, const char *text)
{
	g_autoptr(GError) reason = g_error_new_literal(CC_ERROR, code, text);

	set_reason(vm, reason);
}

/* All that belongs to a running QEMU; the streams live on until they are drained. */
static void finish(struct vm *vm)
{
	vm->state = VM_ENDED;
	oom_finish(vm->oom);
	timer_clear(&vm->ready_timer);
	timer_clear(&vm->closed_timer);
	g_clear_pointer(&vm->connector, connector_free);
	if (vm->network != NULL)
		network_detach(vm->network);
	if (vm->agent != NULL)
		agent_close(vm->agent, vm->reason);
	g_clear_pointer(&vm->qmp, qmp_free);
	g_clear_pointer(&vm->template, template_free);
	g_clear_pointer(&vm->network, network_free);
	g_clear_pointer(&vm->console, console_free);
	g_clear_pointer(&vm->share, share_free);
	if (vm->streams != NULL)
		streams_end(vm->streams);
	vm->events->ended(vm->data);
	if (vm_is_drained(vm))
		vm->events->drained(vm->data);
}

static void kill_hypervisor(struct vm *vm)
{
	if (vm->state == VM_ENDED || vm->state == VM_KILLED)
		return;
	if (vm->hypervisor == NULL) {
		finish(vm);
		return;
	}
	vm->state = VM_KILLED;
	hypervisor_kill(vm->hypervisor);
	if (vm->network != NULL)
		network_abandon(vm->network);
}

static void abort_with(struct vm *vm, const GError *reason)
{
	if (vm->state == VM_ENDED)
		return;
	set_reason(vm, reason);
	kill_hypervisor(vm);
}

void vm_abort(struct vm *vm, const char *reason)
{
	g_autoptr(GError) error = g_error_new_literal(CC_ERROR, CC_ERROR_NOT_RUNNING, reason);

	abort_with(vm, error);
}

static void on_destroyed(JsonNode *payload, const GError *error, void *data)
{
	struct vm *vm = data;

	(void)payload;
	if (vm->state != VM_STOPPING)
		return;
	if (error != NULL)
		logfile_note(vm->log, LOG_WARNING, "DESTROYPOD: %s", error->message);
	/* What processes wrote last is in the tty channel by now: the ACK came after it. */
	streams_catch_up(vm->streams);
	kill_hypervisor(vm);
}

gboolean vm_is_paused(const struct vm *vm)
{
	return vm->paused;
}

void vm_set_paused(struct vm *vm, gboolean paused)
{
	vm->paused = paused;
	agent_hold(vm->agent, paused);
}

/* To be ended in order, it has to run. If it cannot, DESTROYPOD has a deadline. */
static void go_on(struct vm *vm)
{
	g_autoptr(GError) error = NULL;

	vm_set_paused(vm, FALSE);
	if (!qmp_execute(vm->qmp, "cont", NULL, NULL, NULL, &error))
		logfile_note(vm->log, LOG_WARNING, "%s", error->message);
}

void vm_stop(struct vm *vm)
{
	if (vm->state >= VM_STOPPING)
		return;
	set_reason_text(vm, CC_ERROR_NOT_RUNNING, "the VM has been stopped");
	if (vm->state != VM_RUNNING) {
		kill_hypervisor(vm);
		return;
	}
	if (vm->paused)
		go_on(vm);
	vm->state = VM_STOPPING;
	agent_destroy(vm->agent, on_destroyed, vm);
}

static void on_hypervisor_ended(const char *words, void *data)
{
	struct vm *vm = data;
	g_autofree char *text = g_strdup_printf("hypervisor ended: %s", words);

	set_reason_text(vm, CC_ERROR_FAILED, text);
	finish(vm);
}

static gboolean on_ready_timeout(void *data)
{
	struct vm *vm = data;
	g_autofree char *words = hypervisor_last_words(vm->hypervisor);
	g_autofree char *text = g_strdup_printf("the agent did not answer within %u ms%s%s",
		vm->agent_timeout, *words != '\0' ? "; the hypervisor said: " : "", words);

	vm->ready_timer = 0;
	set_reason_text(vm, CC_ERROR_TIMEOUT, text);
	kill_hypervisor(vm);
	return G_SOURCE_REMOVE;
}

static gboolean on_closed_timeout(void *data)
{
	struct vm *vm = data;

	vm->closed_timer = 0;
	vm_abort(vm, "the hypervisor closed its sockets, but did not end");
	return G_SOURCE_REMOVE;
}

/* A socket of QEMU's is closed: it is ending, and its own words say best why. */
static void on_agent_closed(void *data)
{
	struct vm *vm = data;

	if (vm->state == VM_STOPPING)
		kill_hypervisor(vm);
	else if (vm->closed_timer == 0 && vm->state < VM_STOPPING)
		vm->closed_timer = g_timeout_add(TIMEOUT_PROCESS_EXIT_MS, on_closed_timeout, vm);
}

static void on_qmp_failed(const GError *error, void *data)
{
	struct vm *vm = data;

	if (vm->state < VM_STOPPING)
		logfile_note(vm->log, LOG_WARNING, "%s", error->message);
	on_agent_closed(vm);
}

static void on_agent_ready(void *data)
{
	struct vm *vm = data;

	if (vm->state != VM_STARTING || template_tell_again(vm->template))
		return;
	timer_clear(&vm->ready_timer);
	vm->state = VM_RUNNING;
	if (vm->network != NULL)
		network_attach(vm->network, vm->agent, vm->qmp);
	trace_end("hypervisor to agent", vm->started);
	vm->timeline = timeline_new(vm->agent, vm_get_pid(vm), vm->started);
	streams_start(vm->streams);
	vm->events->ready(vm->data);
}

static void on_exited(const char *container, const char *process, int status, void *data)
{
	struct vm *vm = data;

	oom_exit(vm->oom, container, process, status);
}

static void pass_on_exit(const char *container, const char *process, int status, void *data)
{
	struct vm *vm = data;

	streams_exited(vm->streams, container, process, status);
}

static void on_oom_changed(void *data)
{
	struct vm *vm = data;

	vm->events->oom(vm->data);
}

static void on_oom(const char *container, guint64 kills, void *data)
{
	struct vm *vm = data;

	oom_count(vm->oom, container, kills);
}

static void on_spanned(const char *name, gint64 begin, gint64 end, void *data)
{
	struct vm *vm = data;

	timeline_add(vm->timeline, name, begin, end);
}

static void on_notified(const char *container, const char *text, void *data)
{
	struct vm *vm = data;

	notify_pass(vm->notify, container, text);
}

static void on_queried(guint32 id, gboolean stream, const char *hex, void *data)
{
	struct vm *vm = data;

	if (vm->network != NULL)
		network_query(vm->network, id, stream, hex);
}

static void on_failed(const GError *error, void *data)
{
	abort_with(data, error);
}

static void on_init_ended(void *data)
{
	vm_stop(data);
}

static void on_drained(void *data)
{
	struct vm *vm = data;

	if (vm_is_drained(vm))
		vm->events->drained(vm->data);
}

static const struct oom_events oom_events = {
	.changed = on_oom_changed,
	.exited = pass_on_exit,
};

static const struct agent_events agent_events = {
	.ready = on_agent_ready,
	.exited = on_exited,
	.oom = on_oom,
	.spanned = on_spanned,
	.notified = on_notified,
	.queried = on_queried,
	.failed = on_failed,
	.closed = on_agent_closed,
};

static const struct streams_events streams_events = {
	.failed = on_failed,
	.init_ended = on_init_ended,
	.drained = on_drained,
};

static void on_qmp_event(const char *name, JsonObject *details, void *data)
{
	struct vm *vm = data;

	template_event(vm->template, name, details);
	if (vm->network != NULL)
		network_event(vm->network, name, details);
}

static const struct qmp_events qmp_events = {
	.failed = on_qmp_failed,
	.event = on_qmp_event,
};

/* All four sockets are connected. */
static void attach(struct vm *vm)
{
	int *sockets = vm->sockets;

	vm->qmp = qmp_new(g_steal_fd(&sockets[HYPERVISOR_QMP]), vm->log, &qmp_events, vm);
	vm->template = template_new(vm->qmp);
	vm->console = console_new(
		g_steal_fd(&sockets[HYPERVISOR_CONSOLE]), g_steal_pointer(&vm->console_log));
	vm->notify = notify_new(vm->log);
	vm->agent = agent_new(g_steal_fd(&sockets[HYPERVISOR_CONTROL]), vm->log, &agent_events, vm);
	vm->streams = streams_new(
		g_steal_fd(&sockets[HYPERVISOR_TTY]), vm->agent, vm->log, &streams_events, vm);
}

static gboolean is_connected(const struct vm *vm)
{
	for (int i = 0; i < HYPERVISOR_SOCKETS; i++)
		if (vm->sockets[i] < 0)
			return FALSE;
	return TRUE;
}

static void on_connected(enum hypervisor_socket socket, int fd, void *data)
{
	struct vm *vm = data;

	vm->sockets[socket] = fd;
	if (is_connected(vm))
		attach(vm);
}

static const struct connector_events connector_events = {
	.connected = on_connected,
	.failed = on_failed,
};

static gboolean open_logs(struct vm *vm, const char *directory, GError **error)
{
	vm->log = logfile_open(directory, HYPERVISOR_LOG, error);
	if (vm->log == NULL)
		return FALSE;
	oom_set_log(vm->oom, vm->log);
	vm->console_log = logfile_open(directory, CONSOLE_LOG, error);
	return vm->console_log != NULL;
}

/* Socket pairs for what QEMU does not make itself; our ends are kept. */
static gboolean make_sockets(
	struct vm *vm, const struct vm_launch *launch, int *theirs, GError **error)
{
	for (int i = 0; i < HYPERVISOR_SOCKETS; i++)
		if (launch->sockets[i] == NULL &&
			!fd_socket_pair(&vm->sockets[i], &theirs[i], error))
			return FALSE;
	return TRUE;
}

/* Before QEMU is there: its first commands wait for it in its socket. */
static gboolean prepare_clone(struct vm *vm, const struct vm_launch *launch, GError **error)
{
	if (launch->identity == NULL)
		return TRUE;
	if (!is_connected(vm)) {
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID,
			"a clone's sockets cannot be placed by path");
		return FALSE;
	}
	attach(vm);
	return template_restore(vm->template, vm->agent, launch->identity, on_failed, vm, error);
}

/* Those of the launch, and those of the first network device. */
static GArray *gather_descriptors(const struct vm *vm, const struct vm_launch *launch)
{
	GArray *all = g_array_new(FALSE, FALSE, sizeof(struct hypervisor_descriptor));
	const int *fds = NULL;
	gsize n = 0;

	if (launch->n_descriptors > 0)
		g_array_append_vals(all, launch->descriptors, (guint)launch->n_descriptors);
	if (vm->network != NULL)
		fds = network_fds(vm->network, &n);
	for (gsize i = 0; i < n; i++) {
		const struct hypervisor_descriptor descriptor = {
			.fd = fds[i], .number = HYPERVISOR_FD_NETWORK + (int)i};

		g_array_append_val(all, descriptor);
	}
	return all;
}

static gboolean start(struct vm *vm, const struct vm_launch *launch, GError **error)
{
	g_autoptr(GArray) descriptors = gather_descriptors(vm, launch);
	struct hypervisor_config config = {
		.argv = (const char *const *)launch->argv,
		.sockets = {-1, -1, -1, -1},
		.descriptors = (const struct hypervisor_descriptor *)(void *)descriptors->data,
		.n_descriptors = descriptors->len,
		.log = vm->log,
		.ended = on_hypervisor_ended,
		.data = vm,
	};

	if (make_sockets(vm, launch, config.sockets, error) && prepare_clone(vm, launch, error))
		vm->hypervisor = hypervisor_start(&config, error);
	if (vm->network != NULL)
		network_started(vm->network);
	for (int i = 0; i < HYPERVISOR_SOCKETS; i++)
		fd_clear(&config.sockets[i]);
	return vm->hypervisor != NULL;
}

static gboolean open_network(struct vm *vm, const struct network_config *wanted, GError **error)
{
	struct network_config config = *wanted;

	config.log = vm->log;
	vm->network = network_new(&config, error);
	return vm->network != NULL;
}

gboolean vm_launch(struct vm *vm, const struct vm_launch *launch, GError **error)
{
	if (vm->launched || vm->state != VM_NEW) {
		g_set_error(error, CC_ERROR, CC_ERROR_FAILED, "launched already");
		return FALSE;
	}
	vm->launched = TRUE;
	vm->agent_timeout = launch->agent_timeout;
	if (!open_logs(vm, launch->log_directory, error))
		return FALSE;
	vm->share = share_mount(launch->share, error);
	if (vm->share == NULL)
		return FALSE;
	if (launch->network.owner != NULL && !open_network(vm, &launch->network, error))
		return FALSE;
	vm->connector = connector_new(launch->sockets, &connector_events, vm, error);
	if (vm->connector == NULL || !start(vm, launch, error)) {
		g_clear_pointer(&vm->connector, connector_free);
		return FALSE;
	}
	vm->state = VM_STARTING;
	vm->started = trace_begin();
	vm->ready_timer = g_timeout_add(launch->agent_timeout, on_ready_timeout, vm);
	if (vm->agent == NULL && is_connected(vm))
		attach(vm);
	return TRUE;
}

gboolean vm_save(struct vm *vm, int file, template_saved_func done, void *data, GError **error)
{
	auto_fd int state = file;

	if (vm->state != VM_RUNNING) {
		g_set_error(error, CC_ERROR, CC_ERROR_NOT_RUNNING, "the guest does not run");
		return FALSE;
	}
	return template_save(vm->template, g_steal_fd(&state), done, data, error);
}

struct vm *vm_new(const struct vm_events *events, void *data)
{
	struct vm *vm = g_new0(struct vm, 1);

	vm->events = events;
	vm->oom = oom_new(&oom_events, vm);
	vm->data = data;
	for (int i = 0; i < HYPERVISOR_SOCKETS; i++)
		vm->sockets[i] = -1;
	return vm;
}

void vm_free(struct vm *vm)
{
	if (vm == NULL)
		return;
	timer_clear(&vm->ready_timer);
	timer_clear(&vm->closed_timer);
	if (vm->network != NULL)
		network_detach(vm->network);
	connector_free(vm->connector);
	oom_free(vm->oom);
	streams_free(vm->streams);
	agent_free(vm->agent);
	timeline_free(vm->timeline);
	notify_free(vm->notify);
	qmp_free(vm->qmp);
	template_free(vm->template);
	network_free(vm->network);
	console_free(vm->console);
	hypervisor_free(vm->hypervisor);
	share_free(vm->share);
	for (int i = 0; i < HYPERVISOR_SOCKETS; i++)
		fd_clear(&vm->sockets[i]);
	logfile_free(vm->console_log);
	logfile_free(vm->log);
	g_clear_error(&vm->reason);
	g_free(vm);
}

enum vm_state vm_get_state(const struct vm *vm)
{
	return vm->state;
}

gboolean vm_is_drained(const struct vm *vm)
{
	return vm->state == VM_ENDED && (vm->streams == NULL || streams_count(vm->streams) == 0);
}

const GError *vm_get_reason(const struct vm *vm)
{
	return vm->reason;
}

pid_t vm_get_pid(const struct vm *vm)
{
	return vm->hypervisor != NULL ? hypervisor_pid(vm->hypervisor) : 0;
}

struct share *vm_get_share(struct vm *vm)
{
	return vm->share;
}

struct agent *vm_get_agent(struct vm *vm)
{
	return vm->agent;
}

struct network *vm_get_network(struct vm *vm)
{
	return vm->network;
}

struct streams *vm_get_streams(struct vm *vm)
{
	return vm->streams;
}

struct notify *vm_get_notify(struct vm *vm)
{
	return vm->notify;
}

struct qmp *vm_get_qmp(struct vm *vm)
{
	return vm->qmp;
}

struct oom *vm_get_oom(struct vm *vm)
{
	return vm->oom;
}

struct logfile *vm_get_log(struct vm *vm)
{
	return vm->log;
}
