/* SPDX-License-Identifier: GPL-2.0-only */
/* The `vm` object: its two shapes, where it is found, and whether its files are there. */
#include "runner.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/json.h"
#include "base/timeouts.h"
#include "vm/config.h"

#define LEAST "\"path\":\"qemu\",\"kernel\":{\"path\":\"vmlinux\"},\"initrd\":\"initramfs\""

static struct vm_config *parse(const char *text, GError **error)
{
	g_autoptr(JsonNode) node = json_parse_object(text, strlen(text), error);

	ck_assert_ptr_nonnull(node);
	return vm_config_from_json(json_node_get_object(node), "/e/vm.json", "/e", error);
}

static struct vm_config *parse_good(const char *text)
{
	g_autoptr(GError) error = NULL;
	struct vm_config *config = parse(text, &error);

	test_succeeds(config != NULL, error);
	return config;
}

TEST(config_has_defaults)
{
	g_autoptr(vm_config) config = parse_good("{" LEAST "}");

	ck_assert_str_eq(config->source, "/e/vm.json");
	ck_assert_ptr_null(config->hypervisor_parameters[0]);
	ck_assert_str_eq(config->kernel_parameters, "");
	ck_assert_ptr_null(config->image_path);
	ck_assert_str_eq(config->machine, "auto");
	ck_assert_int_eq(config->accel, VM_ACCEL_AUTO);
	ck_assert_uint_eq(config->memory_mib, 256);
	ck_assert_uint_eq(config->cpus, 1);
	ck_assert_int_eq(config->agent_timeout, TIMEOUT_AGENT_READY_MS);
}

TEST(config_reads_the_proposed_shape)
{
	g_autoptr(vm_config) config =
		parse_good("{\"path\":\"/q\",\"image\":\"/i\",\"kernel\":"
			   "{\"path\":\"/k\",\"parameters\":\"quiet root=/dev/pmem0p1\"}}");

	ck_assert_str_eq(config->hypervisor_path, "/q");
	ck_assert_str_eq(config->image_path, "/i");
	ck_assert_ptr_null(config->initrd_path);
	ck_assert_str_eq(config->kernel_path, "/k");
	ck_assert_str_eq(config->kernel_parameters, "quiet root=/dev/pmem0p1");
}

TEST(config_reads_the_shape_of_the_runtime_spec)
{
	g_autoptr(vm_config) config = parse_good(
		"{\"hypervisor\":{\"path\":\"/q\",\"parameters\":[\"-a\",\"b c\"]},"
		"\"kernel\":{\"path\":\"/k\",\"parameters\":[\"quiet\",\"x=1\"],\"initrd\":\"/r\"},"
		"\"image\":{\"path\":\"/i\",\"format\":\"raw\"},"
		"\"hwConfig\":{\"vcpus\":3,\"memory\":268435457}}");

	ck_assert_str_eq(config->hypervisor_path, "/q");
	ck_assert_str_eq(config->hypervisor_parameters[1], "b c");
	ck_assert_str_eq(config->kernel_parameters, "quiet x=1");
	ck_assert_str_eq(config->initrd_path, "/r");
	ck_assert_str_eq(config->image_path, "/i");
	ck_assert_uint_eq(config->cpus, 3);
	/* Bytes there; rounded up. */
	ck_assert_uint_eq(config->memory_mib, 257);
}

TEST(config_reads_our_own_keys)
{
	g_autoptr(vm_config) config =
		parse_good("{" LEAST ",\"machine\":\"microvm,acpi=off\",\"accel\":\"tcg\","
			   "\"memory\":64,\"cpus\":2,\"agentTimeout\":5}");

	ck_assert_str_eq(config->initrd_path, "/e/initramfs");
	ck_assert_str_eq(config->machine, "microvm,acpi=off");
	ck_assert_int_eq(config->accel, VM_ACCEL_TCG);
	ck_assert_uint_eq(config->memory_mib, 64);
	ck_assert_uint_eq(config->cpus, 2);
	ck_assert_int_eq(config->agent_timeout, 5000);
}

TEST(config_prefers_the_runtime_spec_where_both_are_given)
{
	g_autoptr(vm_config) config = parse_good(
		"{\"path\":\"/old\",\"hypervisor\":{\"path\":\"/new\"},\"initrd\":\"/old\","
		"\"kernel\":{\"path\":\"/k\",\"initrd\":\"/new\"},\"cpus\":1,"
		"\"hwConfig\":{\"vcpus\":2}}");

	ck_assert_str_eq(config->hypervisor_path, "/new");
	ck_assert_str_eq(config->initrd_path, "/new");
	ck_assert_uint_eq(config->cpus, 2);
	ck_assert_uint_eq(config->memory_mib, 256);
}

TEST(config_takes_an_empty_string_as_not_given)
{
	g_autoptr(vm_config) config = parse_good(
		"{\"path\":\"q\",\"hypervisor\":{\"path\":\"\"},\"image\":\"\",\"machine\":\"\","
		"\"accel\":\"\",\"kernel\":{\"path\":\"/k\",\"initrd\":\"\"},\"initrd\":\"/i\"}");

	ck_assert_str_eq(config->hypervisor_path, "q");
	ck_assert_ptr_null(config->image_path);
	ck_assert_str_eq(config->initrd_path, "/i");
	ck_assert_str_eq(config->machine, "auto");
}

TEST(config_keeps_a_name_without_a_slash_for_the_search_on_path)
{
	g_autoptr(vm_config) config = parse_good("{" LEAST "}");

	ck_assert_str_eq(config->hypervisor_path, "qemu");
}

TEST(config_resolves_relative_paths)
{
	g_autoptr(vm_config) config =
		parse_good("{\"path\":\"./bin/qemu\",\"kernel\":{\"path\":\"../k\"},"
			   "\"image\":{\"path\":\"i\"}}");

	ck_assert_str_eq(config->hypervisor_path, "/e/bin/qemu");
	ck_assert_str_eq(config->kernel_path, "/k");
	ck_assert_str_eq(config->image_path, "/e/i");
}

TEST(config_survives_unknown_keys)
{
	g_autoptr(vm_config) config =
		parse_good("{" LEAST ",\"colour\":1,\"hwConfig\":{\"dtdevs\":[]}}");

	ck_assert_str_eq(config->kernel_path, "/e/vmlinux");
}

struct bad_text {
	const char *text;
	/* Behind "/e/vm.json: vm.". */
	const char *message;
};

static const struct bad_text bad_objects[] = {
	{"{}", "path: missing (the hypervisor)"},
	{"{\"path\":[]}", "path: expected a string, found an array"},
	{"{\"hypervisor\":\"q\"}", "hypervisor: expected an object, found a string"},
	{"{\"hypervisor\":{\"path\":1}}", "hypervisor.path: expected a string, found a number"},
	{"{\"hypervisor\":{\"path\":\"q\",\"parameters\":\"-x\"}}",
		"hypervisor.parameters: expected an array, found a string"},
	{"{\"path\":\"q\"}", "kernel.path: missing"},
	{"{\"path\":\"q\",\"kernel\":\"k\"}", "kernel: expected an object, found a string"},
	{"{\"path\":\"q\",\"kernel\":{\"path\":\"\"}}", "kernel.path: missing"},
	{"{\"path\":\"q\",\"kernel\":{\"path\":\"k\"}}",
		"initrd: missing (and there is no image either)"},
	{"{\"path\":\"q\",\"kernel\":{\"path\":\"k\"},\"initrd\":1}",
		"initrd: expected a string, found a number"},
	{"{\"path\":\"q\",\"kernel\":{\"path\":\"k\",\"parameters\":{}}}",
		"kernel.parameters: expected a string, found an object"},
	{"{\"path\":\"q\",\"kernel\":{\"path\":\"k\",\"parameters\":[1]}}",
		"kernel.parameters[0]: expected a string, found a number"},
	{"{\"path\":\"q\",\"kernel\":{\"path\":\"k\"},\"image\":[]}",
		"image: expected a string, found an array"},
	{"{\"path\":\"q\",\"kernel\":{\"path\":\"k\"},\"image\":{\"path\":\"i\","
	 "\"format\":\"qcow2\"}}",
		"image.format: not supported: \"qcow2\" (raw is)"},
	{"{" LEAST ",\"machine\":1}", "machine: expected a string, found a number"},
	{"{" LEAST ",\"accel\":\"xen\"}", "accel: unknown accelerator \"xen\" (auto, kvm or tcg)"},
	{"{" LEAST ",\"hotplug\":1}", "hotplug: expected true or false, found a number"},
	{"{" LEAST ",\"memory\":\"256M\"}", "memory: expected a whole number, found a string"},
	{"{" LEAST ",\"memory\":8}", "memory: 8 is not between 32 and 16777216"},
	{"{" LEAST ",\"cpus\":0}", "cpus: 0 is not between 1 and 255"},
	{"{" LEAST ",\"hwConfig\":{\"vcpus\":-1}}", "hwConfig.vcpus: -1 is not between 1 and 255"},
	{"{" LEAST ",\"hwConfig\":[]}", "hwConfig: expected an object, found an array"},
	{"{" LEAST ",\"agentTimeout\":0}", "agentTimeout: 0 is not between 1 and 3600"},
};

TEST(config_names_what_is_wrong)
{
	const struct bad_text *bad = &bad_objects[_i];
	g_autoptr(GError) error = NULL;
	g_autofree char *message = g_strconcat("/e/vm.json: vm.", bad->message, NULL);

	ck_assert_ptr_null(parse(bad->text, &error));
	test_error_is(error, CC_ERROR_INVALID, message);
}

/* ---- look-up */

/* A directory of the look-up below the test's, with a vm.json that names this kernel. */
static char *make_directory(const char *name, const char *kernel)
{
	char *directory = test_path(name);
	g_autofree char *file = g_build_filename(name, "vm.json", NULL);

	ck_assert_int_eq(mkdir(directory, 0700), 0);
	if (kernel != NULL) {
		g_autofree char *text = g_strdup_printf(
			"{\"vm\":{\"path\":\"q\",\"initrd\":\"i\",\"kernel\":{\"path\":\"%s\"}}}",
			kernel);

		g_free(test_write_file(file, text));
	}
	return directory;
}

static void config_found_is(
	const struct vm_lookup *lookup, const struct oci_spec *spec, const char *kernel)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(vm_config) config = vm_config_load(lookup, spec, &error);

	test_succeeds(config != NULL, error);
	ck_assert_str_eq(config->kernel_path, kernel);
}

TEST(lookup_takes_the_bundle_first)
{
	g_autofree char *bundle = make_directory("b", "/from-bundle");
	g_autofree char *sysconf = make_directory("s", "/from-sysconf");
	g_autofree char *defaults = make_directory("d", "/from-defaults");
	const struct vm_lookup lookup = {bundle, sysconf, defaults};

	config_found_is(&lookup, NULL, "/from-bundle");
}

TEST(lookup_takes_sysconf_before_defaults)
{
	g_autofree char *bundle = make_directory("b", NULL);
	g_autofree char *sysconf = make_directory("s", "/from-sysconf");
	g_autofree char *defaults = make_directory("d", "/from-defaults");
	const struct vm_lookup lookup = {bundle, sysconf, defaults};

	config_found_is(&lookup, NULL, "/from-sysconf");
}

TEST(lookup_takes_defaults_last)
{
	g_autofree char *defaults = make_directory("d", "/from-defaults");
	const struct vm_lookup lookup = {NULL, "/nonexistent", defaults};

	config_found_is(&lookup, NULL, "/from-defaults");
}

#define PLAIN_SPEC                                                                                 \
	"{\"ociVersion\":\"1.0.2\",\"process\":{\"args\":[\"a\"],\"cwd\":\"/\"},"                  \
	"\"root\":{\"path\":\"r\"},\"annotations\":{"

/* vm.json of the bundle, with these annotations in config.json. */
static struct vm_config *load_annotated(const char *annotations, GError **error)
{
	g_autofree char *bundle = make_directory("b", "/k");
	const struct vm_lookup lookup = {.bundle = bundle};
	g_autofree char *text = g_strdup_printf(PLAIN_SPEC "%s}}", annotations);
	g_autoptr(oci_spec) spec = oci_spec_parse(text, strlen(text), "/x", error);

	ck_assert_ptr_nonnull(spec);
	return vm_config_load(&lookup, spec, error);
}

TEST(annotations_go_before_machine_and_accel)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(vm_config) config = load_annotated(
		"\"cc-oci-runtime.machine\":\"q35\",\"cc-oci-runtime.accel\":\"tcg\"", &error);

	test_succeeds(config != NULL, error);
	ck_assert_str_eq(config->machine, "q35");
	ck_assert_int_eq(config->accel, VM_ACCEL_TCG);
}

static const struct bad_text bad_annotations[] = {
	{"\"cc-oci-runtime.machine\":\"\"",
		"/x/config.json: annotations.cc-oci-runtime.machine: empty"},
	{"\"cc-oci-runtime.accel\":\"xen\"", "/x/config.json: annotations.cc-oci-runtime.accel: "
					     "unknown accelerator \"xen\" (auto, kvm or tcg)"},
};

TEST(annotations_that_are_wrong_are_named)
{
	g_autoptr(GError) error = NULL;

	ck_assert_ptr_null(load_annotated(bad_annotations[_i].text, &error));
	test_error_is(error, CC_ERROR_INVALID, bad_annotations[_i].message);
}

TEST(lookup_takes_config_json_before_all)
{
	static const char text[] =
		"{\"ociVersion\":\"1.0.2\",\"process\":{\"args\":[\"a\"],\"cwd\":\"/\"},"
		"\"root\":{\"path\":\"r\"},\"vm\":{\"path\":\"q\",\"initrd\":\"i\","
		"\"kernel\":{\"path\":\"k\"}}}";
	g_autoptr(GError) error = NULL;
	g_autofree char *bundle = make_directory("b", "/from-bundle");
	const struct vm_lookup lookup = {.bundle = bundle};
	g_autoptr(oci_spec) spec = oci_spec_parse(text, strlen(text), "/x", &error);

	test_succeeds(spec != NULL, error);
	config_found_is(&lookup, spec, "/x/k");
}

TEST(lookup_names_where_it_has_looked)
{
	g_autoptr(GError) error = NULL;
	const struct vm_lookup lookup = {"/no/b", "/no/s", "/no/d"};

	ck_assert_ptr_null(vm_config_load(&lookup, NULL, &error));
	test_error_is(error, CC_ERROR_NOT_FOUND, "vm.json: not found in /no/b, /no/s, /no/d");
}

TEST(load_refuses_a_file_without_vm)
{
	g_autoptr(GError) error = NULL;
	const struct vm_lookup lookup = {.sysconf = test_directory()};
	g_autofree char *path = test_write_file("vm.json", "{}");
	g_autofree char *message = g_strconcat(path, ": vm: missing", NULL);

	ck_assert_ptr_null(vm_config_load(&lookup, NULL, &error));
	test_error_is(error, CC_ERROR_INVALID, message);
}

TEST(load_refuses_what_is_not_json)
{
	g_autoptr(GError) error = NULL;
	const struct vm_lookup lookup = {.sysconf = test_directory()};
	g_autofree char *path = test_write_file("vm.json", "vm = {");

	ck_assert_ptr_null(vm_config_load(&lookup, NULL, &error));
	ck_assert_int_eq(error->code, CC_ERROR_INVALID);
	ck_assert(g_str_has_prefix(error->message, path));
}

/* ---- files */

/* A configuration whose files are all there, in the test's directory. */
static struct vm_config *make_files(void)
{
	g_autofree char *hypervisor = test_write_file("qemu", "");
	g_autofree char *kernel = test_write_file("vmlinux", "");
	g_autofree char *initrd = test_write_file("initramfs", "");
	g_autofree char *image = test_write_file("image", "");
	g_autofree char *text = g_strdup_printf(
		"{\"path\":\"%s\",\"kernel\":{\"path\":\"%s\"},\"initrd\":\"%s\",\"image\":\"%s\"}",
		hypervisor, kernel, initrd, image);

	ck_assert_int_eq(chmod(hypervisor, 0755), 0);
	return parse_good(text);
}

TEST(check_files_is_content)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(vm_config) config = make_files();

	test_succeeds(vm_config_check_files(config, &error), error);
}

struct lost_file {
	const char *name;
	const char *key;
};

static const struct lost_file lost_files[] = {
	{"qemu", "path"}, {"vmlinux", "kernel.path"}, {"initramfs", "initrd"}, {"image", "image"}};

TEST(check_files_names_the_missing_one)
{
	const struct lost_file *lost = &lost_files[_i];
	g_autoptr(GError) error = NULL;
	g_autoptr(vm_config) config = make_files();
	g_autofree char *path = test_path(lost->name);
	g_autofree char *message = g_strdup_printf(
		"/e/vm.json: vm.%s: %s: No such file or directory", lost->key, path);

	ck_assert_int_eq(remove(path), 0);
	ck_assert(!vm_config_check_files(config, &error));
	test_error_is(error, CC_ERROR_NOT_FOUND, message);
}

TEST(check_files_refuses_a_directory)
{
	const struct lost_file *lost = &lost_files[_i];
	g_autoptr(GError) error = NULL;
	g_autoptr(vm_config) config = make_files();
	g_autofree char *path = test_path(lost->name);
	g_autofree char *message =
		g_strdup_printf("/e/vm.json: vm.%s: %s: not a regular file", lost->key, path);

	ck_assert_int_eq(remove(path), 0);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	ck_assert(!vm_config_check_files(config, &error));
	test_error_is(error, CC_ERROR_INVALID, message);
}

TEST(check_files_refuses_a_hypervisor_that_is_not_executable)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(vm_config) config = make_files();
	g_autofree char *message = g_strdup_printf(
		"/e/vm.json: vm.path: %s: Permission denied", config->hypervisor_path);

	ck_assert_int_eq(chmod(config->hypervisor_path, 0644), 0);
	ck_assert(!vm_config_check_files(config, &error));
	test_error_is(error, CC_ERROR_FAILED, message);
}

TEST(check_files_finds_the_hypervisor_on_path)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(vm_config) config = make_files();
	g_autofree char *expected = g_steal_pointer(&config->hypervisor_path);

	config->hypervisor_path = g_strdup("qemu");
	ck_assert(g_setenv("PATH", test_directory(), TRUE));
	test_succeeds(vm_config_check_files(config, &error), error);
	ck_assert_str_eq(config->hypervisor_path, expected);
}

TEST(check_files_names_a_hypervisor_that_is_not_on_path)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(vm_config) config = parse_good("{" LEAST "}");

	ck_assert(g_setenv("PATH", test_directory(), TRUE));
	ck_assert(!vm_config_check_files(config, &error));
	test_error_is(error, CC_ERROR_NOT_FOUND, "/e/vm.json: vm.path: qemu: not found on PATH");
}

static const struct test tests[] = {
	RUN(config_has_defaults),
	RUN(config_reads_the_proposed_shape),
	RUN(config_reads_the_shape_of_the_runtime_spec),
	RUN(config_reads_our_own_keys),
	RUN(config_prefers_the_runtime_spec_where_both_are_given),
	RUN(config_takes_an_empty_string_as_not_given),
	RUN(config_keeps_a_name_without_a_slash_for_the_search_on_path),
	RUN(config_resolves_relative_paths),
	RUN(config_survives_unknown_keys),
	RUN_EACH(config_names_what_is_wrong, G_N_ELEMENTS(bad_objects)),
	RUN(lookup_takes_the_bundle_first),
	RUN(lookup_takes_sysconf_before_defaults),
	RUN(lookup_takes_defaults_last),
	RUN(lookup_takes_config_json_before_all),
	RUN(annotations_go_before_machine_and_accel),
	RUN_EACH(annotations_that_are_wrong_are_named, G_N_ELEMENTS(bad_annotations)),
	RUN(lookup_names_where_it_has_looked),
	RUN(load_refuses_a_file_without_vm),
	RUN(load_refuses_what_is_not_json),
	RUN(check_files_is_content),
	RUN_EACH(check_files_names_the_missing_one, G_N_ELEMENTS(lost_files)),
	RUN_EACH(check_files_refuses_a_directory, G_N_ELEMENTS(lost_files)),
	RUN(check_files_refuses_a_hypervisor_that_is_not_executable),
	RUN(check_files_finds_the_hypervisor_on_path),
	RUN(check_files_names_a_hypervisor_that_is_not_on_path),
};

TEST_MAIN("vm-config", tests)
