/* SPDX-License-Identifier: GPL-2.0-only */
/* Parses and applies scheduling. */
#include "agent/schedule.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/json.h"

/* struct sched_attr of linux/sched/types.h, which cannot be included beside sched.h. */
struct scheduler_attributes {
	uint32_t size;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime;
	uint64_t deadline;
	uint64_t period;
};

enum {
	/* linux/ioprio.h */
	IO_WHO_PROCESS = 1,
	IO_CLASS_SHIFT = 13,
	IO_PRIORITY_MAX = 7,
};

struct named_number {
	const char *name;
	unsigned number;
};

/* linux/sched.h */
static const struct named_number policies[] = {
	{"SCHED_OTHER", 0},
	{"SCHED_FIFO", 1},
	{"SCHED_RR", 2},
	{"SCHED_BATCH", 3},
	{"SCHED_ISO", 4},
	{"SCHED_IDLE", 5},
	{"SCHED_DEADLINE", 6},
	{NULL, 0},
};

static const struct named_number scheduler_flags[] = {
	{"SCHED_FLAG_RESET_ON_FORK", 0x01},
	{"SCHED_FLAG_RECLAIM", 0x02},
	{"SCHED_FLAG_DL_OVERRUN", 0x04},
	{"SCHED_FLAG_KEEP_POLICY", 0x08},
	{"SCHED_FLAG_KEEP_PARAMS", 0x10},
	{"SCHED_FLAG_UTIL_CLAMP_MIN", 0x20},
	{"SCHED_FLAG_UTIL_CLAMP_MAX", 0x40},
	{NULL, 0},
};

static const struct named_number io_classes[] = {
	{"IOPRIO_CLASS_RT", 1},
	{"IOPRIO_CLASS_BE", 2},
	{"IOPRIO_CLASS_IDLE", 3},
	{NULL, 0},
};

static bool find_number(const struct named_number *table, const char *key, const char *name,
	unsigned *out, struct agent_error *error)
{
	for (; table->name != NULL; table++) {
		if (strcmp(table->name, name) != 0)
			continue;
		*out = table->number;
		return true;
	}
	return agent_error_set(error, AGENT_CODE_FAILED, "%s: unknown: %s", key, name);
}

static bool parse_flags(
	struct spec_scheduler *scheduler, const json_t *object, struct agent_error *error)
{
	char **names = NULL;
	bool parsed = true;

	if (!json_get_strings(object, "flags", &names, error))
		return false;
	for (size_t i = 0; parsed && names[i] != NULL; i++) {
		unsigned flag = 0;

		parsed = find_number(scheduler_flags, "flags", names[i], &flag, error);
		scheduler->flags |= flag;
	}
	free(names);
	return parsed;
}

static bool parse_scheduler(
	struct spec_scheduler *scheduler, const json_t *object, struct agent_error *error)
{
	const char *policy = NULL;
	int64_t nice = 0;
	int64_t priority = 0;
	int64_t times[3] = {0};

	if (object == NULL)
		return true;
	if (!json_need_string(object, "policy", &policy, error) ||
		!find_number(policies, "policy", policy, &scheduler->policy, error) ||
		!json_get_integer(object, "nice", -20, 19, &nice, error) ||
		!json_get_integer(object, "priority", 0, 99, &priority, error) ||
		!json_get_integer(object, "runtime", 0, INT64_MAX, &times[0], error) ||
		!json_get_integer(object, "deadline", 0, INT64_MAX, &times[1], error) ||
		!json_get_integer(object, "period", 0, INT64_MAX, &times[2], error) ||
		!parse_flags(scheduler, object, error))
		return agent_error_prefix(error, "scheduler");
	scheduler->given = true;
	scheduler->nice = (int)nice;
	scheduler->priority = (unsigned)priority;
	scheduler->runtime = (uint64_t)times[0];
	scheduler->deadline = (uint64_t)times[1];
	scheduler->period = (uint64_t)times[2];
	return true;
}

static bool parse_io_priority(int *out, const json_t *object, struct agent_error *error)
{
	const char *name = NULL;
	unsigned class = 0;
	int64_t priority = 0;

	*out = -1;
	if (object == NULL)
		return true;
	if (!json_need_string(object, "class", &name, error) ||
		!find_number(io_classes, "class", name, &class, error) ||
		!json_get_integer(object, "priority", 0, IO_PRIORITY_MAX, &priority, error))
		return agent_error_prefix(error, "ioPriority");
	*out = (int)(class << IO_CLASS_SHIFT) | (int)priority;
	return true;
}

/* A list of numbers and ranges, as in cpuset(7). */
static bool parse_cpus(cpu_set_t *out, const char *list)
{
	CPU_ZERO(out);
	do {
		char *end;
		unsigned long first = strtoul(list, &end, 10);
		unsigned long last = first;

		if (end == list || *list < '0' || *list > '9')
			return false;
		if (*end == '-') {
			list = end + 1;
			last = strtoul(list, &end, 10);
			if (end == list || *list < '0' || *list > '9')
				return false;
		}
		if (last < first || last >= CPU_SETSIZE)
			return false;
		for (; first <= last; first++)
			CPU_SET(first, out);
		list = end;
	} while (*list++ == ',');
	return list[-1] == '\0';
}

static bool parse_affinity(
	struct process_spec *out, const json_t *object, struct agent_error *error)
{
	const char *lists[] = {"", ""};
	cpu_set_t cpus;

	if (!json_get_string(object, "initial", &lists[0], error) ||
		!json_get_string(object, "final", &lists[1], error))
		return agent_error_prefix(error, "execCPUAffinity");
	for (int i = 0; i < 2; i++)
		if (*lists[i] != '\0' && !parse_cpus(&cpus, lists[i]))
			return agent_error_set(error, AGENT_CODE_FAILED,
				"execCPUAffinity: not a list of CPUs: %s", lists[i]);
	out->initial_cpus = lists[0];
	out->final_cpus = lists[1];
	return true;
}

bool schedule_parse(struct process_spec *out, const json_t *process, struct agent_error *error)
{
	json_t *scheduler = NULL;
	json_t *io_priority = NULL;
	json_t *affinity = NULL;

	return json_get_object(process, "scheduler", &scheduler, error) &&
	       json_get_object(process, "ioPriority", &io_priority, error) &&
	       json_get_object(process, "execCPUAffinity", &affinity, error) &&
	       parse_scheduler(&out->scheduler, scheduler, error) &&
	       parse_io_priority(&out->io_priority, io_priority, error) &&
	       parse_affinity(out, affinity, error);
}

static bool apply_scheduler(const struct spec_scheduler *scheduler, struct agent_error *error)
{
	struct scheduler_attributes attributes = {
		.size = sizeof attributes,
		.policy = scheduler->policy,
		.flags = scheduler->flags,
		.nice = scheduler->nice,
		.priority = scheduler->priority,
		.runtime = scheduler->runtime,
		.deadline = scheduler->deadline,
		.period = scheduler->period,
	};

	if (syscall(SYS_sched_setattr, 0, &attributes, 0) < 0)
		return agent_error_errno(error, errno, "set the scheduler");
	return true;
}

bool schedule_apply(const struct process_spec *spec, struct agent_error *error)
{
	if (spec->io_priority >= 0 &&
		syscall(SYS_ioprio_set, IO_WHO_PROCESS, 0, spec->io_priority) < 0)
		return agent_error_errno(error, errno, "set the I/O priority");
	return !spec->scheduler.given || apply_scheduler(&spec->scheduler, error);
}

bool schedule_bind(const char *cpus, struct agent_error *error)
{
	cpu_set_t set;

	if (cpus == NULL || *cpus == '\0')
		return true;
	if (!parse_cpus(&set, cpus))
		return agent_error_set(error, AGENT_CODE_FAILED, "not a list of CPUs: %s", cpus);
	if (sched_setaffinity(0, sizeof set, &set) < 0)
		return agent_error_errno(error, errno, "bind to the CPUs %s", cpus);
	return true;
}
