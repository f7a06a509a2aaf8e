/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CLONE: this guest has been another one until a moment ago.
 *
 * All clones of a template wake up with the same memory: the same state of the random number
 * generator, the same time, the same name. So what makes this one itself comes first, and of that
 * the entropy, since anything else may draw on it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "agent/cleanup.h"
#include "agent/file.h"
#include "agent/json.h"
#include "agent/request.h"

enum {
	ENTROPY_SIZE = 32,
	MAC_SIZE = 6,
	MACHINE_ID_SIZE = 32,
};

#define NANOSECONDS_PER_SECOND 1000000000

/* Exactly `size` bytes in hexadecimal, with `separator` between them unless it is 0. */
static bool parse_hex(const char *text, char separator, uint8_t *out, size_t size)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < size; i++) {
		const char *high;
		const char *low;

		if (separator != '\0' && i > 0 && *text++ != separator)
			return false;
		high = *text != '\0' ? strchr(digits, *text) : NULL;
		low = high != NULL && text[1] != '\0' ? strchr(digits, text[1]) : NULL;
		if (low == NULL)
			return false;
		out[i] = (uint8_t)((high - digits) << 4 | (low - digits));
		text += 2;
	}
	return *text == '\0';
}

/* Who this guest is from now on. Strings and arrays are borrowed; "" and NULL: as it was. */
struct identity {
	uint8_t entropy[ENTROPY_SIZE];
	/* Nanoseconds since 1970. */
	int64_t time;
	const char *hostname;
	const char *machine_id;
	const json_t *links;
};

static bool parse_times(const json_t *json, struct identity *identity, struct agent_error *error)
{
	const char *entropy;

	if (!json_need_string(json, "entropy", &entropy, error))
		return false;
	if (!parse_hex(entropy, '\0', identity->entropy, ENTROPY_SIZE))
		return agent_error_set(
			error, AGENT_CODE_FAILED, "entropy: not %d bytes", ENTROPY_SIZE);
	identity->time = -1;
	if (!json_get_integer(json, "time", 0, INT64_MAX, &identity->time, error))
		return false;
	return identity->time >= 0 || agent_error_set(error, AGENT_CODE_FAILED, "time: missing");
}

static bool parse_names(const json_t *json, struct identity *identity, struct agent_error *error)
{
	uint8_t ignored[MACHINE_ID_SIZE / 2];
	json_t *links = NULL;

	identity->hostname = identity->machine_id = "";
	if (!json_get_string(json, "hostname", &identity->hostname, error) ||
		!json_get_string(json, "machineId", &identity->machine_id, error) ||
		!json_get_array(json, "interfaces", &links, error))
		return false;
	identity->links = links;
	return *identity->machine_id == '\0' ||
	       parse_hex(identity->machine_id, '\0', ignored, sizeof ignored) ||
	       agent_error_set(
		       error, AGENT_CODE_FAILED, "machineId: not %d digits", MACHINE_ID_SIZE);
}

/* Credited, and then taken up at once, by every processor's generator (random(4)). */
static bool take_entropy(const uint8_t *entropy, struct agent_error *error)
{
	union {
		struct rand_pool_info info;
		uint8_t room[sizeof(struct rand_pool_info) + ENTROPY_SIZE];
	} pool = {.info = {.entropy_count = 8 * ENTROPY_SIZE, .buf_size = ENTROPY_SIZE}};
	AUTO_CLOSE int fd = open("/dev/urandom", O_RDWR | O_CLOEXEC);
	bool done;

	memcpy(pool.info.buf, entropy, ENTROPY_SIZE);
	done = fd >= 0 && ioctl(fd, RNDADDENTROPY, &pool) == 0 && ioctl(fd, RNDRESEEDCRNG) == 0;
	if (!done)
		agent_error_errno(error, errno, "seed the random number generator");
	explicit_bzero(&pool, sizeof pool);
	return done;
}

static bool set_clock(int64_t time, struct agent_error *error)
{
	const struct timespec now = {
		.tv_sec = time / NANOSECONDS_PER_SECOND, .tv_nsec = time % NANOSECONDS_PER_SECOND};

	if (clock_settime(CLOCK_REALTIME, &now) < 0)
		return agent_error_errno(error, errno, "set the clock");
	return true;
}

static bool set_host_name(const char *name, struct agent_error *error)
{
	if (*name != '\0' && sethostname(name, strlen(name)) < 0)
		return agent_error_errno(error, errno, "set the host name");
	return true;
}

/* The guest's own; a container's is in its root file system. */
static bool set_machine_id(const char *id, struct agent_error *error)
{
	char line[MACHINE_ID_SIZE + 2];
	int result;

	if (*id == '\0')
		return true;
	result = path_make_file("/etc/machine-id", 0444);
	if (result != 0)
		return agent_error_errno(error, result, "make /etc/machine-id");
	snprintf(line, sizeof line, "%s\n", id);
	return file_write("/etc/machine-id", line, error);
}

static bool set_mac(int fd, const json_t *link, struct agent_error *error)
{
	struct ifreq request = {.ifr_hwaddr.sa_family = ARPHRD_ETHER};
	const char *device;
	const char *mac;

	if (!json_need_string(link, "device", &device, error) ||
		!json_need_string(link, "macAddr", &mac, error))
		return false;
	if (strlen(device) >= sizeof request.ifr_name ||
		!parse_hex(mac, ':', (uint8_t *)request.ifr_hwaddr.sa_data, MAC_SIZE))
		return agent_error_set(error, AGENT_CODE_FAILED, "not a link and its address");
	memcpy(request.ifr_name, device, strlen(device));
	if (ioctl(fd, SIOCSIFHWADDR, &request) < 0)
		return agent_error_errno(error, errno, "set the address of %s", device);
	return true;
}

static bool set_macs(const json_t *links, struct agent_error *error)
{
	AUTO_CLOSE int fd = -1;

	if (json_array_size(links) == 0)
		return true;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return agent_error_errno(error, errno, "socket");
	for (size_t i = 0; i < json_array_size(links); i++)
		if (!set_mac(fd, json_array_get(links, i), error))
			return agent_error_prefix(error, "interfaces[%zu]", i);
	return true;
}

bool request_clone(struct agent *agent, struct request *request, struct agent_error *error)
{
	AUTO_JSON json_t *json = json_parse_object(request->payload, request->size, error);
	struct identity identity = {.time = -1};
	bool done;

	if (json == NULL)
		return false;
	if (agent->pod.started)
		return agent_error_set(error, AGENT_CODE_FAILED, "the pod has been started");
	done = parse_times(json, &identity, error) && parse_names(json, &identity, error) &&
	       take_entropy(identity.entropy, error) && set_clock(identity.time, error) &&
	       set_host_name(identity.hostname, error) &&
	       set_machine_id(identity.machine_id, error) && set_macs(identity.links, error) &&
	       request_get_version(agent, request, error);
	explicit_bzero(&identity, sizeof identity);
	/* It was another's boot. */
	agent->spans.n_boot = 0;
	return done;
}
