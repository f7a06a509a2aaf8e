/* SPDX-License-Identifier: GPL-2.0-only */
/* The agent's reading of seccomp, scheduling, id maps, time offsets, personality and hooks. */
#include "runner.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/hook.h"
#include "agent/json.h"
#include "agent/schedule.h"
#include "agent/seccomp.h"
#include "agent/spec.h"

#define PROCESS(more)	 "\"process\":{\"args\":[\"sh\"],\"cwd\":\"/\"" more "}"
#define IN_PROCESS(more) "{" PROCESS("," more) "}"
#define IN_LINUX(more)	 "{" PROCESS("") ",\"linux\":{" more "}}"
#define IN_SECCOMP(more) IN_LINUX("\"seccomp\":{" more "}")
#define ALLOW		 "\"defaultAction\":\"SCMP_ACT_ALLOW\""
#define USER		 "\"namespaces\":[{\"type\":\"user\"}]"
#define MAP(c, g, n)	 "[{\"containerID\":" #c ",\"hostID\":" #g ",\"size\":" #n "}]"

static bool parse(struct container_spec *spec, const char *text, struct agent_error *error)
{
	json_t *json = json_loads(text, 0, NULL);
	bool parsed;

	ck_assert_msg(json != NULL, "%s", text);
	parsed = container_spec_parse(spec, json, error);
	json_decref(json);
	return parsed;
}

static const struct {
	const char *json;
	const char *message;
} bad[] = {
	{IN_SECCOMP(""), "linux: seccomp: defaultAction: missing"},
	{IN_SECCOMP("\"defaultAction\":\"SCMP_ACT_NOTIFY\""),
		"linux: seccomp: defaultAction: unknown: SCMP_ACT_NOTIFY"},
	{IN_SECCOMP(ALLOW ",\"architectures\":[\"SCMP_ARCH_Z80\"]"),
		"linux: seccomp: architectures: SCMP_ARCH_Z80: invalid argument"},
	{IN_SECCOMP(ALLOW ",\"flags\":[\"X\"]"), "linux: seccomp: flags: unknown: X"},
	{IN_SECCOMP(ALLOW ",\"listenerPath\":\"/s\""),
		"linux: seccomp: listenerPath: not possible"},
	{IN_SECCOMP(ALLOW ",\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_LOG\","
			  "\"args\":[{\"index\":6,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]}]"),
		"linux: seccomp: syscalls[0]: args[0]: index: 6 is out of range"},
	{IN_SECCOMP(ALLOW ",\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_LOG\","
			  "\"args\":[{\"index\":0,\"value\":1,\"op\":\"=\"}]}]"),
		"linux: seccomp: syscalls[0]: args[0]: op: unknown: ="},
	{IN_LINUX(USER), "linux: uidMappings, gidMappings: belong to a user namespace, which "
			 "needs both"},
	{IN_LINUX("\"uidMappings\":" MAP(0, 1, 1)),
		"linux: uidMappings, gidMappings: belong to a user namespace, which needs both"},
	{IN_LINUX(USER ",\"uidMappings\":[{\"size\":-1}]"),
		"linux: uidMappings[0]: size: -1 is out of range"},
	{IN_LINUX("\"timeOffsets\":{\"boottime\":{}}"),
		"linux: timeOffsets: belong to a time namespace"},
	{IN_LINUX("\"namespaces\":[{\"type\":\"time\"}],\"timeOffsets\":{\"realtime\":{}}"),
		"linux: timeOffsets: realtime: unknown clock"},
	{IN_LINUX("\"personality\":{\"domain\":\"BSD\"}"),
		"linux: personality: domain: unknown: BSD"},
	{IN_PROCESS("\"scheduler\":{\"policy\":\"SCHED_MOON\"}"),
		"process: scheduler: policy: unknown: SCHED_MOON"},
	{IN_PROCESS("\"scheduler\":{\"policy\":\"SCHED_RR\",\"flags\":[\"F\"]}"),
		"process: scheduler: flags: unknown: F"},
	{IN_PROCESS("\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":8}"),
		"process: ioPriority: priority: 8 is out of range"},
	{IN_PROCESS("\"execCPUAffinity\":{\"final\":\"3-1\"}"),
		"process: execCPUAffinity: not a list of CPUs: 3-1"},
	{IN_PROCESS("\"execCPUAffinity\":{\"initial\":\"0,\"}"),
		"process: execCPUAffinity: not a list of CPUs: 0,"},
	{IN_PROCESS("\"execCPUAffinity\":{\"initial\":\"4096\"}"),
		"process: execCPUAffinity: not a list of CPUs: 4096"},
	{"{" PROCESS("") ",\"hooks\":{\"createContainer\":[{\"path\":\"x\"}]}}",
		"hooks: createContainer[0]: path: not absolute"},
	{"{" PROCESS("") ",\"hooks\":{\"startContainer\":[{\"path\":\"/x\",\"timeout\":0}]}}",
		"hooks: startContainer[0]: timeout: 0 is out of range"},
};

TEST(sections_name_what_is_wrong)
{
	struct container_spec spec = {.json = NULL};
	struct agent_error error;

	ck_assert(!parse(&spec, bad[_i].json, &error));
	ck_assert_str_eq(error.text, bad[_i].message);
}

TEST(seccomp_takes_what_engines_write)
{
	struct container_spec spec;
	struct agent_error error;

	ck_assert_msg(
		parse(&spec,
			IN_SECCOMP("\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,"
				   "\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\"],"
				   "\"syscalls\":[{\"names\":[\"read\",\"no_such_call\"],"
				   "\"action\":\"SCMP_ACT_ALLOW\"},{\"names\":[\"clone\"],"
				   "\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,"
				   "\"value\":2114060288,\"op\":\"SCMP_CMP_MASKED_EQ\"},"
				   "{\"index\":0,\"value\":-1,\"op\":\"SCMP_CMP_NE\"}]},"
				   "{\"names\":[\"bpf\"],\"action\":\"SCMP_ACT_ERRNO\","
				   "\"errnoRet\":38}]"),
			&error),
		"%s", error.text);
	ck_assert_ptr_nonnull(spec.seccomp);
	container_spec_clear(&spec);
}

/* In a process of its own: the filter stays. */
TEST(seccomp_filter_acts)
{
	struct container_spec spec;
	struct agent_error error;
	int status;
	pid_t pid;

	ck_assert(parse(&spec,
		IN_SECCOMP(ALLOW ",\"flags\":[\"SECCOMP_FILTER_FLAG_TSYNC\"],\"syscalls\":[{"
				 "\"names\":[\"getppid\"],\"action\":\"SCMP_ACT_ERRNO\","
				 "\"errnoRet\":99}]"),
		&error));
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		_exit(!seccomp_filter_load(spec.seccomp, &error) || syscall(SYS_getppid) != -1 ||
			errno != 99);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	container_spec_clear(&spec);
}

TEST(id_maps_translate)
{
	struct container_spec spec;
	struct agent_error error;

	ck_assert_msg(parse(&spec,
			      IN_LINUX(USER ",\"uidMappings\":" MAP(
				      0, 1000, 10) ",\"gidMappings\":" MAP(5, 70, 2)),
			      &error),
		"%s", error.text);
	ck_assert_uint_eq(id_maps_find(&spec.uid_maps, 9), 1009);
	ck_assert_uint_eq(id_maps_find(&spec.uid_maps, 10), UINT32_MAX);
	ck_assert_uint_eq(id_maps_find(&spec.gid_maps, 4), UINT32_MAX);
	ck_assert_uint_eq(id_maps_find(&spec.gid_maps, 6), 71);
	ck_assert_int_eq(spec.namespaces, CLONE_NEWNS | CLONE_NEWUSER);
	container_spec_clear(&spec);
	ck_assert_uint_eq(id_maps_find(&spec.uid_maps, 10), 10);
}

TEST(numbers_are_the_kernels)
{
	struct container_spec spec;
	struct agent_error error;

	ck_assert_msg(parse(&spec,
			      "{" PROCESS(",\"scheduler\":{\"policy\":\"SCHED_IDLE\",\"nice\":-5,"
					  "\"flags\":[\"SCHED_FLAG_RESET_ON_FORK\"]},"
					  "\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\","
					  "\"priority\":3}") ",\"linux\":{\"personality\":{"
							     "\"domain\":\"LINUX32\"},"
							     "\"namespaces\":[{\"type\":\"time\"}],"
							     "\"timeOffsets\":{\"boottime\":{"
							     "\"secs\":-7}}}}",
			      &error),
		"%s", error.text);
	ck_assert_uint_eq(spec.process.scheduler.policy, SCHED_IDLE);
	ck_assert_uint_eq(spec.process.scheduler.flags, 1);
	ck_assert_int_eq(spec.process.scheduler.nice, -5);
	ck_assert_int_eq(spec.process.io_priority, 2 << 13 | 3);
	ck_assert_int_eq(spec.personality, PER_LINUX32);
	ck_assert_uint_eq(spec.n_time_offsets, 1);
	ck_assert_int_eq(spec.time_offsets[0].seconds, -7);
	container_spec_clear(&spec);
}

TEST(nothing_given_changes_nothing)
{
	struct container_spec spec;
	struct agent_error error;

	ck_assert(parse(&spec, "{" PROCESS("") "}", &error));
	ck_assert(!spec.process.scheduler.given);
	ck_assert_int_eq(spec.process.io_priority, -1);
	ck_assert_int_eq(spec.personality, -1);
	ck_assert_ptr_null(spec.seccomp);
	ck_assert(schedule_apply(&spec.process, &error));
	ck_assert(schedule_bind(spec.process.final_cpus, &error));
	ck_assert_int_eq(hook_list_time(&spec.hooks.create), 0);
	container_spec_clear(&spec);
}

/* ---- hooks, run here as they are in a container */

static const struct {
	const char *hooks;
	const char *message;
} hook_runs[] = {
	{"[{\"path\":\"/bin/sh\",\"args\":[\"sh\",\"-c\",\"grep -q "
	 "'\\\"status\\\":\\\"created\\\"' "
	 "&& [ $A = 1 ]\"],\"env\":[\"A=1\",\"PATH=/bin:/usr/bin\"]},{\"path\":\"/bin/true\"}]",
		NULL},
	{"[{\"path\":\"/bin/true\"},{\"path\":\"/bin/false\"}]",
		"hooks.createContainer[1]: /bin/false: exit status 1"},
	{"[{\"path\":\"/no/such\"}]", "hooks.createContainer[0]: /no/such: exit status 127 (not "
				      "found in the container)"},
	{"[{\"path\":\"/bin/sh\",\"args\":[\"sh\",\"-c\",\"kill -9 $$\"]}]",
		"hooks.createContainer[0]: /bin/sh: killed by signal 9"},
	{"[{\"path\":\"/bin/sleep\",\"args\":[\"sleep\",\"60\"],\"timeout\":1}]",
		"hooks.createContainer[0]: /bin/sleep: not done within 1 s"},
};

TEST(hooks_run_with_the_state)
{
	g_autofree char *text = g_strdup_printf(
		"{" PROCESS("") ",\"hooks\":{\"createContainer\":%s},\"bundle\":\"/b\"}",
		hook_runs[_i].hooks);
	struct container_spec spec;
	struct agent_error error;
	bool done;

	ck_assert_msg(parse(&spec, text, &error), "%s", error.text);
	spec.hooks.id = "c1";
	done = hook_list_run(&spec.hooks, &spec.hooks.create, "created", &error);
	ck_assert_int_eq(done, hook_runs[_i].message == NULL);
	if (!done)
		ck_assert_str_eq(error.text, hook_runs[_i].message);
	container_spec_clear(&spec);
}

static const struct test tests[] = {
	RUN_EACH(sections_name_what_is_wrong, G_N_ELEMENTS(bad)),
	RUN(seccomp_takes_what_engines_write),
	RUN(seccomp_filter_acts),
	RUN(id_maps_translate),
	RUN(numbers_are_the_kernels),
	RUN(nothing_given_changes_nothing),
	RUN_EACH(hooks_run_with_the_state, G_N_ELEMENTS(hook_runs)),
};

TEST_MAIN("agent-sections", tests)
