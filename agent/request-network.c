/* SPDX-License-Identifier: GPL-2.0-only */
/* The requests that say what the guest's network is, and what its name server answers. */
#include <net/if.h>
#include <string.h>

#include "agent/cleanup.h"
#include "agent/file.h"
#include "agent/hex.h"
#include "agent/json.h"
#include "agent/pollset.h"
#include "agent/request.h"

/* How long a device that the host has plugged may take to appear. */
#define DEVICE_TIMEOUT_MS 30000

/* Every link has a name that the kernel can take. */
static bool check_links(const json_t *plan, struct agent_error *error)
{
	json_t *links = NULL;
	json_t *link;
	size_t i;

	if (!json_get_array(plan, "links", &links, error))
		return false;
	json_array_foreach (links, i, link) {
		const char *name = NULL;

		if (!json_is_object(link) || !json_need_string(link, "name", &name, error))
			return agent_error_set(
				error, AGENT_CODE_FAILED, "links[%zu]: no link with a name", i);
		if (strlen(name) >= IFNAMSIZ || !path_is_name(name))
			return agent_error_set(
				error, AGENT_CODE_FAILED, "links[%zu].name: not a link's", i);
	}
	return true;
}

static bool serve_names(struct agent *agent, const json_t *plan, struct agent_error *error)
{
	const char *resolver = NULL;

	return json_get_string(plan, "resolver", &resolver, error) &&
	       dns_serve(&agent->dns, resolver, error);
}

static enum progress check_plan(struct agent *agent, bool expired, struct agent_error *error)
{
	AUTO_JSON json_t *plan = json_incref(agent->network.wanted);
	const char *missing = NULL;
	bool complete = network_has_devices(&agent->network, plan, &missing);

	if (!complete && !expired)
		return PROGRESS_WAIT;
	json_decref(agent->network.wanted);
	agent->network.wanted = NULL;
	if (!complete)
		agent_error_set(error, AGENT_CODE_FAILED,
			"link %s: its device has not come within %d s", missing,
			DEVICE_TIMEOUT_MS / 1000);
	return complete && network_apply(&agent->network, plan, error) &&
			       serve_names(agent, plan, error)
		       ? PROGRESS_DONE
		       : PROGRESS_FAILED;
}

bool request_net_plan(struct agent *agent, struct request *request, struct agent_error *error)
{
	json_t *plan = json_parse_object(request->payload, request->size, error);
	struct agent_error ignored;
	const char *missing;

	if (plan == NULL || !check_links(plan, error)) {
		json_decref(plan);
		return false;
	}
	/* Where a kernel does not hear of hot-plugged devices by itself. */
	if (!network_has_devices(&agent->network, plan, &missing))
		file_write("/sys/bus/pci/rescan", "1", &ignored);
	agent->network.wanted = plan;
	agent->pending = (struct pending){
		.check = check_plan,
		.deadline = pollset_now() + DEVICE_TIMEOUT_MS,
	};
	return true;
}

bool request_dns_reply(struct agent *agent, struct request *request, struct agent_error *error)
{
	AUTO_JSON json_t *json = json_parse_object(request->payload, request->size, error);
	AUTO_FREE uint8_t *data = NULL;
	const char *text = NULL;
	int64_t id = 0;
	size_t size;

	if (json == NULL || !json_need_string(json, "data", &text, error) ||
		!json_get_integer(json, "id", 1, UINT32_MAX, &id, error))
		return false;
	data = hex_decode(text, &size);
	if (data == NULL || size > UINT16_MAX)
		return agent_error_set(
			error, AGENT_CODE_FAILED, "data: not a message in hexadecimal");
	dns_answer(&agent->dns, (uint32_t)id, data, size);
	return true;
}
