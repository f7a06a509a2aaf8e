/* SPDX-License-Identifier: GPL-2.0-only */
/* The agent's reading of config.json: mount options, capabilities, processes, containers. */
#include "runner.h"

#include <sched.h>
#include <string.h>
#include <sys/mount.h>

#include "agent/capability.h"
#include "agent/file.h"
#include "agent/json.h"
#include "agent/spec.h"

/* ---- mount options */

static const struct {
	const char *options;
	guint64 set;
	guint64 clear;
	guint64 all_set;
	unsigned long propagation;
	const char *data;
} mount_samples[] = {
	{"", 0, 0, 0, 0, NULL},
	{"nosuid noexec nodev", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NODEV, 0, 0, 0,
		NULL},
	{"ro rw", 0, MOUNT_ATTR_RDONLY, 0, 0, NULL},
	{"rw ro", MOUNT_ATTR_RDONLY, 0, 0, 0, NULL},
	{"ro nodev suid", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV, MOUNT_ATTR_NOSUID, 0, 0, NULL},
	{"noatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME & ~MOUNT_ATTR_NOATIME, 0, 0, NULL},
	{"rbind rprivate", 0, 0, 0, MS_PRIVATE | MS_REC, NULL},
	{"rbind rro rnosuid", 0, 0, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, 0, NULL},
	{"bind shared rslave", 0, 0, 0, MS_SLAVE | MS_REC, NULL},
	{"unbindable", 0, 0, 0, MS_UNBINDABLE, NULL},
	{"mode=755 size=65536k", 0, 0, 0, 0, "mode=755,size=65536k"},
	{"newinstance ptmxmode=0666 mode=0620 gid=5", 0, 0, 0, 0,
		"newinstance,ptmxmode=0666,mode=0620,gid=5"},
	{"defaults silent norelatime", 0, 0, 0, 0, NULL},
	{"sync dirsync", 0, 0, 0, 0, "sync,dirsync"},
};

TEST(mount_options_become_changes_and_data)
{
	char **words = g_strsplit(mount_samples[_i].options, " ", -1);
	struct mount_options options;
	struct agent_error error;

	ck_assert(mount_options_parse(&options, words, &error));
	ck_assert_uint_eq(options.own.set, mount_samples[_i].set);
	ck_assert_uint_eq(options.own.clear & ~options.own.set, mount_samples[_i].clear);
	ck_assert_uint_eq(options.all.set, mount_samples[_i].all_set);
	ck_assert_uint_eq(options.propagation, mount_samples[_i].propagation);
	ck_assert_pstr_eq(options.data, mount_samples[_i].data);
	mount_options_clear(&options);
	g_strfreev(words);
}

TEST(mount_options_have_switches)
{
	char *words[] = {"rbind", "tmpcopyup", "remount", NULL};
	struct mount_options options;
	struct agent_error error;

	ck_assert(mount_options_parse(&options, words, &error));
	ck_assert(options.bind && options.recursive && options.copy_up && options.remount);
	ck_assert(mount_options_parse(&options, words + 3, &error));
	ck_assert(!options.bind && !options.recursive && !options.copy_up && !options.remount);
}

TEST(mount_propagation_knows_its_names)
{
	ck_assert_uint_eq(mount_propagation_parse("rslave"), MS_SLAVE | MS_REC);
	ck_assert_uint_eq(mount_propagation_parse("ro"), 0);
	ck_assert_uint_eq(mount_propagation_parse(""), 0);
}

/* ---- capabilities */

TEST(capability_names_are_the_kernels_numbers)
{
	ck_assert_int_eq(capability_by_name("CAP_CHOWN"), 0);
	ck_assert_int_eq(capability_by_name("CAP_SYS_ADMIN"), 21);
	ck_assert_int_eq(capability_by_name("CAP_CHECKPOINT_RESTORE"), 40);
	ck_assert_int_eq(capability_by_name("CAP_NONE"), -1);
	ck_assert_int_eq(capability_by_name("sys_admin"), -1);
	ck_assert_ptr_null(capability_name(41));
}

/* ---- paths */

static const struct {
	const char *path;
	bool below;
	bool name;
} path_samples[] = {
	{"c1", true, true},
	{"c1/volume-0", true, false},
	{"..a/b", true, false},
	{"a/..", false, false},
	{"../a", false, false},
	{"a/../b", false, false},
	{"/a", false, false},
	{"..", false, false},
	{".", true, false},
	{"", false, false},
};

TEST(path_judges_what_is_below)
{
	ck_assert_int_eq(path_is_below(path_samples[_i].path), path_samples[_i].below);
	ck_assert_int_eq(path_is_name(path_samples[_i].path), path_samples[_i].name);
}

/* ---- config.json */

#define PROCESS "\"process\":{\"args\":[\"sh\"],\"cwd\":\"/\"}"

static const struct {
	const char *json;
	const char *message;
} bad_samples[] = {
	{"{}", "process: missing"},
	{"{\"process\":[]}", "process: not an object"},
	{"{\"process\":{\"cwd\":\"/\"}}", "process: args: empty"},
	{"{\"process\":{\"args\":[1],\"cwd\":\"/\"}}", "process: args[0]: not a string"},
	{"{\"process\":{\"args\":[\"a\"]}}", "process: cwd: missing"},
	{"{\"process\":{\"args\":[\"a\"],\"cwd\":\"x\"}}", "process: cwd: not an absolute path"},
	{"{\"process\":{\"args\":[\"a\"],\"cwd\":\"/\",\"user\":{\"uid\":-1}}}",
		"process: user: uid: -1 is out of range"},
	{"{\"process\":{\"args\":[\"a\"],\"cwd\":\"/\",\"user\":{\"additionalGids\":[\"x\"]}}}",
		"process: user: additionalGids[0]: not a group id"},
	{"{\"process\":{\"args\":[\"a\"],\"cwd\":\"/\",\"rlimits\":[{\"type\":\"RLIMIT_X\"}]}}",
		"process: rlimits[0]: type: unknown limit RLIMIT_X"},
	{"{" PROCESS ",\"mounts\":[{}]}", "mounts[0]: destination: missing"},
	{"{" PROCESS ",\"mounts\":[3]}", "mounts[0]: destination: missing"},
	{"{" PROCESS
	 ",\"mounts\":[{\"destination\":\"/a\",\"type\":\"bind\",\"source\":\"../a\"}]}",
		"mounts[0]: source: \"../a\" is not below the share"},
	{"{" PROCESS ",\"linux\":{\"namespaces\":[{\"type\":\"user\"}]}}",
		"linux: uidMappings, gidMappings: belong to a user namespace, which needs both"},
	{"{" PROCESS ",\"linux\":{\"namespaces\":[{\"type\":\"ipc\",\"path\":\"/x\"}]}}",
		"linux: namespaces[0]: path: /x: no ipc namespace that could be joined here"},
	{"{" PROCESS ",\"linux\":{\"namespaces\":[{\"type\":\"cgroup\",\"path\":\"c1\"}]}}",
		"linux: namespaces[0]: path: c1: no cgroup namespace that could be joined here"},
	{"{" PROCESS ",\"linux\":{\"devices\":[{\"path\":\"/a\",\"type\":\"z\"}]}}",
		"linux: devices[0]: type: unknown device type z"},
	{"{" PROCESS ",\"linux\":{\"sysctl\":{\"a/../b\":\"1\"}}}",
		"linux: sysctl: a/../b: not a name and a string"},
	{"{" PROCESS ",\"linux\":{\"rootfsPropagation\":\"odd\"}}",
		"linux: rootfsPropagation: unknown value odd"},
};

TEST(container_spec_names_what_is_wrong)
{
	struct container_spec spec = {.json = NULL};
	struct agent_error error;
	json_t *json = json_loads(bad_samples[_i].json, 0, NULL);

	ck_assert_ptr_nonnull(json);
	ck_assert(!container_spec_parse(&spec, json, &error));
	ck_assert_str_eq(error.text, bad_samples[_i].message);
	ck_assert_uint_eq(json->refcount, 1);
	json_decref(json);
}

TEST(container_spec_always_has_a_mount_namespace)
{
	struct container_spec spec;
	struct agent_error error;
	json_t *json = json_loads("{" PROCESS ",\"linux\":{\"namespaces\":["
				  "{\"type\":\"pid\"},{\"type\":\"network\",\"path\":\"/n\"}]}}",
		0, NULL);

	ck_assert_msg(container_spec_parse(&spec, json, &error), "%s", error.text);
	ck_assert_int_eq(spec.namespaces, CLONE_NEWNS | CLONE_NEWPID);
	container_spec_clear(&spec);
	json_decref(json);
}

TEST(container_spec_joins_namespaces_of_containers_by_id)
{
	struct container_spec spec;
	struct agent_error error;
	json_t *json = json_loads("{\"process\":{\"args\":[\"a\"],\"cwd\":\"/\"},\"linux\":{"
				  "\"namespaces\":[{\"type\":\"ipc\",\"path\":\"p1\"},"
				  "{\"type\":\"uts\"},{\"type\":\"pid\",\"path\":\"c1\"}]}}",
		0, NULL);

	ck_assert_msg(container_spec_parse(&spec, json, &error), "%s", error.text);
	ck_assert_int_eq(spec.namespaces, CLONE_NEWNS | CLONE_NEWUTS);
	ck_assert_uint_eq(spec.n_joins, 2);
	ck_assert_int_eq(spec.joins[0].flag, CLONE_NEWIPC);
	ck_assert_str_eq(spec.joins[0].container, "p1");
	ck_assert_int_eq(spec.joins[1].flag, CLONE_NEWPID);
	ck_assert_str_eq(spec.joins[1].container, "c1");
	container_spec_clear(&spec);
	json_decref(json);
}

TEST(process_spec_takes_negative_limits_as_unlimited)
{
	struct process_spec spec;
	struct agent_error error;
	json_t *json = json_loads("{\"args\":[\"a\"],\"cwd\":\"/\",\"rlimits\":["
				  "{\"type\":\"RLIMIT_CORE\",\"soft\":7,\"hard\":-1}]}",
		0, NULL);

	ck_assert_msg(process_spec_parse(&spec, json, &error), "%s", error.text);
	ck_assert_uint_eq(spec.n_rlimits, 1);
	ck_assert_int_eq(spec.rlimits[0].resource, RLIMIT_CORE);
	ck_assert_uint_eq(spec.rlimits[0].limit.rlim_cur, 7);
	ck_assert_uint_eq(spec.rlimits[0].limit.rlim_max, RLIM_INFINITY);
	process_spec_clear(&spec);
	json_decref(json);
}

TEST(process_spec_without_capabilities_has_none)
{
	struct process_spec spec;
	struct agent_error error;
	json_t *json = json_loads("{\"args\":[\"a\"],\"cwd\":\"/\"}", 0, NULL);

	ck_assert_msg(process_spec_parse(&spec, json, &error), "%s", error.text);
	ck_assert_uint_eq(spec.capabilities.bounding | spec.capabilities.permitted, 0);
	process_spec_clear(&spec);
	json_decref(json);
}

TEST(agent_error_adds_context_in_front)
{
	struct agent_error error;

	ck_assert(!agent_error_errno(&error, ENOENT, "open %s", "/x"));
	ck_assert(!agent_error_prefix(&error, "container %s", "c1"));
	ck_assert_str_eq(error.text, "container c1: open /x: no such file or directory");
}

static const struct test tests[] = {
	RUN_EACH(mount_options_become_changes_and_data, G_N_ELEMENTS(mount_samples)),
	RUN(mount_options_have_switches),
	RUN(mount_propagation_knows_its_names),
	RUN(capability_names_are_the_kernels_numbers),
	RUN_EACH(path_judges_what_is_below, G_N_ELEMENTS(path_samples)),
	RUN_EACH(container_spec_names_what_is_wrong, G_N_ELEMENTS(bad_samples)),
	RUN(container_spec_always_has_a_mount_namespace),
	RUN(container_spec_joins_namespaces_of_containers_by_id),
	RUN(process_spec_takes_negative_limits_as_unlimited),
	RUN(process_spec_without_capabilities_has_none),
	RUN(agent_error_adds_context_in_front),
};

TEST_MAIN("agent-spec", tests)
