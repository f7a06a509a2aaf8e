/* SPDX-License-Identifier: GPL-2.0-only */
/* Requests to what runs already: signals, terminal size, removal. */
#include "agent/request.h"

#include <signal.h>
#include <string.h>

#include "agent/cgroup.h"
#include "agent/cleanup.h"
#include "agent/json.h"
#include "agent/pollset.h"
#include "agent/ps.h"
#include "agent/terminal.h"

/* How long REMOVECONTAINER waits for killed processes. */
#define REMOVE_TIMEOUT_MS 10000

/* The container that the request names; NULL on error. */
static struct container *named_container(
	const struct agent *agent, const json_t *json, struct agent_error *error)
{
	const char *id = NULL;

	if (json == NULL || !json_need_string(json, "container", &id, error))
		return NULL;
	return container_find(&agent->pod, id, error);
}

static struct process *named_process(
	const struct agent *agent, const json_t *json, struct agent_error *error)
{
	struct container *container = named_container(agent, json, error);
	const char *id = NULL;

	if (container == NULL || !json_need_string(json, "process", &id, error))
		return NULL;
	return container_process(container, id, error);
}

static bool read_signal(const json_t *json, int *out, struct agent_error *error)
{
	int64_t number = 0;

	if (!json_get_integer(json, "signal", 1, SIGRTMAX, &number, error))
		return false;
	if (number == 0)
		return agent_error_set(error, AGENT_CODE_FAILED, "signal: missing");
	*out = (int)number;
	return true;
}

bool request_kill(struct agent *agent, struct request *request, struct agent_error *error)
{
	AUTO_JSON json_t *json = json_parse_object(request->payload, request->size, error);
	const struct container *container = named_container(agent, json, error);
	bool all = false;
	int number;

	if (container == NULL || !read_signal(json, &number, error) ||
		!json_get_boolean(json, "allProcesses", &all, error))
		return false;
	if (all)
		return cgroup_signal(container->cgroup, number, error);
	if (!container_is_alive(container))
		return agent_error_set(error, AGENT_CODE_NOT_FOUND,
			"container \"%s\" is not running", container->id);
	return process_signal(container->init, number, error);
}

bool request_signal(struct agent *agent, struct request *request, struct agent_error *error)
{
	AUTO_JSON json_t *json = json_parse_object(request->payload, request->size, error);
	const struct process *process = named_process(agent, json, error);
	int number;

	if (process == NULL || !read_signal(json, &number, error))
		return false;
	return process_signal(process, number, error);
}

/* By stream (4242), or by container and process (4243 and later). */
static const struct stdio *named_terminal(
	struct agent *agent, const json_t *json, struct agent_error *error)
{
	const struct stdio *stdio;
	int64_t seq = 0;

	if (json == NULL || !json_get_integer(json, "seq", 1, INT64_MAX, &seq, error))
		return NULL;
	if (seq == 0) {
		const struct process *process = named_process(agent, json, error);

		return process != NULL ? &process->stdio : NULL;
	}
	stdio = tty_find(&agent->tty, (uint64_t)seq);
	if (stdio == NULL)
		agent_error_set(error, AGENT_CODE_NOT_FOUND, "no stream %lld", (long long)seq);
	return stdio;
}

bool request_resize(struct agent *agent, struct request *request, struct agent_error *error)
{
	AUTO_JSON json_t *json = json_parse_object(request->payload, request->size, error);
	const struct stdio *stdio = named_terminal(agent, json, error);
	int64_t rows = 0;
	int64_t columns = 0;

	if (stdio == NULL || !json_get_integer(json, "row", 0, UINT16_MAX, &rows, error) ||
		!json_get_integer(json, "column", 0, UINT16_MAX, &columns, error))
		return false;
	if (!stdio->terminal || stdio->output.fd < 0)
		return agent_error_set(error, AGENT_CODE_FAILED, "the process has no terminal");
	return terminal_resize(
		stdio->output.fd, (unsigned short)rows, (unsigned short)columns, error);
}

static enum progress check_removed(struct agent *agent, bool expired, struct agent_error *error)
{
	struct container *container = agent->pending.container;

	if (!container_is_gone(container)) {
		if (!expired)
			return PROGRESS_WAIT;
		agent_error_set(error, AGENT_CODE_FAILED,
			"container \"%s\": its processes have not gone", container->id);
		return PROGRESS_FAILED;
	}
	/* Exits of its further processes are told before it is forgotten. */
	pod_settle(&agent->pod, &agent->control);
	container_free(&agent->pod, container);
	return PROGRESS_DONE;
}

bool request_remove(struct agent *agent, struct request *request, struct agent_error *error)
{
	AUTO_JSON json_t *json = json_parse_object(request->payload, request->size, error);
	struct container *container = named_container(agent, json, error);
	bool force = false;

	if (container == NULL || !json_get_boolean(json, "force", &force, error))
		return false;
	if (!force && container_is_alive(container))
		return agent_error_set(
			error, AGENT_CODE_FAILED, "container \"%s\" is running", container->id);
	if (!container_kill_all(container, error))
		return false;
	agent->pending = (struct pending){
		.check = check_removed,
		.deadline = pollset_now() + REMOVE_TIMEOUT_MS,
		.container = container,
	};
	return true;
}

bool request_ps(struct agent *agent, struct request *request, struct agent_error *error)
{
	AUTO_JSON json_t *json = json_parse_object(request->payload, request->size, error);
	const struct container *container = named_container(agent, json, error);
	AUTO_JSON json_t *list = container != NULL ? ps_list(container, error) : NULL;

	if (list == NULL)
		return false;
	request->reply = (uint8_t *)json_dumps(list, JSON_COMPACT);
	if (request->reply == NULL)
		return agent_error_set(error, AGENT_CODE_FAILED, "out of memory");
	request->reply_size = strlen((const char *)request->reply);
	return true;
}
