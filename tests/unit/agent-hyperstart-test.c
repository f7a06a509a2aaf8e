/* SPDX-License-Identifier: GPL-2.0-only */
/* The agent's translation of hyperstart's containers, and its look-ups in the file system. */
#include "runner.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/hyperstart.h"
#include "agent/lookup.h"
#include "agent/spec.h"

/* A root directory with users. The caller closes. */
static int make_root(void)
{
	g_autofree char *etc = test_path("etc");

	ck_assert_int_eq(mkdir(etc, 0755), 0);
	g_free(test_write_file(
		"etc/passwd", "root:x:0:0::/root:\nu:x:1000:1001::/home/u:/bin/sh\n"));
	g_free(test_write_file("etc/group", "root:x:0:\nextra:x:77:u\n"));
	return open(test_directory(), O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static json_t *translate(const char *text, struct agent_error *error)
{
	json_t *json = json_loads(text, 0, NULL);
	int root = make_root();
	json_t *oci;

	ck_assert_ptr_nonnull(json);
	oci = hyperstart_container_to_oci(json, "pod", root, error);
	json_decref(json);
	close(root);
	return oci;
}

TEST(hyperstart_container_becomes_a_valid_spec)
{
	struct agent_error error;
	struct container_spec spec;
	json_t *oci = translate(
		"{\"process\":{\"args\":[\"sh\"],\"envs\":[{\"env\":\"A\",\"value\":\"b=c\"}],"
		"\"user\":\"u\",\"additionalGroups\":[\"extra\",\"5\"],\"workdir\":\"/tmp\"},"
		"\"fsmap\":[{\"source\":\"v\",\"path\":\"/"
		"m\",\"readOnly\":true}],\"readOnly\":true}",
		&error);

	ck_assert_msg(oci != NULL, "%s", error.text);
	ck_assert_msg(container_spec_parse(&spec, oci, &error), "%s", error.text);
	ck_assert_str_eq(spec.hostname, "pod");
	ck_assert_str_eq(spec.process.env[0], "A=b=c");
	ck_assert_ptr_nonnull(lookup_variable(spec.process.env, "PATH"));
	ck_assert_uint_eq(spec.process.uid, 1000);
	ck_assert_uint_eq(spec.process.gid, 1001);
	ck_assert_uint_eq(spec.process.groups[0], 77);
	ck_assert_uint_eq(spec.process.groups[1], 5);
	ck_assert_str_eq(spec.mounts[spec.n_mounts - 1].destination, "/m");
	ck_assert(spec.read_only);
	container_spec_clear(&spec);
	json_decref(oci);
}

static const struct {
	const char *json;
	const char *message;
} bad_samples[] = {
	{"{\"process\":{\"args\":[\"a\"],\"user\":\"nobody\"}}",
		"process: nobody: not in etc/passwd"},
	{"{\"process\":{\"args\":[\"a\"],\"envs\":[{\"value\":\"x\"}]}}",
		"process: envs[0]: env: missing"},
	{"{\"process\":{\"args\":\"a\"}}", "process: args: not an array"},
	{"{\"fsmap\":[{\"path\":\"/a\"}]}", "fsmap[0]: source: missing"},
	{"{\"fstype\":\"ext4\"}", "fstype: not supported yet"},
	{"{\"volumes\":[{}]}", "volumes: not supported yet"},
};

TEST(hyperstart_container_names_what_is_wrong)
{
	struct agent_error error;
	json_t *oci = translate(bad_samples[_i].json, &error);

	ck_assert_ptr_null(oci);
	ck_assert_str_eq(error.text, bad_samples[_i].message);
}

/* ---- programs */

static const struct {
	const char *name;
	/* NULL: found. %s is the test's directory. */
	const char *message;
	enum agent_code code;
} program_samples[] = {
	{"prog", NULL, AGENT_CODE_FAILED},
	{"none", "exec: \"none\": executable file not found in $PATH", AGENT_CODE_EXEC_NOT_FOUND},
	{"plain", "exec: \"plain\": executable file not found in $PATH", AGENT_CODE_EXEC_NOT_FOUND},
	{"", "exec: \"\": executable file not found in $PATH", AGENT_CODE_EXEC_NOT_FOUND},
	{"/nowhere/x", "exec: \"/nowhere/x\": stat /nowhere/x: no such file or directory",
		AGENT_CODE_EXEC_NOT_FOUND},
	{"./plain", "exec: \"./plain\": permission denied", AGENT_CODE_EXEC_DENIED},
	{"/tmp", "exec: \"/tmp\": permission denied", AGENT_CODE_EXEC_DENIED},
};

TEST(lookup_program_speaks_like_runc)
{
	g_autofree char *path = g_strdup_printf("PATH=/nowhere:%s", test_directory());
	g_autofree char *program = test_write_file("prog", "");
	g_autofree char *plain = test_write_file("plain", "");
	char *env[] = {(char *)"A=b", path, NULL};
	struct agent_error error;

	ck_assert_int_eq(chmod(program, 0755), 0);
	ck_assert_int_eq(chmod(plain, 0644), 0);
	ck_assert_int_eq(chdir(test_directory()), 0);

	char *found = lookup_program(program_samples[_i].name, env, &error);

	if (program_samples[_i].message == NULL) {
		ck_assert_pstr_eq(found, program);
	} else {
		ck_assert_ptr_null(found);
		ck_assert_str_eq(error.text, program_samples[_i].message);
		ck_assert_int_eq(error.code, program_samples[_i].code);
	}
	free(found);
}

TEST(lookup_program_without_path_finds_nothing)
{
	char *env[] = {NULL};
	struct agent_error error;

	ck_assert_ptr_null(lookup_program("sh", env, &error));
	ck_assert_int_eq(error.code, AGENT_CODE_EXEC_NOT_FOUND);
}

TEST(lookup_record_bears_short_lines)
{
	g_autofree char *path =
		test_write_file("passwd", "\nbroken\na:b\nu:x:7:8::/h:/s:more:more\n");
	int file = open(path, O_RDONLY | O_CLOEXEC);
	char line[LOOKUP_LINE_MAX];
	char *fields[LOOKUP_FIELDS_MAX];

	ck_assert_uint_eq(lookup_record(file, 2, "7", line, fields), LOOKUP_FIELDS_MAX);
	ck_assert_str_eq(fields[5], "/h");
	close(file);
}

static const struct test tests[] = {
	RUN(hyperstart_container_becomes_a_valid_spec),
	RUN_EACH(hyperstart_container_names_what_is_wrong, G_N_ELEMENTS(bad_samples)),
	RUN_EACH(lookup_program_speaks_like_runc, G_N_ELEMENTS(program_samples)),
	RUN(lookup_program_without_path_finds_nothing),
	RUN(lookup_record_bears_short_lines),
};

TEST_MAIN("agent-hyperstart", tests)
