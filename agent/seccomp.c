/* SPDX-License-Identifier: GPL-2.0-only */
/* Builds and loads a filter with libseccomp. */
#include "agent/seccomp.h"

#include <ctype.h>
#include <errno.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "agent/json.h"

enum {
	ARGUMENTS_MAX = 6,
	ERRNO_MAX = 4095,
};

/* It is libseccomp's own, under a name of ours. */
struct seccomp_filter {
	scmp_filter_ctx context;
};

static const struct {
	const char *name;
	uint32_t action;
	/* Whether errnoRet belongs to it. */
	bool has_value;
} actions[] = {
	{"SCMP_ACT_ALLOW", SCMP_ACT_ALLOW, false},
	{"SCMP_ACT_ERRNO", SCMP_ACT_ERRNO(0), true},
	{"SCMP_ACT_KILL", SCMP_ACT_KILL_THREAD, false},
	{"SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS, false},
	{"SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD, false},
	{"SCMP_ACT_LOG", SCMP_ACT_LOG, false},
	{"SCMP_ACT_TRACE", SCMP_ACT_TRACE(0), true},
	{"SCMP_ACT_TRAP", SCMP_ACT_TRAP, false},
};

static const struct {
	const char *name;
	enum scmp_compare operator;
} operators[] = {
	{"SCMP_CMP_EQ", SCMP_CMP_EQ},
	{"SCMP_CMP_GE", SCMP_CMP_GE},
	{"SCMP_CMP_GT", SCMP_CMP_GT},
	{"SCMP_CMP_LE", SCMP_CMP_LE},
	{"SCMP_CMP_LT", SCMP_CMP_LT},
	{"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ},
	{"SCMP_CMP_NE", SCMP_CMP_NE},
};

/* A filter is for one thread, which the process is: TSYNC changes nothing. */
static const struct {
	const char *name;
	int attribute;
} flags[] = {
	{"SECCOMP_FILTER_FLAG_LOG", SCMP_FLTATR_CTL_LOG},
	{"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SCMP_FLTATR_CTL_SSB},
	{"SECCOMP_FILTER_FLAG_TSYNC", 0},
};

#define N(table) (sizeof(table) / sizeof *(table))

static bool unknown(const char *key, const char *name, struct agent_error *error)
{
	return agent_error_set(error, AGENT_CODE_FAILED, "%s: unknown: %s", key, name);
}

static bool fail(int result, const char *what, struct agent_error *error)
{
	return result == 0 || agent_error_errno(error, -result, "%s", what);
}

static bool parse_action(uint32_t *out, const json_t *object, const char *key,
	const char *errno_key, struct agent_error *error)
{
	const char *name = NULL;
	int64_t value = EPERM;

	if (!json_need_string(object, key, &name, error) ||
		!json_get_integer(object, errno_key, 0, ERRNO_MAX, &value, error))
		return false;
	for (size_t i = 0; i < N(actions); i++) {
		if (strcmp(actions[i].name, name) != 0)
			continue;
		*out = actions[i].action | (actions[i].has_value ? (uint32_t)value : 0);
		return true;
	}
	return unknown(key, name, error);
}

/* "SCMP_ARCH_X86_64" is libseccomp's "x86_64". */
static uint32_t find_architecture(const char *name)
{
	static const char prefix[] = "SCMP_ARCH_";
	char lower[32];
	size_t i = 0;

	if (strncmp(name, prefix, sizeof prefix - 1) != 0)
		return 0;
	name += sizeof prefix - 1;
	for (; name[i] != '\0' && i < sizeof lower - 1; i++)
		lower[i] = (char)tolower((unsigned char)name[i]);
	lower[i] = '\0';
	return seccomp_arch_resolve_name(lower);
}

static bool add_architectures(
	scmp_filter_ctx context, const json_t *section, struct agent_error *error)
{
	char **names = NULL;
	bool added = true;

	if (!json_get_strings(section, "architectures", &names, error))
		return false;
	for (size_t i = 0; added && names[i] != NULL; i++) {
		uint32_t token = find_architecture(names[i]);
		int result = token != 0 ? seccomp_arch_add(context, token) : -EINVAL;

		/* The guest's own is there from the start. */
		added = result == -EEXIST || fail(result, names[i], error);
	}
	free(names);
	return added || agent_error_prefix(error, "architectures");
}

static bool set_flag(scmp_filter_ctx context, const char *name, struct agent_error *error)
{
	for (size_t i = 0; i < N(flags); i++) {
		if (strcmp(flags[i].name, name) != 0)
			continue;
		return flags[i].attribute == 0 ||
		       fail(seccomp_attr_set(context, (enum scmp_filter_attr)flags[i].attribute, 1),
			       name, error);
	}
	return unknown("flags", name, error);
}

static bool set_flags(scmp_filter_ctx context, const json_t *section, struct agent_error *error)
{
	char **names = NULL;
	bool set = true;

	/* The process says itself when it wants no new privileges. */
	if (!fail(seccomp_attr_set(context, SCMP_FLTATR_CTL_NNP, 0), "no-new-privileges", error) ||
		!json_get_strings(section, "flags", &names, error))
		return false;
	for (size_t i = 0; set && names[i] != NULL; i++)
		set = set_flag(context, names[i], error);
	free(names);
	return set;
}

static bool parse_argument(
	struct scmp_arg_cmp *out, const json_t *object, struct agent_error *error)
{
	const char *name = NULL;
	int64_t index = 0;
	int64_t value = 0;
	int64_t value_two = 0;

	/* Values of 64 bits without a sign come as negative ones. */
	if (!json_get_integer(object, "index", 0, ARGUMENTS_MAX - 1, &index, error) ||
		!json_get_integer(object, "value", INT64_MIN, INT64_MAX, &value, error) ||
		!json_get_integer(object, "valueTwo", INT64_MIN, INT64_MAX, &value_two, error) ||
		!json_need_string(object, "op", &name, error))
		return false;
	for (size_t i = 0; i < N(operators); i++) {
		if (strcmp(operators[i].name, name) != 0)
			continue;
		*out = (struct scmp_arg_cmp){(unsigned)index,
			operators[i].operator,(scmp_datum_t) value, (scmp_datum_t)value_two};
		return true;
	}
	return unknown("op", name, error);
}

/* What is said of one system call. */
struct rule {
	uint32_t action;
	struct scmp_arg_cmp arguments[ARGUMENTS_MAX];
	unsigned n;
	/* An argument is compared twice: then any one of the comparisons is enough, as in runc. */
	bool any;
};

static bool parse_rule(struct rule *out, const json_t *object, struct agent_error *error)
{
	json_t *array = NULL;
	unsigned seen = 0;

	*out = (struct rule){0};
	if (!parse_action(&out->action, object, "action", "errnoRet", error) ||
		!json_get_array(object, "args", &array, error))
		return false;
	if (json_array_size(array) > ARGUMENTS_MAX)
		return agent_error_set(error, AGENT_CODE_FAILED, "args: too many");
	for (; out->n < json_array_size(array); out->n++) {
		struct scmp_arg_cmp *argument = &out->arguments[out->n];

		if (!parse_argument(argument, json_array_get(array, out->n), error))
			return agent_error_prefix(error, "args[%u]", out->n);
		out->any = out->any || seen & 1u << argument->arg;
		seen |= 1u << argument->arg;
	}
	return true;
}

static int add_call(scmp_filter_ctx context, int call, const struct rule *rule)
{
	int result = 0;

	if (!rule->any)
		return seccomp_rule_add_array(
			context, rule->action, call, rule->n, rule->arguments);
	for (unsigned i = 0; i < rule->n && result == 0; i++)
		result =
			seccomp_rule_add_array(context, rule->action, call, 1, &rule->arguments[i]);
	return result;
}

static bool add_rule(scmp_filter_ctx context, const json_t *object, uint32_t default_action,
	struct agent_error *error)
{
	struct rule rule;
	char **names = NULL;
	bool added = true;

	if (!parse_rule(&rule, object, error) || !json_get_strings(object, "names", &names, error))
		return false;
	/* libseccomp refuses a rule that says what is so anyway. */
	for (size_t i = 0; added && rule.action != default_action && names[i] != NULL; i++) {
		int call = seccomp_syscall_resolve_name(names[i]);

		added = call == __NR_SCMP_ERROR ||
			fail(add_call(context, call, &rule), names[i], error);
	}
	free(names);
	return added;
}

static bool add_rules(scmp_filter_ctx context, const json_t *section, uint32_t default_action,
	struct agent_error *error)
{
	json_t *array = NULL;

	if (!json_get_array(section, "syscalls", &array, error))
		return false;
	for (size_t i = 0; i < json_array_size(array); i++)
		if (!add_rule(context, json_array_get(array, i), default_action, error))
			return agent_error_prefix(error, "syscalls[%zu]", i);
	return true;
}

static bool build(struct seccomp_filter *filter, const json_t *section, struct agent_error *error)
{
	const char *listener = "";
	uint32_t action;

	if (!json_get_string(section, "listenerPath", &listener, error) ||
		!parse_action(&action, section, "defaultAction", "defaultErrnoRet", error))
		return false;
	if (*listener != '\0')
		return agent_error_set(error, AGENT_CODE_FAILED, "listenerPath: not possible");
	filter->context = seccomp_init(action);
	if (filter->context == NULL)
		return agent_error_set(error, AGENT_CODE_FAILED, "out of memory");
	return add_architectures(filter->context, section, error) &&
	       set_flags(filter->context, section, error) &&
	       add_rules(filter->context, section, action, error);
}

bool seccomp_filter_parse(
	struct seccomp_filter **out, const json_t *section, struct agent_error *error)
{
	struct seccomp_filter *filter;

	*out = NULL;
	if (section == NULL)
		return true;
	filter = calloc(1, sizeof *filter);
	if (filter == NULL)
		return agent_error_set(error, AGENT_CODE_FAILED, "seccomp: out of memory");
	if (!build(filter, section, error)) {
		seccomp_filter_free(filter);
		return agent_error_prefix(error, "seccomp");
	}
	*out = filter;
	return true;
}

void seccomp_filter_free(struct seccomp_filter *filter)
{
	if (filter == NULL)
		return;
	if (filter->context != NULL)
		seccomp_release(filter->context);
	free(filter);
}

bool seccomp_filter_load(const struct seccomp_filter *filter, struct agent_error *error)
{
	return fail(seccomp_load(filter->context), "load the seccomp filter", error);
}
