/* SPDX-License-Identifier: GPL-2.0-only */
/* config.json, process.json and the guest's sections. */
#include "runner.h"

#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "oci/sections.h"
#include "oci/spec.h"

#define PROCESS "\"process\":{\"args\":[\"sh\"],\"cwd\":\"/\"}"
#define ROOT	"\"root\":{\"path\":\"rootfs\"}"
#define VERSION "\"ociVersion\":\"1.0.2\""
/* A whole document with further members. */
#define DOCUMENT(more) "{" VERSION "," PROCESS "," ROOT "," more "}"
#define MINIMAL	       "{" VERSION "," PROCESS "," ROOT "}"

static struct oci_spec *parse(const char *text, GError **error)
{
	return oci_spec_parse(text, strlen(text), "/b", error);
}

/* The document as Docker writes it. */
static struct oci_spec *parse_docker(void)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = test_data_path("config-docker.json");
	g_autofree char *text = NULL;
	gsize size;

	test_succeeds(file_read(path, 1 << 20, &text, &size, &error), error);

	struct oci_spec *spec = oci_spec_parse(text, size, "/b", &error);

	test_succeeds(spec != NULL, error);
	return spec;
}

TEST(spec_reads_process)
{
	g_autoptr(oci_spec) spec = parse_docker();
	const struct oci_process *process = spec->process;

	ck_assert_uint_eq(g_strv_length(process->args), 3);
	ck_assert_str_eq(process->args[0], "/sbin/docker-init");
	ck_assert_uint_eq(g_strv_length(process->env), 3);
	ck_assert_str_eq(process->cwd, "/");
	ck_assert(process->terminal);
	ck_assert_uint_eq(process->uid, 1000);
	ck_assert_uint_eq(process->gid, 100);
	ck_assert_uint_eq(process->n_additional_gids, 2);
	ck_assert_uint_eq(process->additional_gids[1], 4294967294u);
	ck_assert_uint_eq(process->rows, 24);
	ck_assert_uint_eq(process->columns, 80);
}

TEST(spec_keeps_the_whole_process_for_the_guest)
{
	g_autoptr(oci_spec) spec = parse_docker();

	ck_assert(
		json_object_has_member(json_node_get_object(spec->process->json), "capabilities"));
}

TEST(spec_resolves_root_against_the_bundle)
{
	g_autoptr(oci_spec) spec = parse_docker();

	ck_assert_str_eq(spec->root_path, "/b/rootfs");
	ck_assert(spec->root_readonly);
}

TEST(spec_keeps_an_absolute_root)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(oci_spec) spec =
		parse("{" VERSION "," PROCESS ",\"root\":{\"path\":\"/o/merged\"}}", &error);

	test_succeeds(spec != NULL, error);
	ck_assert_str_eq(spec->root_path, "/o/merged");
}

TEST(spec_reads_names_annotations_and_vm)
{
	g_autoptr(oci_spec) spec = parse_docker();

	ck_assert_str_eq(spec->version, "1.0.2-dev");
	ck_assert_str_eq(spec->hostname, "c0ffee");
	ck_assert_uint_eq(g_hash_table_size(spec->annotations), 2);
	ck_assert_str_eq(g_hash_table_lookup(spec->annotations, "com.example.key"), "value");
	ck_assert_int_eq(json_object_get_int_member(spec->vm, "memory"), 128);
}

TEST(spec_reads_a_mount_that_is_no_bind)
{
	g_autoptr(oci_spec) spec = parse_docker();

	ck_assert_uint_eq(spec->n_mounts, 4);
	ck_assert_str_eq(spec->mounts[0].type, "proc");
	ck_assert_str_eq(spec->mounts[0].source, "proc");
	ck_assert(!spec->mounts[0].is_bind);
	ck_assert(!spec->mounts[0].is_readonly);
}

TEST(spec_reads_a_recursive_bind)
{
	g_autoptr(oci_spec) spec = parse_docker();

	ck_assert(spec->mounts[1].is_bind);
	ck_assert(spec->mounts[1].is_recursive);
	ck_assert(spec->mounts[1].is_readonly);
	ck_assert_str_eq(spec->mounts[1].source, "/var/lib/hosts");
}

TEST(spec_resolves_a_bind_by_option_against_the_bundle)
{
	g_autoptr(oci_spec) spec = parse_docker();

	ck_assert(spec->mounts[2].is_bind);
	ck_assert(!spec->mounts[2].is_recursive);
	ck_assert_str_eq(spec->mounts[2].type, "");
	ck_assert_str_eq(spec->mounts[2].source, "/b/data");
}

TEST(spec_lets_the_last_of_ro_and_rw_win)
{
	g_autoptr(oci_spec) spec = parse_docker();

	ck_assert(!spec->mounts[2].is_readonly);
}

TEST(spec_takes_a_relative_destination_as_below_the_root)
{
	g_autoptr(oci_spec) spec = parse_docker();

	ck_assert_str_eq(spec->mounts[3].destination, "/relative");
	ck_assert_ptr_null(spec->mounts[3].source);
}

TEST(spec_finds_namespaces)
{
	g_autoptr(oci_spec) spec = parse_docker();

	ck_assert_ptr_null(oci_spec_namespace(spec, "pid")->path);
	ck_assert_str_eq(oci_spec_namespace(spec, "network")->path, "/run/netns/n1");
	ck_assert_ptr_null(oci_spec_namespace(spec, "mount")->path);
	ck_assert_ptr_null(oci_spec_namespace(spec, "user"));
}

TEST(spec_needs_no_more_than_version_process_root)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(oci_spec) spec = parse(MINIMAL, &error);

	test_succeeds(spec != NULL, error);
	ck_assert_uint_eq(spec->n_mounts, 0);
	ck_assert_uint_eq(spec->n_namespaces, 0);
	ck_assert_ptr_null(spec->hostname);
	ck_assert_ptr_null(spec->vm);
	ck_assert_ptr_nonnull(spec->process->env);
}

static const char *const good_versions[] = {
	"1.0.0", "1.0.2-dev", "1.2.0", "1.0.0-rc.5", "1.1.0+build.7", "1.10.12-a-b+c"};

TEST(spec_accepts_version)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *text =
		g_strdup_printf("{\"ociVersion\":\"%s\"," PROCESS "," ROOT "}", good_versions[_i]);
	g_autoptr(oci_spec) spec = parse(text, &error);

	test_succeeds(spec != NULL, error);
}

struct bad_text {
	const char *text;
	/* Behind "/b/config.json: ". */
	const char *message;
};

static const struct bad_text bad_documents[] = {
	{"{" PROCESS "," ROOT "}", "ociVersion: missing"},
	{"{\"ociVersion\":1}", "ociVersion: expected a string, found a number"},
	{"{\"ociVersion\":\"\"}", "ociVersion: not a version: \"\""},
	{"{\"ociVersion\":\"1\"}", "ociVersion: not a version: \"1\""},
	{"{\"ociVersion\":\"1.0\"}", "ociVersion: not a version: \"1.0\""},
	{"{\"ociVersion\":\"1.0.0-\"}", "ociVersion: not a version: \"1.0.0-\""},
	{"{\"ociVersion\":\"01.0.0\"}", "ociVersion: not a version: \"01.0.0\""},
	{"{\"ociVersion\":\"1.0.0 \"}", "ociVersion: not a version: \"1.0.0 \""},
	{"{\"ociVersion\":\"0.9.0\"}", "ociVersion: not supported: \"0.9.0\" (1.x is)"},
	{"{\"ociVersion\":\"2.0.0\"}", "ociVersion: not supported: \"2.0.0\" (1.x is)"},
	{"{\"ociVersion\":\"10.0.0\"}", "ociVersion: not supported: \"10.0.0\" (1.x is)"},
	{"{" VERSION "," ROOT "}", "process: missing"},
	{"{" VERSION "," ROOT ",\"process\":[]}", "process: expected an object, found an array"},
	{"{" VERSION "," PROCESS "}", "root: missing"},
	{"{" VERSION "," PROCESS ",\"root\":null}", "root: missing"},
	{"{" VERSION "," PROCESS ",\"root\":{}}", "root.path: missing"},
	{"{" VERSION "," PROCESS ",\"root\":{\"path\":\"\"}}", "root.path: empty"},
	{"{" VERSION "," PROCESS ",\"root\":{\"path\":7}}",
		"root.path: expected a string, found a number"},
	{"{" VERSION "," PROCESS ",\"root\":{\"path\":\"r\",\"readonly\":1}}",
		"root.readonly: expected true or false, found a number"},
	{DOCUMENT("\"hostname\":{}"), "hostname: expected a string, found an object"},
	{DOCUMENT("\"vm\":\"x\""), "vm: expected an object, found a string"},
	{DOCUMENT("\"annotations\":[]"), "annotations: expected an object, found an array"},
	{DOCUMENT("\"annotations\":{\"a\":1}"), "annotations.a: expected a string, found a number"},
	{DOCUMENT("\"mounts\":{}"), "mounts: expected an array, found an object"},
	{DOCUMENT("\"mounts\":[null]"), "mounts[0]: expected an object, found null"},
	{DOCUMENT("\"mounts\":[{}]"), "mounts[0].destination: missing"},
	{DOCUMENT("\"mounts\":[{\"destination\":\"\"}]"), "mounts[0].destination: empty"},
	{DOCUMENT("\"mounts\":[{\"destination\":\"/a\"},{\"destination\":[]}]"),
		"mounts[1].destination: expected a string, found an array"},
	{DOCUMENT("\"mounts\":[{\"destination\":\"/a\",\"type\":\"bind\"}]"),
		"mounts[0].source: missing"},
	{DOCUMENT("\"mounts\":[{\"destination\":\"/a\",\"source\":false}]"),
		"mounts[0].source: expected a string, found true or false"},
	{DOCUMENT("\"mounts\":[{\"destination\":\"/a\",\"options\":\"ro\"}]"),
		"mounts[0].options: expected an array, found a string"},
	{DOCUMENT("\"mounts\":[{\"destination\":\"/a\",\"options\":[\"ro\",1]}]"),
		"mounts[0].options[1]: expected a string, found a number"},
	{DOCUMENT("\"linux\":3"), "linux: expected an object, found a number"},
	{DOCUMENT("\"linux\":{\"namespaces\":{}}"),
		"linux.namespaces: expected an array, found an object"},
	{DOCUMENT("\"linux\":{\"namespaces\":[\"pid\"]}"),
		"linux.namespaces[0]: expected an object, found a string"},
	{DOCUMENT("\"linux\":{\"namespaces\":[{}]}"), "linux.namespaces[0].type: missing"},
	{DOCUMENT("\"linux\":{\"namespaces\":[{\"type\":\"net\"}]}"),
		"linux.namespaces[0].type: unknown: \"net\""},
	{DOCUMENT("\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"pid\"}]}"),
		"linux.namespaces[1].type: given twice: \"pid\""},
	{DOCUMENT("\"linux\":{\"namespaces\":[{\"type\":\"pid\",\"path\":\"x\"}]}"),
		"linux.namespaces[0].path: not absolute: \"x\""},
};

TEST(spec_names_what_is_wrong)
{
	const struct bad_text *bad = &bad_documents[_i];
	g_autoptr(GError) error = NULL;
	g_autofree char *message = g_strconcat("/b/config.json: ", bad->message, NULL);

	ck_assert_ptr_null(parse(bad->text, &error));
	test_error_is(error, CC_ERROR_INVALID, message);
}

static const struct bad_text bad_processes[] = {
	{"{\"cwd\":\"/\"}", "process.args: missing"},
	{"{\"args\":[],\"cwd\":\"/\"}", "process.args: empty"},
	{"{\"args\":\"sh\"}", "process.args: expected an array, found a string"},
	{"{\"args\":[1]}", "process.args[0]: expected a string, found a number"},
	{"{\"args\":[\"\"]}", "process.args[0]: empty"},
	{"{\"args\":[\"sh\"]}", "process.cwd: missing"},
	{"{\"args\":[\"sh\"],\"cwd\":\"\"}", "process.cwd: not absolute: \"\""},
	{"{\"args\":[\"sh\"],\"cwd\":\"x\"}", "process.cwd: not absolute: \"x\""},
	{"{\"args\":[\"sh\"],\"cwd\":1.5}", "process.cwd: expected a string, found a number"},
	{"{\"args\":[\"sh\"],\"cwd\":\"/\",\"env\":[{}]}",
		"process.env[0]: expected a string, found an object"},
	{"{\"args\":[\"sh\"],\"cwd\":\"/\",\"terminal\":\"yes\"}",
		"process.terminal: expected true or false, found a string"},
	{"{\"args\":[\"sh\"],\"cwd\":\"/\",\"user\":\"root\"}",
		"process.user: expected an object, found a string"},
	{"{\"args\":[\"sh\"],\"cwd\":\"/\",\"user\":{\"uid\":-1}}",
		"process.user.uid: -1 is not between 0 and 4294967294"},
	{"{\"args\":[\"sh\"],\"cwd\":\"/\",\"user\":{\"gid\":4294967295}}",
		"process.user.gid: 4294967295 is not between 0 and 4294967294"},
	{"{\"args\":[\"sh\"],\"cwd\":\"/\",\"user\":{\"additionalGids\":[1,\"x\"]}}",
		"process.user.additionalGids[1]: not a group id"},
	{"{\"args\":[\"sh\"],\"cwd\":\"/\",\"consoleSize\":{\"height\":65536}}",
		"process.consoleSize.height: 65536 is not between 0 and 65535"},
};

TEST(spec_names_what_is_wrong_with_the_process)
{
	const struct bad_text *bad = &bad_processes[_i];
	g_autoptr(GError) error = NULL;
	g_autofree char *text = g_strdup_printf("{" VERSION "," ROOT ",\"process\":%s}", bad->text);
	g_autofree char *message = g_strconcat("/b/config.json: ", bad->message, NULL);

	ck_assert_ptr_null(parse(text, &error));
	test_error_is(error, CC_ERROR_INVALID, message);
}

struct bytes {
	const char *data;
	gsize size;
};

#define BYTES(literal)                                                                             \
	{                                                                                          \
		literal, sizeof literal - 1                                                        \
	}

static const struct bytes not_documents[] = {
	BYTES(""),
	BYTES(" \n"),
	BYTES("{"),
	BYTES("null"),
	BYTES("[]"),
	BYTES("\"x\""),
	BYTES("7"),
	BYTES("{}}"),
	BYTES("not JSON"),
	BYTES(MINIMAL "\0"),
	BYTES("{\"ociVersion\":\"1.0.2\0\"}"),
	BYTES("{\"ociVersion\":\"1.0.2\\u0000\"}"),
	BYTES("\xff\xfe{}"),
	BYTES("\x7f"
	      "ELF"),
};

TEST(spec_refuses_what_is_no_object)
{
	g_autoptr(GError) error = NULL;

	ck_assert_ptr_null(
		oci_spec_parse(not_documents[_i].data, not_documents[_i].size, "/b", &error));
	ck_assert_int_eq(error->code, CC_ERROR_INVALID);
	ck_assert(g_str_has_prefix(error->message, "/b/config.json: "));
}

TEST(spec_refuses_every_truncation)
{
	static const char text[] = DOCUMENT("\"mounts\":[{\"destination\":\"/a\"}]");

	for (gsize size = 0; size < sizeof text - 1; size++) {
		g_autoptr(GError) error = NULL;

		ck_assert_ptr_null(oci_spec_parse(text, size, "/b", &error));
		ck_assert_ptr_nonnull(error);
	}
}

TEST(spec_load_reads_the_bundle)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *root = test_path("rootfs");

	g_free(test_write_file("config.json", MINIMAL));

	ck_assert_int_eq(mkdir(root, 0700), 0);

	g_autoptr(oci_spec) spec = oci_spec_load(test_directory(), &error);

	test_succeeds(spec != NULL, error);
	ck_assert_str_eq(spec->root_path, root);
}

TEST(spec_load_names_a_missing_root)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *config = test_write_file("config.json", MINIMAL);
	g_autofree char *message = g_strdup_printf(
		"%s: root.path: %s/rootfs: No such file or directory", config, test_directory());

	ck_assert_ptr_null(oci_spec_load(test_directory(), &error));
	test_error_is(error, CC_ERROR_NOT_FOUND, message);
}

TEST(spec_load_refuses_a_root_that_is_a_file)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *config = test_write_file("config.json", MINIMAL);
	g_autofree char *root = test_write_file("rootfs", "");
	g_autofree char *message =
		g_strdup_printf("%s: root.path: %s: Not a directory", config, root);

	ck_assert_ptr_null(oci_spec_load(test_directory(), &error));
	test_error_is(error, CC_ERROR_FAILED, message);
}

TEST(spec_load_names_a_missing_config)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *message =
		g_strdup_printf("%s/config.json: No such file or directory", test_directory());

	ck_assert_ptr_null(oci_spec_load(test_directory(), &error));
	test_error_is(error, CC_ERROR_NOT_FOUND, message);
}

TEST(process_load_reads_a_file)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = test_write_file("p.json", "{\"args\":[\"ls\"],\"cwd\":\"/x\"}");
	g_autoptr(oci_process) process = oci_process_load(path, &error);

	test_succeeds(process != NULL, error);
	ck_assert_str_eq(process->args[0], "ls");
	ck_assert_str_eq(process->cwd, "/x");
}

TEST(process_load_names_file_and_member)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = test_write_file("p.json", "{\"args\":[\"ls\"]}");
	g_autofree char *message = g_strconcat(path, ": cwd: missing", NULL);

	ck_assert_ptr_null(oci_process_load(path, &error));
	test_error_is(error, CC_ERROR_INVALID, message);
}

static const char *const bind_sources[] = {NULL, "c1/volume-0", "c1/volume-1", NULL};

/* The guest's sections of the Docker document; its JSON paths below are looked at. */
static JsonNode *docker_sections(const struct oci_spec *spec)
{
	JsonNode *node = json_node_new(JSON_NODE_OBJECT);

	json_node_take_object(node, oci_spec_guest_sections(spec, bind_sources));
	return node;
}

TEST(sections_leave_out_what_is_not_for_the_guest)
{
	g_autoptr(oci_spec) spec = parse_docker();
	g_autoptr(JsonNode) node = docker_sections(spec);
	JsonObject *sections = json_node_get_object(node);

	ck_assert_uint_eq(json_object_get_size(sections), 10);
	ck_assert_uint_eq(
		json_object_get_size(json_object_get_object_member(sections, "hooks")), 0);
	ck_assert_str_eq(json_object_get_string_member(sections, "bundle"), "/b");
	ck_assert(!json_object_has_member(sections, "vm"));
	ck_assert_str_eq(json_object_get_string_member(sections, "domainname"), "example.org");
}

TEST(sections_replace_the_sources_of_binds)
{
	g_autoptr(oci_spec) spec = parse_docker();
	g_autoptr(JsonNode) node = docker_sections(spec);
	JsonArray *mounts = json_object_get_array_member(json_node_get_object(node), "mounts");

	ck_assert_str_eq(
		json_object_get_string_member(json_array_get_object_element(mounts, 0), "source"),
		"proc");
	ck_assert_str_eq(
		json_object_get_string_member(json_array_get_object_element(mounts, 1), "source"),
		"c1/volume-0");
	ck_assert_str_eq(json_object_get_string_member(
				 json_array_get_object_element(mounts, 3), "destination"),
		"/relative");
	ck_assert(!json_object_has_member(json_array_get_object_element(mounts, 3), "source"));
}

TEST(sections_are_copies)
{
	g_autoptr(oci_spec) spec = parse_docker();
	g_autofree char *before = json_format(spec->document, FALSE);
	g_autoptr(JsonNode) node = docker_sections(spec);

	json_object_remove_member(
		json_object_get_object_member(json_node_get_object(node), "linux"), "resources");

	g_autofree char *after = json_format(spec->document, FALSE);

	ck_assert_str_eq(before, after);
}

TEST(spec_checks_the_types_of_what_the_guest_reads)
{
	g_autoptr(GError) error = NULL;

	ck_assert_ptr_null(parse(DOCUMENT("\"linux\":{\"resources\":\"x\"}"), &error));
	test_error_is(error, CC_ERROR_INVALID,
		"/b/config.json: linux.resources: expected an object, found a string");
}

static const struct test tests[] = {
	RUN(spec_reads_process),
	RUN(spec_keeps_the_whole_process_for_the_guest),
	RUN(spec_resolves_root_against_the_bundle),
	RUN(spec_keeps_an_absolute_root),
	RUN(spec_reads_names_annotations_and_vm),
	RUN(spec_reads_a_mount_that_is_no_bind),
	RUN(spec_reads_a_recursive_bind),
	RUN(spec_resolves_a_bind_by_option_against_the_bundle),
	RUN(spec_lets_the_last_of_ro_and_rw_win),
	RUN(spec_takes_a_relative_destination_as_below_the_root),
	RUN(spec_finds_namespaces),
	RUN(spec_needs_no_more_than_version_process_root),
	RUN_EACH(spec_accepts_version, G_N_ELEMENTS(good_versions)),
	RUN_EACH(spec_names_what_is_wrong, G_N_ELEMENTS(bad_documents)),
	RUN_EACH(spec_names_what_is_wrong_with_the_process, G_N_ELEMENTS(bad_processes)),
	RUN_EACH(spec_refuses_what_is_no_object, G_N_ELEMENTS(not_documents)),
	RUN(spec_refuses_every_truncation),
	RUN(spec_load_reads_the_bundle),
	RUN(spec_load_names_a_missing_root),
	RUN(spec_load_refuses_a_root_that_is_a_file),
	RUN(spec_load_names_a_missing_config),
	RUN(process_load_reads_a_file),
	RUN(process_load_names_file_and_member),
	RUN(sections_leave_out_what_is_not_for_the_guest),
	RUN(sections_replace_the_sources_of_binds),
	RUN(sections_are_copies),
	RUN(spec_checks_the_types_of_what_the_guest_reads),
};

TEST_MAIN("oci-spec", tests)
