/* SPDX-License-Identifier: GPL-2.0-only */
/* The record of a container, and the state that is printed. */
#include "runner.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json.h"
#include "oci/state.h"

static struct oci_state *sample_state(void)
{
	struct oci_state *state = oci_state_new();

	state->oci_version = g_strdup("1.2.0");
	state->id = g_strdup("c1");
	state->bundle = g_strdup("/b");
	state->rootfs = g_strdup("/b/rootfs");
	state->created = g_strdup("2026-01-02T03:04:05.000000006Z");
	state->owner = g_strdup("root");
	g_hash_table_insert(state->annotations, g_strdup("k"), g_strdup("v \"quoted\""));
	state->sandbox = g_strdup("pod1");
	state->logs = g_strdup("/logs/pod1");
	state->recorded_status = OCI_STATUS_RUNNING;
	state->terminal = TRUE;
	/* This very process is a live one. */
	ck_assert(process_ref_get(getpid(), &state->shim, NULL));
	state->proxy = (struct process_ref){.pid = 4711, .start_time = G_GUINT64_CONSTANT(1) << 40};
	return state;
}

TEST(state_round_trip)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(oci_state) state = sample_state();

	test_succeeds(oci_state_save(state, test_directory(), &error), error);

	g_autoptr(oci_state) loaded = oci_state_load(test_directory(), &error);

	test_succeeds(loaded != NULL, error);
	ck_assert_str_eq(loaded->oci_version, state->oci_version);
	ck_assert_str_eq(loaded->id, state->id);
	ck_assert_str_eq(loaded->bundle, state->bundle);
	ck_assert_str_eq(loaded->rootfs, state->rootfs);
	ck_assert_str_eq(loaded->created, state->created);
	ck_assert_str_eq(loaded->owner, state->owner);
	ck_assert_str_eq(loaded->sandbox, state->sandbox);
	ck_assert_str_eq(loaded->logs, state->logs);
	ck_assert_int_eq(loaded->recorded_status, state->recorded_status);
	ck_assert(loaded->terminal);
	ck_assert_int_eq(loaded->shim.pid, state->shim.pid);
	ck_assert(loaded->shim.start_time == state->shim.start_time);
	ck_assert_int_eq(loaded->proxy.pid, state->proxy.pid);
	ck_assert(loaded->proxy.start_time == state->proxy.start_time);
	ck_assert_uint_eq(g_hash_table_size(loaded->annotations), 1);
	ck_assert_str_eq(g_hash_table_lookup(loaded->annotations, "k"), "v \"quoted\"");
}

TEST(a_paused_state_knows_what_it_goes_on_as)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(oci_state) state = sample_state();

	state->recorded_status = OCI_STATUS_PAUSED;
	state->paused_status = OCI_STATUS_CREATED;
	state->vm_memory_mib = 512;
	state->vm_cpus = 2;
	test_succeeds(oci_state_save(state, test_directory(), &error), error);

	g_autoptr(oci_state) loaded = oci_state_load(test_directory(), &error);

	test_succeeds(loaded != NULL, error);
	ck_assert_int_eq(oci_state_status(loaded), OCI_STATUS_PAUSED);
	ck_assert_int_eq(loaded->paused_status, OCI_STATUS_CREATED);
	ck_assert_int_eq(loaded->vm_memory_mib, 512);
	ck_assert_int_eq(loaded->vm_cpus, 2);
}

TEST(state_file_is_private)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(oci_state) state = sample_state();
	g_autofree char *path = test_path("state.json");
	struct stat status;

	test_succeeds(oci_state_save(state, test_directory(), &error), error);
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_uint_eq(status.st_mode & 0777, 0600);
}

TEST(state_missing_is_not_found)
{
	g_autoptr(GError) error = NULL;

	ck_assert_ptr_null(oci_state_load(test_directory(), &error));
	ck_assert_int_eq(error->code, CC_ERROR_NOT_FOUND);
}

static const char *const garbage[] = {"", "{", "null", "[]", "{}", "\xff", "{\"id\":7}",
	"{\"ociVersion\":\"1.0.0\",\"id\":\"../x\"}", "{\"ociVersion\":[]}", "}{", "\"x\""};

TEST(state_garbage_is_an_error)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = test_write_file("state.json", garbage[_i]);

	ck_assert_ptr_null(oci_state_load(test_directory(), &error));
	ck_assert_int_eq(error->code, CC_ERROR_INVALID);
	ck_assert(g_str_has_prefix(error->message, path));
}

struct change {
	/* Of the record as it is written. */
	const char *from;
	const char *to;
	/* Behind the file's name. */
	const char *message;
};

static const struct change changes[] = {
	{"\"id\":\"c1\"", "\"id\":\"..\"", "id: container id: names a directory of its own"},
	{"\"sandbox\":\"pod1\"", "\"sandbox\":\"a/b\"",
		"sandbox: container id: only letters, digits and _ + - . are allowed"},
	{"\"status\":\"running\"", "\"status\":\"frozen\"", "status: unknown: \"frozen\""},
	{"\"status\":\"running\"", "\"status\":3", "status: expected a string, found a number"},
	{"\"pid\":4711", "\"pid\":-1", "proxy.pid: -1 is not between 0 and 2147483647"},
	{"\"pid\":4711", "\"pid\":\"4711\"", "proxy.pid: expected a whole number, found a string"},
	{"\"terminal\":true", "\"terminal\":1", "terminal: expected true or false, found a number"},
	{"\"k\":", "\"k\":1,\"l\":", "annotations.k: expected a string, found a number"},
	{"\"proxy\":", "\"other\":", "proxy: missing"},
};

TEST(state_names_what_is_wrong)
{
	const struct change *change = &changes[_i];
	g_autoptr(GError) error = NULL;
	g_autoptr(oci_state) state = sample_state();
	g_autofree char *path = test_path("state.json");
	g_autofree char *message = g_strconcat(path, ": ", change->message, NULL);
	g_autofree char *text = NULL;

	test_succeeds(oci_state_save(state, test_directory(), &error), error);
	test_succeeds(g_file_get_contents(path, &text, NULL, &error), error);

	g_auto(GStrv) parts = g_strsplit(text, change->from, 2);

	ck_assert_uint_eq(g_strv_length(parts), 2);

	g_autofree char *changed = g_strjoinv(change->to, parts);

	g_free(test_write_file("state.json", changed));
	ck_assert_ptr_null(oci_state_load(test_directory(), &error));
	test_error_is(error, CC_ERROR_INVALID, message);
}

TEST(status_is_the_recorded_one_while_the_shim_lives)
{
	g_autoptr(oci_state) state = sample_state();

	ck_assert_int_eq(oci_state_status(state), OCI_STATUS_RUNNING);
}

TEST(status_is_stopped_when_the_pid_is_another_process)
{
	g_autoptr(oci_state) state = sample_state();

	state->shim.start_time++;
	ck_assert_int_eq(oci_state_status(state), OCI_STATUS_STOPPED);
}

TEST(status_is_creating_before_there_is_a_shim)
{
	g_autoptr(oci_state) state = sample_state();

	state->recorded_status = OCI_STATUS_CREATING;
	state->shim = (struct process_ref){0};
	ck_assert_int_eq(oci_state_status(state), OCI_STATUS_CREATING);
}

TEST(state_to_json_has_runc_s_order)
{
	g_autoptr(oci_state) state = sample_state();
	g_autofree char *text = json_format_object(oci_state_to_json(state), FALSE);
	g_autofree char *expected = g_strdup_printf(
		"{\"ociVersion\":\"1.2.0\",\"id\":\"c1\",\"pid\":%d,\"status\":\"running\","
		"\"bundle\":\"/b\",\"rootfs\":\"/b/rootfs\","
		"\"created\":\"2026-01-02T03:04:05.000000006Z\","
		"\"annotations\":{\"k\":\"v \\\"quoted\\\"\"},\"owner\":\"root\"}",
		(int)getpid());

	ck_assert_str_eq(text, expected);
}

TEST(state_to_json_of_a_stopped_container)
{
	g_autoptr(oci_state) state = sample_state();

	state->recorded_status = OCI_STATUS_STOPPED;
	g_hash_table_remove_all(state->annotations);

	g_autofree char *text = json_format_object(oci_state_to_json(state), FALSE);

	ck_assert_ptr_nonnull(strstr(text, "\"pid\":0,\"status\":\"stopped\""));
	ck_assert_ptr_null(strstr(text, "annotations"));
}

TEST(state_free_takes_nothing)
{
	oci_state_free(NULL);
}

static const struct test tests[] = {
	RUN(state_round_trip),
	RUN(a_paused_state_knows_what_it_goes_on_as),
	RUN(state_file_is_private),
	RUN(state_missing_is_not_found),
	RUN_EACH(state_garbage_is_an_error, G_N_ELEMENTS(garbage)),
	RUN_EACH(state_names_what_is_wrong, G_N_ELEMENTS(changes)),
	RUN(status_is_the_recorded_one_while_the_shim_lives),
	RUN(status_is_stopped_when_the_pid_is_another_process),
	RUN(status_is_creating_before_there_is_a_shim),
	RUN(state_to_json_has_runc_s_order),
	RUN(state_to_json_of_a_stopped_container),
	RUN(state_free_takes_nothing),
};

TEST_MAIN("oci-state", tests)
