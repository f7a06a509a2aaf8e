/* SPDX-License-Identifier: GPL-2.0-only */
/* Requests about what a container uses and may use: STATS, PAUSE, RESUME, UPDATE. */
#include "agent/request.h"

#include <stdlib.h>
#include <string.h>

#include "agent/cgroup.h"
#include "agent/cleanup.h"
#include "agent/json.h"
#include "agent/limits.h"
#include "agent/pollset.h"
#include "agent/stats.h"

/* How long the processes of a cgroup may take to stand still. */
#define FREEZE_TIMEOUT_MS 10000

/* The container that the request names. */
static struct container *named(
	const struct agent *agent, const json_t *json, struct agent_error *error)
{
	const char *id = NULL;

	if (json == NULL || !json_need_string(json, "container", &id, error))
		return NULL;
	return container_find(&agent->pod, id, error);
}

bool request_stats(struct agent *agent, struct request *request, struct agent_error *error)
{
	AUTO_JSON json_t *json = json_parse_object(request->payload, request->size, error);
	const struct container *container = named(agent, json, error);
	AUTO_JSON json_t *figures =
		container != NULL ? stats_collect(container->cgroup, error) : NULL;
	char *text;

	if (figures == NULL)
		return false;
	text = json_dumps(figures, JSON_COMPACT);
	if (text == NULL)
		return agent_error_set(error, AGENT_CODE_FAILED, "out of memory");
	request->reply = (uint8_t *)text;
	request->reply_size = strlen(text);
	return true;
}

bool request_update(struct agent *agent, struct request *request, struct agent_error *error)
{
	AUTO_JSON json_t *json = json_parse_object(request->payload, request->size, error);
	const struct container *container = named(agent, json, error);
	struct limits limits;
	json_t *resources = NULL;
	bool applied;

	if (container == NULL || !json_get_object(json, "resources", &resources, error) ||
		!limits_parse(&limits, resources, error))
		return false;
	applied = limits_apply(&limits, container->cgroup, error);
	limits_clear(&limits);
	return applied;
}

/* It is not watched for longer: a file that has changed and is not read would wake every turn. */
static enum progress finish_freeze(struct container *container, enum progress progress)
{
	close_fd(&container->watch);
	return progress;
}

static enum progress check_frozen(struct agent *agent, bool expired, struct agent_error *error)
{
	struct container *container = agent->pending.container;
	struct agent_error refused;

	if (cgroup_is_frozen(container->watch)) {
		container->frozen = true;
		return finish_freeze(container, PROGRESS_DONE);
	}
	if (!expired)
		return PROGRESS_WAIT;
	(void)cgroup_freeze(container->cgroup, false, &refused);
	agent_error_set(error, AGENT_CODE_FAILED,
		"container \"%s\": its processes do not stand still", container->id);
	return finish_freeze(container, PROGRESS_FAILED);
}

bool request_pause(struct agent *agent, struct request *request, struct agent_error *error)
{
	AUTO_JSON json_t *json = json_parse_object(request->payload, request->size, error);
	struct container *container = named(agent, json, error);

	if (container == NULL)
		return false;
	if (!container_is_alive(container))
		return agent_error_set(error, AGENT_CODE_NOT_FOUND,
			"container \"%s\" is not running", container->id);
	if (container->watch < 0)
		container->watch = cgroup_watch(container->cgroup, error);
	if (container->watch < 0 || !cgroup_freeze(container->cgroup, true, error))
		return false;
	agent->pending = (struct pending){
		.check = check_frozen,
		.deadline = pollset_now() + FREEZE_TIMEOUT_MS,
		.container = container,
	};
	return true;
}

bool request_resume(struct agent *agent, struct request *request, struct agent_error *error)
{
	AUTO_JSON json_t *json = json_parse_object(request->payload, request->size, error);
	struct container *container = named(agent, json, error);

	if (container == NULL || !cgroup_freeze(container->cgroup, false, error))
		return false;
	container->frozen = false;
	return true;
}
