/* SPDX-License-Identifier: GPL-2.0-only */
/* Parses the section "process" of config.json. */
#include "agent/spec.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "agent/json.h"
#include "agent/schedule.h"

static const struct {
	const char *name;
	int resource;
} rlimit_names[] = {
	{"RLIMIT_AS", RLIMIT_AS},
	{"RLIMIT_CORE", RLIMIT_CORE},
	{"RLIMIT_CPU", RLIMIT_CPU},
	{"RLIMIT_DATA", RLIMIT_DATA},
	{"RLIMIT_FSIZE", RLIMIT_FSIZE},
	{"RLIMIT_LOCKS", RLIMIT_LOCKS},
	{"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
	{"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
	{"RLIMIT_NICE", RLIMIT_NICE},
	{"RLIMIT_NOFILE", RLIMIT_NOFILE},
	{"RLIMIT_NPROC", RLIMIT_NPROC},
	{"RLIMIT_RSS", RLIMIT_RSS},
	{"RLIMIT_RTPRIO", RLIMIT_RTPRIO},
	{"RLIMIT_RTTIME", RLIMIT_RTTIME},
	{"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
	{"RLIMIT_STACK", RLIMIT_STACK},
};

static bool out_of_memory(struct agent_error *error)
{
	return agent_error_set(error, AGENT_CODE_FAILED, "out of memory");
}

static bool parse_id(const json_t *object, const char *key, uid_t *out, struct agent_error *error)
{
	int64_t id = *out;

	/* (uid_t)-1 means "unchanged" to the system calls. */
	if (!json_get_integer(object, key, 0, UINT32_MAX - 1, &id, error))
		return false;
	*out = (uid_t)id;
	return true;
}

static bool parse_groups(struct process_spec *spec, const json_t *user, struct agent_error *error)
{
	json_t *groups = NULL;

	if (!json_get_array(user, "additionalGids", &groups, error))
		return false;

	size_t n = json_array_size(groups);

	spec->groups = calloc(n + 1, sizeof *spec->groups);
	if (spec->groups == NULL)
		return out_of_memory(error);
	for (; spec->n_groups < n; spec->n_groups++) {
		const json_t *gid = json_array_get(groups, spec->n_groups);

		if (!json_is_integer(gid) || json_integer_value(gid) < 0 ||
			json_integer_value(gid) >= UINT32_MAX)
			return agent_error_set(error, AGENT_CODE_FAILED,
				"additionalGids[%zu]: not a group id", spec->n_groups);
		spec->groups[spec->n_groups] = (gid_t)json_integer_value(gid);
	}
	return true;
}

static bool parse_user(struct process_spec *spec, const json_t *process, struct agent_error *error)
{
	json_t *user = NULL;
	int64_t mask = -1;

	if (!json_get_object(process, "user", &user, error))
		return false;
	if (!parse_id(user, "uid", &spec->uid, error) ||
		!parse_id(user, "gid", &spec->gid, error) || !parse_groups(spec, user, error) ||
		!json_get_integer(user, "umask", 0, 0777, &mask, error))
		return agent_error_prefix(error, "user");
	spec->has_umask = mask >= 0;
	spec->umask = (mode_t)mask;
	return true;
}

static bool parse_size(struct process_spec *spec, const json_t *process, struct agent_error *error)
{
	json_t *size = NULL;
	int64_t rows = 0;
	int64_t columns = 0;

	if (!json_get_object(process, "consoleSize", &size, error) ||
		!json_get_integer(size, "height", 0, USHRT_MAX, &rows, error) ||
		!json_get_integer(size, "width", 0, USHRT_MAX, &columns, error))
		return agent_error_prefix(error, "consoleSize");
	spec->rows = (unsigned short)rows;
	spec->columns = (unsigned short)columns;
	return true;
}

/* One of the five sets; names that this agent does not know are left out, as runc does. */
static bool parse_capability_set(
	uint64_t *out, const json_t *object, const char *key, struct agent_error *error)
{
	char **names = NULL;

	if (!json_get_strings(object, key, &names, error))
		return agent_error_prefix(error, "capabilities");
	for (size_t i = 0; names[i] != NULL; i++) {
		int number = capability_by_name(names[i]);

		if (number >= 0)
			*out |= UINT64_C(1) << number;
	}
	free(names);
	return true;
}

/* Without the object there are no capabilities, as in runc. */
static bool parse_capabilities(
	struct capability_sets *sets, const json_t *process, struct agent_error *error)
{
	json_t *object = NULL;

	return json_get_object(process, "capabilities", &object, error) &&
	       parse_capability_set(&sets->bounding, object, "bounding", error) &&
	       parse_capability_set(&sets->effective, object, "effective", error) &&
	       parse_capability_set(&sets->inheritable, object, "inheritable", error) &&
	       parse_capability_set(&sets->permitted, object, "permitted", error) &&
	       parse_capability_set(&sets->ambient, object, "ambient", error);
}

/* A negative number stands for 2^64-1, "unlimited", which many JSON libraries cannot hold. */
static rlim_t rlimit_value(int64_t value)
{
	return value < 0 ? RLIM_INFINITY : (rlim_t)value;
}

static bool parse_rlimit(struct spec_rlimit *out, const json_t *object, struct agent_error *error)
{
	const char *type = NULL;
	int64_t soft = 0;
	int64_t hard = 0;

	if (!json_need_string(object, "type", &type, error) ||
		!json_get_integer(object, "soft", INT64_MIN, INT64_MAX, &soft, error) ||
		!json_get_integer(object, "hard", INT64_MIN, INT64_MAX, &hard, error))
		return false;
	for (size_t i = 0; i < sizeof rlimit_names / sizeof *rlimit_names; i++) {
		if (strcmp(rlimit_names[i].name, type) != 0)
			continue;
		out->resource = rlimit_names[i].resource;
		out->limit.rlim_cur = rlimit_value(soft);
		out->limit.rlim_max = rlimit_value(hard);
		return true;
	}
	return agent_error_set(error, AGENT_CODE_FAILED, "type: unknown limit %s", type);
}

static bool parse_rlimits(
	struct process_spec *spec, const json_t *process, struct agent_error *error)
{
	json_t *array = NULL;

	if (!json_get_array(process, "rlimits", &array, error))
		return false;
	spec->rlimits = calloc(json_array_size(array) + 1, sizeof *spec->rlimits);
	if (spec->rlimits == NULL)
		return out_of_memory(error);
	for (; spec->n_rlimits < json_array_size(array); spec->n_rlimits++)
		if (!parse_rlimit(&spec->rlimits[spec->n_rlimits],
			    json_array_get(array, spec->n_rlimits), error))
			return agent_error_prefix(error, "rlimits[%zu]", spec->n_rlimits);
	return true;
}

static bool parse_oom_score(
	struct process_spec *spec, const json_t *process, struct agent_error *error)
{
	int64_t score = INT64_MIN;

	if (!json_get_integer(process, "oomScoreAdj", -1000, 1000, &score, error))
		return false;
	spec->has_oom_score_adj = score != INT64_MIN;
	spec->oom_score_adj = spec->has_oom_score_adj ? (int)score : 0;
	return true;
}

static bool parse(struct process_spec *spec, const json_t *process, struct agent_error *error)
{
	if (!json_get_strings(process, "args", &spec->args, error) ||
		!json_get_strings(process, "env", &spec->env, error) ||
		!json_need_string(process, "cwd", &spec->cwd, error))
		return false;
	if (spec->args[0] == NULL)
		return agent_error_set(error, AGENT_CODE_FAILED, "args: empty");
	if (*spec->cwd != '/')
		return agent_error_set(error, AGENT_CODE_FAILED, "cwd: not an absolute path");
	return json_get_boolean(process, "terminal", &spec->terminal, error) &&
	       json_get_boolean(process, "noNewPrivileges", &spec->no_new_privileges, error) &&
	       parse_user(spec, process, error) && parse_size(spec, process, error) &&
	       parse_capabilities(&spec->capabilities, process, error) &&
	       parse_rlimits(spec, process, error) && parse_oom_score(spec, process, error) &&
	       schedule_parse(spec, process, error);
}

bool process_spec_parse(struct process_spec *out, json_t *process, struct agent_error *error)
{
	struct process_spec spec = {.json = json_incref(process)};

	if (!parse(&spec, process, error)) {
		process_spec_clear(&spec);
		return agent_error_prefix(error, "process");
	}
	*out = spec;
	return true;
}

void process_spec_clear(struct process_spec *spec)
{
	free(spec->args);
	free(spec->env);
	free(spec->groups);
	free(spec->rlimits);
	json_decref(spec->json);
	*spec = (struct process_spec){0};
}
