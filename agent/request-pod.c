/* SPDX-License-Identifier: GPL-2.0-only */
/* Requests about the VM as a whole: version, pod, PCI. */
#include "agent/request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "agent/cleanup.h"
#include "agent/file.h"
#include "agent/json.h"
#include "agent/log.h"
#include "agent/pollset.h"
#include "agent/rootfs.h"
#include "wire/bytes.h"
#include "wire/frame.h"
#include "wire/message.h"
#include "wire/stream.h"

/* How long DESTROYPOD waits for killed processes. */
#define DESTROY_TIMEOUT_MS 10000

#define SHARE_OPTIONS	   "trans=virtio,version=9p2000.L,msize=512000,cache=mmap"

static const char *const features[] = {
	AGENT_FEATURE_OCI,
	AGENT_FEATURE_WINDOW,
	AGENT_FEATURE_WAIT_START,
	AGENT_FEATURE_STATS,
	AGENT_FEATURE_PAUSE,
	AGENT_FEATURE_UPDATE,
	AGENT_FEATURE_EVENTS,
	AGENT_FEATURE_PS,
	AGENT_FEATURE_CLONE,
	AGENT_FEATURE_TRACE,
	AGENT_FEATURE_VM_EXEC,
	AGENT_FEATURE_HANGUP,
	AGENT_FEATURE_NOTIFY,
	AGENT_FEATURE_NETPLAN,
};

/* The object behind the number; the caller's. NULL: out of memory. */
static char *announce(void)
{
	json_t *list = json_array();
	AUTO_JSON json_t *announcement = json_pack("{s:o s:i s:i}", "features", list, "frameMax",
		TTY_FRAME_MAX, "streamWindow", STREAM_WINDOW);

	for (size_t i = 0; i < sizeof features / sizeof *features; i++)
		json_array_append_new(list, json_string(features[i]));
	return json_dumps(announcement, JSON_COMPACT);
}

bool request_get_version(struct agent *agent, struct request *request, struct agent_error *error)
{
	size_t length;

	if (agent->announcement == NULL)
		agent->announcement = announce();
	length = agent->announcement != NULL ? strlen(agent->announcement) : 0;
	request->reply = malloc(4 + length);
	if (request->reply == NULL || length == 0)
		return agent_error_set(error, AGENT_CODE_FAILED, "out of memory");
	bytes_put_u32(request->reply, AGENT_VERSION_OURS);
	memcpy(request->reply + 4, agent->announcement, length);
	request->reply_size = 4 + length;
	return true;
}

bool request_trace(struct agent *agent, struct request *request, struct agent_error *error)
{
	AUTO_JSON json_t *answer = spans_tell(&agent->spans);
	char *text = answer != NULL ? json_dumps(answer, JSON_COMPACT) : NULL;

	if (text == NULL)
		return agent_error_set(error, AGENT_CODE_FAILED, "out of memory");
	request->reply = (uint8_t *)text;
	request->reply_size = strlen(text);
	return true;
}

bool request_rescan(struct agent *agent, struct request *request, struct agent_error *error)
{
	(void)agent;
	(void)request;
	return file_write("/sys/bus/pci/rescan", "1", error);
}

static bool mount_share(struct pod *pod, const char *tag, struct agent_error *error)
{
	int result;

	if (*tag == '\0')
		return true;
	result = path_make_directories(SHARE_DIRECTORY, 0700);
	if (result != 0)
		return agent_error_errno(error, result, "make " SHARE_DIRECTORY);
	if (mount(tag, SHARE_DIRECTORY, "9p", MS_NODEV, SHARE_OPTIONS) < 0)
		return agent_error_errno(error, errno, "mount the share \"%s\"", tag);
	pod->shared = true;
	return true;
}

static bool set_host_name(struct pod *pod, const char *hostname, struct agent_error *error)
{
	if (*hostname == '\0')
		return true;
	if (sethostname(hostname, strlen(hostname)) < 0)
		return agent_error_errno(error, errno, "set the host name");
	pod->hostname = strdup(hostname);
	return pod->hostname != NULL || agent_error_set(error, AGENT_CODE_FAILED, "out of memory");
}

/* What asks for something must not be passed over. */
static bool refuse_network(const json_t *pod, struct agent_error *error)
{
	static const char *const keys[] = {
		"interfaces", "routes", "dns", "dnsSearch", "dnsOptions", "portmappingWhiteLists"};

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		json_t *value = json_object_get(pod, keys[i]);

		if (json_array_size(value) > 0 || json_object_size(value) > 0)
			return agent_error_set(
				error, AGENT_CODE_FAILED, "%s: not supported yet", keys[i]);
	}
	return true;
}

/* One container after the other; each waits until the one before is prepared. */
static enum progress check_containers(struct agent *agent, bool expired, struct agent_error *error)
{
	struct pending *pending = &agent->pending;
	json_t *containers = pending->containers;
	size_t next = pending->next_container;

	if (pending->process != NULL) {
		enum progress progress = container_request_check(agent, expired, error);

		if (progress != PROGRESS_DONE)
			return progress;
	}
	if (next == json_array_size(containers))
		return PROGRESS_DONE;
	if (!container_request_begin(agent, json_array_get(containers, next), error)) {
		agent_error_prefix(error, "containers[%zu]", next);
		return PROGRESS_FAILED;
	}
	pending->check = check_containers;
	pending->next_container = next + 1;
	return PROGRESS_WAIT;
}

bool request_start_pod(struct agent *agent, struct request *request, struct agent_error *error)
{
	AUTO_JSON json_t *json = json_parse_object(request->payload, request->size, error);
	json_t *containers = NULL;
	const char *tag = "";
	const char *hostname = "";
	bool window = false;
	bool events = false;

	if (json == NULL)
		return false;
	if (agent->pod.started)
		return agent_error_set(error, AGENT_CODE_FAILED, "the pod has been started");
	if (!json_get_string(json, "shareDir", &tag, error) ||
		!json_get_string(json, "hostname", &hostname, error) ||
		!json_get_boolean(json, "window", &window, error) ||
		!json_get_boolean(json, "events", &events, error) ||
		!json_get_array(json, "containers", &containers, error) ||
		!refuse_network(json, error) || !mount_share(&agent->pod, tag, error) ||
		!set_host_name(&agent->pod, hostname, error))
		return false;
	agent->pod.started = true;
	agent->pod.events = events;
	agent->tty.out.window = window;
	if (json_array_size(containers) > 0)
		agent->pending = (struct pending){
			.check = check_containers,
			.deadline = INT64_MAX,
			.containers = json_incref(containers),
		};
	return true;
}

static void leave_share(struct pod *pod)
{
	sync();
	/* A mount namespace that is still being taken down can keep it busy for a moment. */
	if (pod->shared && umount2(SHARE_DIRECTORY, 0) < 0 &&
		umount2(SHARE_DIRECTORY, MNT_DETACH) < 0)
		agent_log("unmount " SHARE_DIRECTORY ": %s", strerror(errno));
	pod->shared = false;
}

static enum progress check_destroyed(struct agent *agent, bool expired, struct agent_error *error)
{
	(void)error;
	for (const struct container *container = agent->pod.containers; container != NULL;
		container = container->next)
		if (!expired && !container_is_gone(container))
			return PROGRESS_WAIT;
	if (expired)
		agent_log("processes that were killed have not gone: ending without them");
	/* The exits are told before the answer. */
	pod_settle(&agent->pod, &agent->control);
	leave_share(&agent->pod);
	agent->ending = true;
	return PROGRESS_DONE;
}

bool request_destroy_pod(struct agent *agent, struct request *request, struct agent_error *error)
{
	struct agent_error refused;

	(void)request;
	(void)error;
	for (struct container *container = agent->pod.containers; container != NULL;
		container = container->next)
		if (!container_kill_all(container, &refused))
			agent_log("container %s: %s", container->id, refused.text);
	agent->pending = (struct pending){
		.check = check_destroyed,
		.deadline = pollset_now() + DESTROY_TIMEOUT_MS,
	};
	return true;
}
