/* SPDX-License-Identifier: GPL-2.0-only */
/* OCI create: a VM with the container in it, ready but for the process's last exec. */
#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/timeouts.h"
#include "base/trace.h"
#include "container/cgroup.h"
#include "container/container.h"
#include "container/directory.h"
#include "container/guest.h"
#include "container/hooks.h"
#include "container/network.h"
#include "container/pid-file.h"
#include "container/pod.h"
#include "container/stdio.h"
#include "container/template.h"
#include "oci/id.h"
#include "sandbox/resources.h"
#include "sandbox/sandbox.h"
#include "shim/launch.h"
#include "storage/plan.h"

/* What is made on the way, in this order; undone in reverse. */
struct creation {
	const struct settings *settings;
	const struct create_options *options;
	struct oci_spec *spec;
	/* The record of the sandbox whose VM we go into; NULL: a VM of our own. */
	struct oci_state *pod;
	GPtrArray *namespace_owners;
	struct storage_plan *storage;
	struct vm_config *vm;
	struct stdio stdio;
	char *directory;
	char *logs;
	int lock;
	struct container_cgroup cgroup;
	struct shim shim;
	/* Of a pod's member only the connection. */
	struct guest guest;
	struct sandbox_process process;
	/* Something of ours may be in the pod's VM. */
	gboolean joined;
	/* Hooks have been run, or begun to: poststop is their other side. */
	gboolean hooked;
};

static void creation_clear(struct creation *creation)
{
	fd_clear(&creation->process.streams);
	guest_clear(&creation->guest);
	fd_clear(&creation->guest.network_namespace);
	shim_clear(&creation->shim);
	container_cgroup_clear(&creation->cgroup);
	stdio_clear(&creation->stdio);
	vm_config_free(creation->vm);
	storage_plan_free(creation->storage);
	g_clear_pointer(&creation->namespace_owners, g_ptr_array_unref);
	oci_state_free(creation->pod);
	oci_spec_free(creation->spec);
	g_free(creation->directory);
	g_free(creation->logs);
	fd_clear(&creation->lock);
}

static char *login_name(void)
{
	const struct passwd *entry = getpwuid(getuid());

	return g_strdup(entry != NULL ? entry->pw_name : "");
}

static char *now(void)
{
	g_autoptr(GDateTime) time = g_date_time_new_now_utc();
	g_autofree char *seconds = g_date_time_format(time, "%Y-%m-%dT%H:%M:%S");

	return g_strdup_printf("%s.%06d000Z", seconds, g_date_time_get_microsecond(time));
}

/* The caller frees. */
static struct oci_state *describe(const struct creation *creation, enum oci_status status)
{
	struct oci_state *state = oci_state_new();
	const struct oci_spec *spec = creation->spec;

	state->oci_version = g_strdup(spec->version);
	state->id = g_strdup(creation->options->id);
	state->bundle = g_strdup(spec->bundle);
	state->rootfs = g_strdup(spec->root_path);
	state->created = now();
	state->owner = login_name();
	state->sandbox = g_strdup(creation->pod != NULL ? creation->pod->id : state->id);
	if (creation->pod != NULL)
		state->logs = g_strdup(creation->pod->logs);
	else if (creation->settings->hypervisor_log_directory != NULL)
		state->logs = directory_logs_path(creation->settings, state->id);
	state->recorded_status = status;
	state->vm_memory_mib = creation->pod == NULL ? creation->vm->memory_mib : 0;
	state->vm_cpus = creation->pod == NULL ? creation->vm->cpus : 0;
	state->terminal = spec->process->terminal;
	state->shim = creation->shim.process;
	state->proxy = creation->pod != NULL ? creation->pod->proxy : creation->guest.proxy;
	g_clear_pointer(&state->annotations, g_hash_table_unref);
	state->annotations = g_hash_table_ref(spec->annotations);
	return state;
}

static gboolean record(const struct creation *creation, enum oci_status status, GError **error)
{
	g_autoptr(oci_state) state = describe(creation, status);

	return oci_state_save(state, creation->directory, error);
}

static void run_poststop(const struct creation *creation)
{
	g_autoptr(oci_state) state = NULL;

	if (!creation->hooked)
		return;
	state = describe(creation, OCI_STATUS_STOPPED);
	hooks_run_all(creation->spec->hooks, OCI_HOOK_POSTSTOP, state);
}

/* Nothing of it stays: no process, no file. Errors here would hide the one that matters. */
static void creation_undo(struct creation *creation)
{
	g_autoptr(GError) error = NULL;

	/* Without the streams a pod's VM ends the process. */
	fd_clear(&creation->process.streams);
	shim_abandon(&creation->shim);
	guest_end(&creation->guest);
	/* The VM has been begun. */
	if (creation->guest.directory != NULL)
		network_sweep(creation->spec, creation->options->id);
	if (creation->joined && !pod_remove_member(creation->settings, creation->pod->id,
					creation->options->id, &error)) {
		log_warning("undo create: %s", error->message);
		g_clear_error(&error);
	}
	if (creation->lock >= 0 &&
		!directory_remove(creation->settings, creation->options->id, &error))
		log_warning("undo create: %s", error->message);
	run_poststop(creation);
}

static void warn(const struct oci_spec *spec)
{
	for (guint i = 0; i < spec->warnings->len; i++)
		log_warning("%s/" OCI_CONFIG_NAME ": %s", spec->bundle,
			(const char *)g_ptr_array_index(spec->warnings, i));
}

/* Reads everything that can be wrong before anything is made. */
static gboolean read_bundle(struct creation *creation, GError **error)
{
	const struct create_options *options = creation->options;

	creation->spec = oci_spec_load(options->bundle, error);
	if (creation->spec == NULL)
		return FALSE;
	warn(creation->spec);
	creation->storage = storage_plan_new(options->id, creation->spec, error);
	if (creation->storage == NULL)
		return FALSE;
	creation->vm = guest_config(creation->settings, options->bundle, creation->spec, error);
	creation->guest.settings = creation->settings;
	creation->guest.config = creation->vm;
	return creation->vm != NULL;
}

static gboolean find_pod(struct creation *creation, GError **error)
{
	if (!pod_find_sandbox(creation->settings, creation->spec, &creation->pod, error))
		return FALSE;
	creation->namespace_owners =
		pod_namespace_owners(creation->settings, creation->spec, creation->pod, error);
	return creation->namespace_owners != NULL;
}

static gboolean reserve(struct creation *creation, GError **error)
{
	creation->lock = directory_reserve(creation->settings, creation->options->id, error);
	if (creation->lock < 0)
		return FALSE;
	creation->directory = directory_path(creation->settings, creation->options->id);
	return oci_spec_keep(creation->spec, creation->directory, error);
}

static gboolean is_emulated(const struct vm_config *vm)
{
	const char *reason;

	return vm->accel == VM_ACCEL_TCG ||
	       (vm->accel == VM_ACCEL_AUTO &&
		       vm_accel_probe("/dev/kvm", "/sys/module", &reason) == VM_ACCEL_TCG);
}

static gboolean make_cgroup(struct creation *creation, GError **error)
{
	creation->cgroup.vm = (struct cgroup_vm){
		.memory_mib = creation->vm->memory_mib,
		.emulated = is_emulated(creation->vm),
	};
	return container_cgroup_make(creation->settings, creation->spec, creation->options->id,
		creation->directory, &creation->cgroup, error);
}

static gboolean start_shim(struct creation *creation, GError **error)
{
	const struct oci_process *process = creation->spec->process;
	auto_fd int namespace = -1;
	struct shim_options options = {
		.path = creation->settings->shim_path,
		.argv = (const char *const *)process->args,
		.root = creation->spec->root_path,
	};

	if (!stdio_open(process, creation->options->console_socket, creation->options->attached,
		    &creation->stdio, error) ||
		!network_open(creation->spec, &namespace, &options.new_network_namespace, error))
		return FALSE;
	memcpy(options.stdio, creation->stdio.fds, sizeof options.stdio);
	/* The network of a pod is the VM's: there is no second one. */
	if (creation->pod != NULL && namespace < 0) {
		options.new_network_namespace = FALSE;
		namespace = network_of_process(creation->pod->shim.pid, error);
		if (namespace < 0)
			return FALSE;
	}
	options.network_namespace = namespace;
	options.cgroups = creation->cgroup.members;
	return shim_start(&options, &creation->shim, error) &&
	       container_cgroup_adopt(
		       creation->spec, creation->shim.process.pid, &creation->cgroup, error);
}

/* A member of a pod: the VM is there. */
static gboolean join(struct creation *creation, GError **error)
{
	g_autofree char *directory = directory_path(creation->settings, creation->pod->id);

	creation->guest.sandbox = sandbox_connect(directory, error);
	creation->joined = creation->guest.sandbox != NULL;
	return creation->joined;
}

static gboolean launch(struct creation *creation, GError **error)
{
	struct guest *guest = &creation->guest;
	auto_fd int namespace = network_of_process(creation->shim.process.pid, error);

	if (namespace < 0)
		return FALSE;
	creation->logs = directory_logs(creation->settings, creation->options->id, error);
	if (creation->logs == NULL)
		return FALSE;
	guest->bundle = creation->options->bundle;
	guest->name = creation->options->id;
	guest->hostname = creation->spec->hostname;
	guest->directory = creation->directory;
	guest->log_directory = creation->logs;
	guest->nic = network_choose(creation->vm, namespace);
	/* The user network reaches out from where we are; nothing is changed there. */
	if (guest->nic.netdev != VM_NETDEV_USER)
		guest->network_namespace = g_steal_fd(&namespace);
	guest->cgroups = creation->cgroup.members;
	return guest_prepare(guest, error) && guest_launch(guest, error);
}

static gboolean launch_or_join(struct creation *creation, GError **error)
{
	return creation->pod != NULL ? join(creation, error) : launch(creation, error);
}

static gboolean record_creating(struct creation *creation, GError **error)
{
	return record(creation, OCI_STATUS_CREATING, error);
}

/* The shim is in its network namespace, which they fill; the guest boots meanwhile. */
static gboolean run_hooks(struct creation *creation, GError **error)
{
	g_autoptr(oci_state) state = describe(creation, OCI_STATUS_CREATING);
	const struct oci_hooks *hooks = creation->spec->hooks;

	creation->hooked = TRUE;
	return hooks_run(hooks, OCI_HOOK_PRESTART, state, error) &&
	       hooks_run(hooks, OCI_HOOK_CREATE_RUNTIME, state, error);
}

/* The guest boots meanwhile. */
static gboolean share_files(struct creation *creation, GError **error)
{
	const struct storage_plan *plan = creation->storage;

	for (gsize i = 0; i < plan->n_binds; i++) {
		const struct storage_bind *bind = &plan->binds[i];

		if (!sandbox_bind(creation->guest.sandbox, bind->source, bind->target,
			    bind->read_only, bind->recursive, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean wait_for_agent(struct creation *creation, GError **error)
{
	g_autoptr(GError) cause = NULL;

	if (guest_wait_ready(&creation->guest, &cause))
		return TRUE;
	return guest_boot_instead(&creation->guest, g_steal_pointer(&cause), error) &&
	       record_creating(creation, error) && share_files(creation, error) &&
	       guest_wait_ready(&creation->guest, error);
}

/* In the foreground we are what the service manager knows, and the messages are ours. */
static gboolean relay_notify(struct creation *creation, GError **error)
{
	const struct create_options *options = creation->options;

	return options->notify_socket == NULL ||
	       sandbox_notify(creation->guest.sandbox, options->id, options->notify_socket,
		       options->attached ? getpid() : 0, error);
}

/* A pod's network is the sandbox's. */
static gboolean connect_network(struct creation *creation, GError **error)
{
	if (creation->pod != NULL)
		return TRUE;
	if (creation->guest.nic.netdev == VM_NETDEV_USER)
		return sandbox_user_network(creation->guest.sandbox, error);
	return network_connect(creation->guest.sandbox, creation->spec, error);
}

/* The i-th CPU of the machine on the i-th that the container may use. */
static gboolean pin_cpus(struct creation *creation, GError **error)
{
	const char *cpus = creation->spec->resources->cpuset_cpus;
	g_autoptr(GArray) list = NULL;

	if (cpus == NULL || creation->pod != NULL)
		return TRUE;
	list = oci_cpu_list_parse(cpus, error);
	return list != NULL && sandbox_pin(creation->guest.sandbox, list, error);
}

static gboolean add_container(struct creation *creation, GError **error)
{
	const struct cgroup_place *place = cgroup_place_of(creation->cgroup.places, "memory");

	return sandbox_add_container(creation->guest.sandbox, creation->options->id,
		place != NULL ? place->path : NULL, error);
}

/* The pod, where it is ours to start, and the container in it. */
static gboolean make_container(struct creation *creation, GError **error)
{
	const struct oci_spec *spec = creation->spec;
	const struct sandbox_container container = {
		.spec = spec,
		.mount_sources = creation->storage->mount_sources,
		.namespace_owners = creation->namespace_owners,
		.notify = creation->options->notify_socket != NULL,
	};
	gboolean is_sandbox = creation->pod == NULL;
	struct sandbox_reservation reservation = {
		.container = creation->options->id,
		.process = SANDBOX_INIT_PROCESS,
		.terminal = spec->process->terminal,
		.is_sandbox_init = is_sandbox,
		.shim = creation->shim.process,
	};

	if ((is_sandbox && !sandbox_start_pod(creation->guest.sandbox, spec->hostname,
				   creation->guest.args->share_tag, error)) ||
		!sandbox_reserve_process(
			creation->guest.sandbox, &reservation, &creation->process, error) ||
		!relay_notify(creation, error) ||
		!sandbox_new_container(
			creation->guest.sandbox, &container, &creation->process, error))
		return FALSE;
	/* Not before: the guest has made the mount points in it. */
	return !spec->root_readonly ||
	       sandbox_protect(creation->guest.sandbox, creation->storage->binds[0].target, error);
}

/* From here on the guest does the container's work, not its own. */
static gboolean limit_cpu(struct creation *creation, GError **error)
{
	return container_cgroup_limit_cpu(creation->spec, &creation->cgroup, error);
}

static gboolean hand_over(struct creation *creation, GError **error)
{
	return shim_hand_over(
		&creation->shim, &creation->process.handover, creation->process.streams, error);
}

static gboolean record_created(struct creation *creation, GError **error)
{
	return record(creation, OCI_STATUS_CREATED, error) &&
	       (creation->pod != NULL || sandbox_own(creation->guest.sandbox, error));
}

/* Last of all: for an engine, the pid file says that the container is there. */
static gboolean write_pid_file(struct creation *creation, GError **error)
{
	return pid_file_write(creation->options->pid_file, creation->shim.process.pid, error);
}

#define STEP(function)                                                                             \
	{                                                                                          \
#function, function                                                                \
	}

static const struct {
	/* In the timeline. */
	const char *name;
	gboolean (*run)(struct creation *creation, GError **error);
} steps[] = {
	STEP(read_bundle),
	STEP(find_pod),
	STEP(reserve),
	STEP(make_cgroup),
	STEP(start_shim),
	STEP(launch_or_join),
	STEP(record_creating),
	STEP(run_hooks),
	STEP(share_files),
	STEP(wait_for_agent),
	STEP(connect_network),
	STEP(pin_cpus),
	STEP(add_container),
	STEP(make_container),
	STEP(limit_cpu),
	STEP(hand_over),
	STEP(record_created),
	STEP(write_pid_file),
};

gboolean container_create(const struct settings *settings, const struct create_options *options,
	struct process_ref *out_shim, GError **error)
{
	struct creation creation = {
		.settings = settings,
		.options = options,
		.lock = -1,
		.stdio = STDIO_INIT,
		.shim = SHIM_INIT,
		.guest = GUEST_INIT,
		.process = SANDBOX_PROCESS_INIT,
	};
	gboolean done = oci_id_check(options->id, error);

	for (gsize i = 0; done && i < G_N_ELEMENTS(steps); i++) {
		gint64 begin = trace_begin();

		done = steps[i].run(&creation, error);
		trace_end(steps[i].name, begin);
	}
	if (done) {
		*out_shim = creation.shim.process;
		template_make_later(&creation.guest);
	} else {
		creation_undo(&creation);
	}
	creation_clear(&creation);
	return done;
}
