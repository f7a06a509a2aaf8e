/* SPDX-License-Identifier: GPL-2.0-only */
/* linux.resources, member by member, into files of cgroup v2. */
#include "agent/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/cleanup.h"
#include "agent/file.h"
#include "agent/json.h"
#include "wire/limits.h"

static struct limit *add(struct limits *limits, const char *file, struct agent_error *error,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

static struct limit *add(
	struct limits *limits, const char *file, struct agent_error *error, const char *format, ...)
{
	struct limit *limit = &limits->items[limits->n];
	va_list arguments;
	int size;

	if (limits->n == LIMITS_MAX) {
		agent_error_set(error, AGENT_CODE_FAILED, "%s: too many limits", file);
		return NULL;
	}
	*limit = (struct limit){.file = strdup(file)};
	va_start(arguments, format);
	size = vasprintf(&limit->value, format, arguments);
	va_end(arguments);
	if (size < 0)
		limit->value = NULL;
	if (limit->file == NULL || limit->value == NULL) {
		free(limit->file);
		free(limit->value);
		agent_error_set(error, AGENT_CODE_FAILED, "out of memory");
		return NULL;
	}
	limits->n++;
	return limit;
}

/* A number, or "max" for -1; 0 is "not given". */
static struct limit *add_amount(
	struct limits *limits, const char *file, int64_t amount, struct agent_error *error)
{
	return amount < 0 ? add(limits, file, error, "max")
			  : add(limits, file, error, "%lld", (long long)amount);
}

static bool parse_memory(struct limits *limits, const json_t *resources, struct agent_error *error)
{
	json_t *memory = NULL;
	int64_t limit = 0;
	int64_t reservation = 0;
	int64_t both = 0;
	int64_t swap;
	bool check = false;

	if (!json_get_object(resources, "memory", &memory, error) ||
		!json_get_integer(memory, "limit", -1, INT64_MAX, &limit, error) ||
		!json_get_integer(memory, "reservation", -1, INT64_MAX, &reservation, error) ||
		!json_get_integer(memory, "swap", -1, INT64_MAX, &both, error) ||
		!json_get_boolean(memory, "checkBeforeUpdate", &check, error))
		return false;
	if (limits_swap(limit, both, &swap)) {
		struct limit *item = add_amount(limits, "memory.swap.max", swap, error);

		if (item == NULL)
			return false;
		/* A kernel without swap swaps nothing. */
		item->optional = true;
	}
	if (check && limit > 0)
		limits->checked_memory = limit;
	return (limit == 0 || add_amount(limits, "memory.max", limit, error) != NULL) &&
	       (reservation == 0 || add_amount(limits, "memory.low", reservation, error) != NULL);
}

static bool add_quota(
	struct limits *limits, int64_t quota, int64_t period, struct agent_error *error)
{
	char amount[32] = "max";

	if (quota == 0 && period == 0)
		return true;
	if (quota > 0)
		snprintf(amount, sizeof amount, "%lld", (long long)quota);
	return add(limits, "cpu.max", error, "%s %lld", amount,
		       (long long)(period > 0 ? period : LIMITS_CPU_PERIOD_DEFAULT)) != NULL;
}

/* An idle cgroup has no weight: its file refuses one. */
static bool add_weight(
	struct limits *limits, int64_t shares, int64_t idle, struct agent_error *error)
{
	struct limit *item = NULL;

	if (idle >= 0) {
		item = add(limits, "cpu.idle", error, "%lld", (long long)idle);
		if (item == NULL)
			return false;
		item->optional = idle == 0;
	}
	return idle == 1 || shares == 0 ||
	       add(limits, "cpu.weight", error, "%llu",
		       (unsigned long long)limits_cpu_weight((uint64_t)shares)) != NULL;
}

static bool parse_cpu(struct limits *limits, const json_t *resources, struct agent_error *error)
{
	json_t *cpu = NULL;
	int64_t shares = 0;
	int64_t quota = 0;
	int64_t period = 0;
	int64_t burst = 0;
	int64_t idle = -1;

	if (!json_get_object(resources, "cpu", &cpu, error) ||
		!json_get_integer(cpu, "shares", 0, INT64_MAX, &shares, error) ||
		!json_get_integer(cpu, "quota", -1, INT64_MAX, &quota, error) ||
		!json_get_integer(cpu, "period", 0, INT64_MAX, &period, error) ||
		!json_get_integer(cpu, "burst", 0, INT64_MAX, &burst, error) ||
		!json_get_integer(cpu, "idle", 0, 1, &idle, error))
		return false;
	/* A burst above the quota is refused, so it comes behind it. */
	return add_weight(limits, shares, idle, error) && add_quota(limits, quota, period, error) &&
	       (burst == 0 || add_amount(limits, "cpu.max.burst", burst, error) != NULL);
}

static bool parse_pids(struct limits *limits, const json_t *resources, struct agent_error *error)
{
	json_t *pids = NULL;
	int64_t limit = 0;

	return json_get_object(resources, "pids", &pids, error) &&
	       json_get_integer(pids, "limit", -1, INT64_MAX, &limit, error) &&
	       (limit == 0 || add_amount(limits, "pids.max", limit, error) != NULL);
}

static bool parse_hugepages(
	struct limits *limits, const json_t *resources, struct agent_error *error)
{
	json_t *array = NULL;

	if (!json_get_array(resources, "hugepageLimits", &array, error))
		return false;
	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *object = json_array_get(array, i);
		const char *size = NULL;
		int64_t limit = 0;
		char file[64];

		if (!json_need_string(object, "pageSize", &size, error) ||
			!json_get_integer(object, "limit", 0, INT64_MAX, &limit, error))
			return agent_error_prefix(error, "hugepageLimits[%zu]", i);
		snprintf(file, sizeof file, "hugetlb.%.16s.max", size);
		if (!path_is_name(file) ||
			add(limits, file, error, "%lld", (long long)limit) == NULL)
			return agent_error_set(error, AGENT_CODE_FAILED,
				"hugepageLimits[%zu]: pageSize: \"%s\"", i, size);
	}
	return true;
}

static bool parse_io_weight(struct limits *limits, const json_t *io, struct agent_error *error)
{
	int64_t weight = 0;
	struct limit *bfq;
	struct limit *plain;

	if (!json_get_integer(io, "weight", 0, 1000, &weight, error))
		return false;
	if (weight == 0)
		return true;
	/* The one or the other is there, by the I/O scheduler; in a guest without disks, neither.
	 */
	bfq = add(limits, "io.bfq.weight", error, "%lld", (long long)weight);
	if (bfq == NULL)
		return false;
	bfq->optional = true;
	plain = add(limits, "io.weight", error, "%llu",
		(unsigned long long)limits_io_weight((uint64_t)weight));
	if (plain == NULL)
		return false;
	plain->optional = true;
	return true;
}

/* The numbers are the host's: what this guest does not have under them is throttled there. */
static bool parse_throttle(struct limits *limits, const json_t *io, const char *member,
	const char *key, struct agent_error *error)
{
	json_t *array = NULL;

	if (!json_get_array(io, member, &array, error))
		return false;
	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *object = json_array_get(array, i);
		int64_t major = 0;
		int64_t minor = 0;
		int64_t rate = 0;
		struct limit *item;

		if (!json_get_integer(object, "major", 0, UINT32_MAX, &major, error) ||
			!json_get_integer(object, "minor", 0, UINT32_MAX, &minor, error) ||
			!json_get_integer(object, "rate", 0, INT64_MAX, &rate, error))
			return agent_error_prefix(error, "%s[%zu]", member, i);
		item = rate > 0 ? add(limits, "io.max", error, "%lld:%lld %s=%lld",
					  (long long)major, (long long)minor, key, (long long)rate)
				: add(limits, "io.max", error, "%lld:%lld %s=max", (long long)major,
					  (long long)minor, key);
		if (item == NULL)
			return false;
		item->optional = true;
		item->ignored = ENODEV;
	}
	return true;
}

static bool parse_block_io(
	struct limits *limits, const json_t *resources, struct agent_error *error)
{
	static const struct {
		const char *member;
		const char *key;
	} throttles[] = {
		{"throttleReadBpsDevice", "rbps"},
		{"throttleWriteBpsDevice", "wbps"},
		{"throttleReadIOPSDevice", "riops"},
		{"throttleWriteIOPSDevice", "wiops"},
	};
	json_t *io = NULL;

	if (!json_get_object(resources, "blockIO", &io, error) ||
		!parse_io_weight(limits, io, error))
		return false;
	for (size_t i = 0; i < sizeof throttles / sizeof *throttles; i++)
		if (!parse_throttle(limits, io, throttles[i].member, throttles[i].key, error))
			return false;
	return true;
}

/* Verbatim, and last: it has the last word. */
static bool parse_unified(struct limits *limits, const json_t *resources, struct agent_error *error)
{
	json_t *unified = NULL;
	const char *file;
	json_t *value;

	if (!json_get_object(resources, "unified", &unified, error))
		return false;
	json_object_foreach (unified, file, value) {
		if (!path_is_name(file) || !json_is_string(value))
			return agent_error_set(error, AGENT_CODE_FAILED,
				"unified: %s: not a file and a text", file);
		if (add(limits, file, error, "%s", json_string_value(value)) == NULL)
			return false;
	}
	return true;
}

bool limits_parse(struct limits *out, const json_t *resources, struct agent_error *error)
{
	*out = (struct limits){.n = 0};
	if (parse_memory(out, resources, error) && parse_cpu(out, resources, error) &&
		parse_pids(out, resources, error) && parse_hugepages(out, resources, error) &&
		parse_block_io(out, resources, error) && parse_unified(out, resources, error))
		return true;
	limits_clear(out);
	return agent_error_prefix(error, "linux.resources");
}

void limits_clear(struct limits *limits)
{
	for (size_t i = 0; i < limits->n; i++) {
		free(limits->items[i].file);
		free(limits->items[i].value);
	}
	limits->n = 0;
}

/* spec: "If enabled, check the current memory usage before updating the limit". */
static bool check_usage(const char *directory, int64_t limit, struct agent_error *error)
{
	AUTO_FREE char *path = NULL;
	char text[32];

	if (asprintf(&path, "%s/memory.current", directory) < 0)
		return agent_error_set(error, AGENT_CODE_FAILED, "out of memory");
	if (!file_read(path, text, sizeof text, error))
		return false;
	if (strtoll(text, NULL, 10) <= limit)
		return true;
	return agent_error_set(error, AGENT_CODE_FAILED,
		"linux.resources.memory.limit: %lld bytes are in use, more than %lld",
		strtoll(text, NULL, 10), (long long)limit);
}

static bool apply(const struct limit *limit, const char *directory, struct agent_error *error)
{
	AUTO_FREE char *path = NULL;
	AUTO_CLOSE int fd = -1;

	if (asprintf(&path, "%s/%s", directory, limit->file) < 0)
		return agent_error_set(error, AGENT_CODE_FAILED, "out of memory");
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return limit->optional ||
		       agent_error_errno(
			       error, errno, "linux.resources: this guest has no %s", limit->file);
	if (write(fd, limit->value, strlen(limit->value)) >= 0 || errno == limit->ignored)
		return true;
	return agent_error_errno(
		error, errno, "linux.resources: write \"%s\" to %s", limit->value, limit->file);
}

bool limits_apply(const struct limits *limits, const char *directory, struct agent_error *error)
{
	if (limits->checked_memory > 0 && !check_usage(directory, limits->checked_memory, error))
		return false;
	for (size_t i = 0; i < limits->n; i++)
		if (!apply(&limits->items[i], directory, error))
			return false;
	return true;
}

bool limits_apply_sections(const json_t *oci, const char *directory, struct agent_error *error)
{
	json_t *section = NULL;
	json_t *resources = NULL;
	struct limits limits;
	bool applied;

	if (!json_get_object(oci, "linux", &section, error) ||
		!json_get_object(section, "resources", &resources, error) ||
		!limits_parse(&limits, resources, error))
		return false;
	applied = limits_apply(&limits, directory, error);
	limits_clear(&limits);
	return applied;
}
