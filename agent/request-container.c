/* SPDX-License-Identifier: GPL-2.0-only */
/* Requests that make a process: a container's init, and further ones. */
#include "agent/request.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/boot.h"
#include "agent/cleanup.h"
#include "agent/device-filter.h"
#include "agent/file.h"
#include "agent/hyperstart.h"
#include "agent/json.h"
#include "agent/limits.h"
#include "agent/pollset.h"
#include "agent/rootfs.h"

/* How long a child may take to its program. The share's host can be slow. */
#define PREPARE_TIMEOUT_MS 60000

/* What the plain keys of a process say, whether or not there is an "oci". */
struct process_keys {
	const json_t *json;
	const char *id;
	uint64_t seq;
	uint64_t errors_seq;
};

static bool read_process_keys(
	struct process_keys *out, const json_t *object, struct agent_error *error)
{
	json_t *process = NULL;
	int64_t seq = 0;
	int64_t errors_seq = 0;

	*out = (struct process_keys){.id = "init"};
	if (!json_get_object(object, "process", &process, error))
		return false;
	if (process == NULL)
		return agent_error_set(error, AGENT_CODE_FAILED, "process: missing");
	if (!json_get_string(process, "id", &out->id, error) ||
		!json_get_integer(process, "stdio", 0, INT64_MAX, &seq, error) ||
		!json_get_integer(process, "stderr", 0, INT64_MAX, &errors_seq, error))
		return agent_error_prefix(error, "process");
	if (*out->id == '\0')
		out->id = "init";
	out->json = process;
	out->seq = (uint64_t)seq;
	out->errors_seq = (uint64_t)errors_seq;
	return true;
}

/* A new process with the streams that it needs: a terminal has no stderr. */
static struct process *make_process(struct agent *agent, const struct process_keys *keys,
	bool terminal, struct agent_error *error)
{
	return process_new(
		keys->id, &agent->tty, keys->seq, terminal ? 0 : keys->errors_seq, error);
}

/* SHARED/<image>/<rootfs>; the caller owns it. */
static char *root_path(const json_t *container, struct agent_error *error)
{
	const char *image = "";
	const char *rootfs = "";
	AUTO_FREE char *below = NULL;
	char *path;

	if (!json_get_string(container, "image", &image, error) ||
		!json_get_string(container, "rootfs", &rootfs, error))
		return NULL;
	rootfs += strspn(rootfs, "/");
	if (asprintf(&below, "%s%s%s", image, *image != '\0' && *rootfs != '\0' ? "/" : "",
		    rootfs) < 0 ||
		!path_is_below(below)) {
		agent_error_set(error, AGENT_CODE_FAILED,
			"image, rootfs: \"%s/%s\" is not below the share", image, rootfs);
		return NULL;
	}
	if (asprintf(&path, SHARE_DIRECTORY "/%s", below) < 0) {
		agent_error_set(error, AGENT_CODE_FAILED, "out of memory");
		return NULL;
	}
	return path;
}

/* The sections of config.json: as sent, or translated. The caller owns them. */
static json_t *container_sections(const struct agent *agent, const json_t *container,
	const char *root, struct agent_error *error)
{
	json_t *oci = NULL;

	if (!json_get_object(container, "oci", &oci, error))
		return NULL;
	if (oci != NULL)
		return json_incref(oci);

	AUTO_CLOSE int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0) {
		agent_error_errno(error, errno, "open the root %s", root);
		return NULL;
	}
	return hyperstart_container_to_oci(container, agent->pod.hostname, fd, error);
}

static bool launch_init(struct agent *agent, struct container *container,
	const struct process_keys *keys, const char *root, bool wait, struct agent_error *error)
{
	struct launch launch = {
		.process = &container->spec.process,
		.container = &container->spec,
		.root = root,
		.cgroup = container->cgroup,
		.wait = wait,
	};
	struct process *process = make_process(agent, keys, launch.process->terminal, error);

	if (process == NULL)
		return false;
	container_add(container, process);
	container->init = process;
	return process_launch(process, &launch, error);
}

/* The child has come to an end, one way or another, or has run out of time. */
static enum progress check_process(struct process *process, bool expired, struct agent_error *error)
{
	if (process->state == PROCESS_PREPARING && expired) {
		process_kill(process);
		agent_error_set(error, AGENT_CODE_FAILED, "not prepared in time");
		return PROGRESS_FAILED;
	}
	if (process->state == PROCESS_PREPARING)
		return PROGRESS_WAIT;
	if (process->state != PROCESS_FAILED)
		return PROGRESS_DONE;
	/* Its cgroup can be removed when it is gone. */
	if (process->pid > 0 && !expired)
		return PROGRESS_WAIT;
	*error = process->error;
	return PROGRESS_FAILED;
}

enum progress container_request_check(struct agent *agent, bool expired, struct agent_error *error)
{
	struct pending *pending = &agent->pending;
	enum progress progress = check_process(pending->process, expired, error);

	if (progress == PROGRESS_FAILED)
		container_free(&agent->pod, pending->container);
	return progress;
}

/* Containers whose namespaces are joined must live, or there is nothing to join. */
static bool look_up_joins(
	const struct pod *pod, struct container_spec *spec, struct agent_error *error)
{
	for (size_t i = 0; i < spec->n_joins; i++) {
		struct spec_join *join = &spec->joins[i];
		const struct container *container = container_find(pod, join->container, error);

		if (container == NULL)
			return false;
		if (!container_is_alive(container))
			return agent_error_set(error, AGENT_CODE_FAILED,
				"container \"%s\", whose %s namespace is asked for, is not running",
				container->id, join->name);
		join->pid = container->init->pid;
	}
	return true;
}

static bool open_notify(struct container *container, struct agent_error *error)
{
	if (!notify_open(&container->notify, container->id, error))
		return false;
	container->spec.notify_directory = container->notify.directory;
	return true;
}

bool container_request_begin(struct agent *agent, const json_t *json, struct agent_error *error)
{
	struct container_spec spec = {.json = NULL};
	struct process_keys keys;
	struct container *container = NULL;
	const char *id = NULL;
	AUTO_FREE char *root = NULL;
	AUTO_JSON json_t *sections = NULL;
	bool notify = false;
	bool launched;

	if (!json_need_string(json, "id", &id, error) || !read_process_keys(&keys, json, error) ||
		!json_get_boolean(json, "notify", &notify, error))
		return false;
	root = root_path(json, error);
	if (root == NULL)
		return false;
	sections = container_sections(agent, json, root, error);
	if (sections == NULL || !container_spec_parse(&spec, sections, error))
		return false;
	if (look_up_joins(&agent->pod, &spec, error))
		container = container_new(&agent->pod, id, &spec, error);
	/* A host that speaks OCI has read that it has to send START. */
	launched = container != NULL && (!notify || open_notify(container, error)) &&
		   limits_apply_sections(sections, container->cgroup, error) &&
		   device_filter_apply(sections, container->cgroup, error) &&
		   launch_init(agent, container, &keys, root, json_object_get(json, "oci") != NULL,
			   error);
	container_spec_clear(&spec);
	if (!launched) {
		container_free(&agent->pod, container);
		return false;
	}
	agent->pending.check = container_request_check;
	agent->pending.deadline =
		pollset_now() + PREPARE_TIMEOUT_MS + hook_list_time(&container->spec.hooks.create);
	agent->pending.container = container;
	agent->pending.process = container->init;
	return true;
}

bool request_new_container(struct agent *agent, struct request *request, struct agent_error *error)
{
	AUTO_JSON json_t *json = json_parse_object(request->payload, request->size, error);

	if (json == NULL)
		return false;
	if (!agent->pod.started)
		return agent_error_set(error, AGENT_CODE_FAILED, "the pod has not been started");
	return container_request_begin(agent, json, error);
}

/* The startContainer hooks each have their own time-out, in the child. */
static enum progress check_start(struct agent *agent, bool expired, struct agent_error *error)
{
	const struct process *init = agent->pending.process;

	if (init->state == PROCESS_STARTING && !expired)
		return PROGRESS_WAIT;
	if (init->state == PROCESS_STARTING)
		agent_error_set(error, AGENT_CODE_FAILED, "not started in time");
	else if (init->start_failed)
		*error = init->error;
	else
		return PROGRESS_DONE;
	return PROGRESS_FAILED;
}

static bool start(struct agent *agent, struct container *container, struct agent_error *error)
{
	const struct hook_list *hooks = &container->spec.hooks.start;

	if (!process_start(container->init, hooks->n > 0, error))
		return false;
	if (hooks->n > 0)
		agent->pending = (struct pending){
			.check = check_start,
			.deadline = pollset_now() + PREPARE_TIMEOUT_MS + hook_list_time(hooks),
			.container = container,
			.process = container->init,
		};
	return true;
}

bool request_start(struct agent *agent, struct request *request, struct agent_error *error)
{
	AUTO_JSON json_t *json = json_parse_object(request->payload, request->size, error);
	struct container *container;
	const char *id = NULL;

	if (json == NULL || !json_need_string(json, "container", &id, error))
		return false;
	container = container_find(&agent->pod, id, error);
	if (container == NULL)
		return false;
	if (container->init == NULL || container->init->state != PROCESS_PREPARED)
		return agent_error_set(error, AGENT_CODE_FAILED,
			"container \"%s\" is not waiting to be started", id);
	return start(agent, container, error);
}

static enum progress check_exec(struct agent *agent, bool expired, struct agent_error *error)
{
	struct pending *pending = &agent->pending;
	enum progress progress = check_process(pending->process, expired, error);

	if (progress == PROGRESS_FAILED)
		container_drop(pending->container, pending->process);
	return progress;
}

/* The section "process": as sent, or translated. The caller owns it. */
static json_t *process_section(
	const json_t *json, const struct process_keys *keys, pid_t init, struct agent_error *error)
{
	char root[64];
	json_t *oci = NULL;
	json_t *process = NULL;

	if (!json_get_object(json, "oci", &oci, error) ||
		!json_get_object(oci, "process", &process, error))
		return NULL;
	if (process != NULL)
		return json_incref(process);
	if (oci != NULL) {
		agent_error_set(error, AGENT_CODE_FAILED, "oci.process: missing");
		return NULL;
	}
	snprintf(root, sizeof root, "/proc/%d/root", init);

	AUTO_CLOSE int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0) {
		agent_error_errno(error, errno, "open the container's root");
		return NULL;
	}
	return hyperstart_process_to_oci(keys->json, fd, error);
}

/* Launches a further process, and waits for it in agent->pending. */
static bool launch_further(struct agent *agent, struct container *container, struct launch *launch,
	const struct process_keys *keys, struct agent_error *error)
{
	struct process *process = make_process(agent, keys, launch->process->terminal, error);

	if (process == NULL || !process_launch(process, launch, error)) {
		process_free(process);
		return false;
	}
	container_add(container, process);
	agent->pending = (struct pending){
		.check = check_exec,
		.deadline = pollset_now() + PREPARE_TIMEOUT_MS,
		.container = container,
		.process = process,
	};
	return true;
}

/* The container's cgroup, or the one below it that the request names. The caller owns it. */
static char *exec_cgroup(
	const struct container *container, const json_t *json, struct agent_error *error)
{
	const char *below = "";
	char *path = NULL;

	if (!json_get_string(json, "cgroup", &below, error))
		return NULL;
	if (asprintf(&path, "%s/%s", container->cgroup, below) < 0) {
		agent_error_set(error, AGENT_CODE_FAILED, "out of memory");
		return NULL;
	}
	if (*below == '\0' || (path_is_below(below) && access(path, F_OK) == 0))
		return path;
	agent_error_set(error, AGENT_CODE_NOT_FOUND, "cgroup: there is no \"%s\"", below);
	free(path);
	return NULL;
}

static bool launch_exec(struct agent *agent, struct container *container, const json_t *json,
	const struct process_keys *keys, struct agent_error *error)
{
	struct process_spec spec = {.json = NULL};
	AUTO_FREE char *cgroup = exec_cgroup(container, json, error);
	struct launch launch = {
		.process = &spec,
		.container = &container->spec,
		.init_pid = container->init->pid,
		.cgroup = cgroup,
	};
	AUTO_JSON json_t *section = process_section(json, keys, container->init->pid, error);
	bool launched;

	if (cgroup == NULL || section == NULL || !process_spec_parse(&spec, section, error))
		return false;
	launched = launch_further(agent, container, &launch, keys, error);
	process_spec_clear(&spec);
	return launched;
}

/*
 * In the guest's own namespaces: as a container's first process would be, in the container's root
 * file system, but with the mounts and the namespaces of this request, and no cgroup of its own.
 */
static bool launch_in_vm(struct agent *agent, struct container *container, const json_t *json,
	const struct process_keys *keys, struct agent_error *error)
{
	struct container_spec spec = {.json = NULL};
	AUTO_FREE char *root = root_path(json, error);
	struct launch launch = {
		.process = &spec.process,
		.container = &spec,
		.root = root,
		/* Not the container's, whose rules for devices and limits hold for all in it. */
		.cgroup = CGROUP_DIRECTORY,
	};
	json_t *oci = NULL;
	bool launched;

	if (root == NULL || !json_get_object(json, "oci", &oci, error) ||
		!container_spec_parse(&spec, oci, error))
		return false;
	launched = launch_further(agent, container, &launch, keys, error);
	container_spec_clear(&spec);
	return launched;
}

bool request_exec(struct agent *agent, struct request *request, struct agent_error *error)
{
	AUTO_JSON json_t *json = json_parse_object(request->payload, request->size, error);
	struct process_keys keys;
	struct container *container;
	struct agent_error ignored;
	const char *id = NULL;
	bool in_vm = false;

	if (json == NULL || !json_need_string(json, "container", &id, error) ||
		!json_get_boolean(json, "vm", &in_vm, error) ||
		!read_process_keys(&keys, json, error))
		return false;
	container = container_find(&agent->pod, id, error);
	if (container == NULL)
		return false;
	if (!container_is_alive(container))
		return agent_error_set(
			error, AGENT_CODE_NOT_FOUND, "container \"%s\" is not running", id);
	/* It would stand still on its way in, and every further request behind it. */
	if (container->frozen && !in_vm)
		return agent_error_set(error, AGENT_CODE_FAILED, "container \"%s\" is paused", id);
	if (container_process(container, keys.id, &ignored) != NULL)
		return agent_error_set(error, AGENT_CODE_FAILED,
			"process \"%s\" of container \"%s\" exists", keys.id, id);
	return in_vm ? launch_in_vm(agent, container, json, &keys, error)
		     : launch_exec(agent, container, json, &keys, error);
}
