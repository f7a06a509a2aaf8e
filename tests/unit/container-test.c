/* SPDX-License-Identifier: GPL-2.0-only */
/* State directories, look-ups and the choice of stdio and network, without a VM. */
#include "runner.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "container/container.h"
#include "container/directory.h"
#include "container/network.h"
#include "container/stdio.h"

static struct settings settings_here(void)
{
	return (struct settings){.root = test_directory()};
}

/* A record as a command would have left it; its shim is the given process. */
static void save_record(
	const struct settings *settings, const char *id, const struct process_ref *shim)
{
	g_autofree char *directory = directory_path(settings, id);
	g_autoptr(oci_state) state = oci_state_new();
	GError *error = NULL;

	state->oci_version = g_strdup("1.0.2");
	state->id = g_strdup(id);
	state->bundle = g_strdup("/b");
	state->rootfs = g_strdup("/b/rootfs");
	state->created = g_strdup("2026-01-01T00:00:00.000000000Z");
	state->owner = g_strdup("root");
	state->sandbox = g_strdup(id);
	state->recorded_status = OCI_STATUS_RUNNING;
	state->shim = *shim;
	(void)mkdir(directory, 0700);
	test_succeeds(oci_state_save(state, directory, &error), error);
}

static struct process_ref this_process(void)
{
	struct process_ref process = {0};
	GError *error = NULL;

	test_succeeds(process_ref_get(getpid(), &process, &error), error);
	return process;
}

TEST(directory_reserve_makes_a_private_directory)
{
	struct settings settings = settings_here();
	g_autofree char *path = directory_path(&settings, "c1");
	GError *error = NULL;
	auto_fd int lock = directory_reserve(&settings, "c1", &error);
	struct stat status;

	ck_assert_int_ge(lock, 0);
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_int_eq(status.st_mode & 07777, 0700);
}

TEST(directory_reserve_makes_the_root)
{
	g_autofree char *root = test_path("a/b/c");
	struct settings settings = {.root = root};
	GError *error = NULL;
	auto_fd int lock = directory_reserve(&settings, "c1", &error);

	ck_assert_int_ge(lock, 0);
}

TEST(directory_reserve_refuses_an_id_in_use)
{
	struct settings settings = settings_here();
	struct process_ref shim = this_process();
	g_autoptr(GError) error = NULL;

	save_record(&settings, "c1", &shim);
	ck_assert_int_eq(directory_reserve(&settings, "c1", &error), -1);
	test_error_is(error, CC_ERROR_EXISTS, "container with given ID already exists: \"c1\"");
}

TEST(directory_reserve_refuses_an_id_that_is_being_created)
{
	struct settings settings = settings_here();
	GError *unexpected = NULL;
	g_autoptr(GError) error = NULL;
	auto_fd int lock = directory_reserve(&settings, "c1", &unexpected);

	ck_assert_int_ge(lock, 0);
	ck_assert_int_eq(directory_reserve(&settings, "c1", &error), -1);
	ck_assert(g_error_matches(error, CC_ERROR, CC_ERROR_EXISTS));
}

TEST(directory_reserve_takes_over_what_a_dead_create_left)
{
	struct settings settings = settings_here();
	g_autofree char *path = test_path("c1");
	GError *error = NULL;

	ck_assert_int_eq(mkdir(path, 0700), 0);
	g_autofree char *left = test_write_file("c1/hypervisor.log", "words");
	auto_fd int lock = directory_reserve(&settings, "c1", &error);

	ck_assert_int_ge(lock, 0);
	ck_assert_int_eq(access(left, F_OK), -1);
}

TEST(directory_lock_wants_a_container)
{
	struct settings settings = settings_here();
	g_autoptr(GError) error = NULL;

	ck_assert_int_eq(directory_lock(&settings, "none", &error), -1);
	ck_assert(g_error_matches(error, CC_ERROR, CC_ERROR_NOT_FOUND));
}

TEST(container_state_of_a_missing_one)
{
	struct settings settings = settings_here();
	g_autoptr(GError) error = NULL;

	ck_assert_ptr_null(container_state(&settings, "none", &error));
	test_error_is(error, CC_ERROR_NOT_FOUND, "container \"none\" does not exist");
}

TEST(container_state_does_not_trust_the_record)
{
	struct settings settings = settings_here();
	struct process_ref shim = this_process();
	GError *error = NULL;

	/* The pid is alive, but it is not the shim's any more. */
	shim.start_time++;
	save_record(&settings, "c1", &shim);
	g_autoptr(oci_state) state = container_state(&settings, "c1", &error);

	ck_assert_ptr_nonnull(state);
	ck_assert_int_eq(oci_state_status(state), OCI_STATUS_STOPPED);
}

TEST(container_list_leaves_out_what_is_no_container)
{
	struct settings settings = settings_here();
	struct process_ref shim = this_process();
	g_autofree char *empty = test_path("empty");
	GError *error = NULL;

	save_record(&settings, "b", &shim);
	save_record(&settings, "a", &shim);
	ck_assert_int_eq(mkdir(empty, 0700), 0);
	g_autoptr(GPtrArray) states = container_list(&settings, &error);

	ck_assert_ptr_nonnull(states);
	ck_assert_uint_eq(states->len, 2);
	ck_assert_str_eq(((struct oci_state *)states->pdata[0])->id, "a");
	ck_assert_str_eq(((struct oci_state *)states->pdata[1])->id, "b");
}

TEST(container_list_of_no_root_is_empty)
{
	g_autofree char *root = test_path("none");
	struct settings settings = {.root = root};
	GError *error = NULL;
	g_autoptr(GPtrArray) states = container_list(&settings, &error);

	ck_assert_ptr_nonnull(states);
	ck_assert_uint_eq(states->len, 0);
}

TEST(container_signal_of_a_stopped_one)
{
	struct settings settings = settings_here();
	struct process_ref gone = {.pid = 1, .start_time = 1};
	g_autoptr(GError) error = NULL;

	save_record(&settings, "c1", &gone);
	ck_assert(!container_signal(&settings, "c1", 15, FALSE, &error));
	test_error_is(error, CC_ERROR_NOT_RUNNING, "container not running");
}

TEST(container_delete_of_a_missing_one)
{
	struct settings settings = settings_here();
	g_autoptr(GError) error = NULL;
	GError *unexpected = NULL;

	ck_assert(!container_delete(&settings, "none", FALSE, &error));
	test_error_is(error, CC_ERROR_NOT_FOUND, "container \"none\" does not exist");
	test_succeeds(container_delete(&settings, "none", TRUE, &unexpected), unexpected);
}

TEST(container_delete_of_a_running_one_is_refused)
{
	struct settings settings = settings_here();
	struct process_ref shim = this_process();
	g_autoptr(GError) error = NULL;

	save_record(&settings, "c1", &shim);
	ck_assert(!container_delete(&settings, "c1", FALSE, &error));
	test_error_is(
		error, CC_ERROR_FAILED, "cannot delete container c1 that is not stopped: running");
}

TEST(container_delete_removes_a_broken_record_by_force)
{
	struct settings settings = settings_here();
	g_autofree char *path = test_path("c1");
	GError *error = NULL;

	ck_assert_int_eq(mkdir(path, 0700), 0);
	g_autofree char *record = test_write_file("c1/state.json", "{\"id\":");

	test_succeeds(container_delete(&settings, "c1", TRUE, &error), error);
	ck_assert_int_eq(access(path, F_OK), -1);
}

TEST(container_delete_removes_what_a_dead_create_left)
{
	struct settings settings = settings_here();
	g_autofree char *path = test_path("c1");
	g_autoptr(GError) error = NULL;

	ck_assert_int_eq(mkdir(path, 0700), 0);
	g_autofree char *left = test_write_file("c1/hypervisor.log", "words");

	ck_assert(!container_delete(&settings, "c1", FALSE, &error));
	test_error_is(error, CC_ERROR_NOT_FOUND, "container \"c1\" does not exist");
	ck_assert_int_eq(access(path, F_OK), -1);
}

TEST(stdio_open_wants_a_console_socket_when_detached)
{
	struct oci_process process = {.terminal = TRUE};
	struct stdio stdio = STDIO_INIT;
	g_autoptr(GError) error = NULL;

	ck_assert(!stdio_open(&process, NULL, FALSE, &stdio, &error));
	ck_assert(g_error_matches(error, CC_ERROR, CC_ERROR_INVALID));
}

TEST(stdio_open_wants_a_terminal_for_a_console_socket)
{
	struct oci_process process = {.terminal = FALSE};
	struct stdio stdio = STDIO_INIT;
	g_autoptr(GError) error = NULL;

	ck_assert(!stdio_open(&process, "/x", FALSE, &stdio, &error));
	ck_assert(g_error_matches(error, CC_ERROR, CC_ERROR_INVALID));
}

static gboolean open_network(const char *namespaces, int *out_fd, gboolean *out_new, GError **error)
{
	g_autofree char *config = g_strdup_printf(
		"{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"r\"},"
		"\"process\":{\"cwd\":\"/\",\"args\":[\"x\"]},\"linux\":{\"namespaces\":[%s]}}",
		namespaces);
	GError *unexpected = NULL;
	g_autoptr(oci_spec) spec = oci_spec_parse(config, strlen(config), "/b", &unexpected);

	test_succeeds(spec != NULL, unexpected);
	return network_open(spec, out_fd, out_new, error);
}

TEST(network_open_without_a_namespace_is_the_callers)
{
	GError *error = NULL;
	gboolean new;
	auto_fd int fd = -1;

	test_succeeds(open_network("{\"type\":\"pid\"}", &fd, &new, &error), error);
	ck_assert_int_eq(fd, -1);
	ck_assert(!new);
}

TEST(network_open_by_path)
{
	GError *error = NULL;
	gboolean new;
	auto_fd int fd = -1;

	test_succeeds(open_network("{\"type\":\"network\",\"path\":\"/proc/self/ns/net\"}", &fd,
			      &new, &error),
		error);
	ck_assert_int_ge(fd, 0);
	ck_assert(!new);
}

TEST(network_open_refuses_another_kind_of_namespace)
{
	g_autoptr(GError) error = NULL;
	gboolean new;
	auto_fd int fd = -1;

	ck_assert(!open_network(
		"{\"type\":\"network\",\"path\":\"/proc/self/ns/uts\"}", &fd, &new, &error));
	test_error_is(error, CC_ERROR_INVALID,
		"/b/config.json: linux.namespaces[0].path: /proc/self/ns/uts: not a network "
		"namespace");
}

static const struct test tests[] = {
	RUN(directory_reserve_makes_a_private_directory),
	RUN(directory_reserve_makes_the_root),
	RUN(directory_reserve_refuses_an_id_in_use),
	RUN(directory_reserve_refuses_an_id_that_is_being_created),
	RUN(directory_reserve_takes_over_what_a_dead_create_left),
	RUN(directory_lock_wants_a_container),
	RUN(container_state_of_a_missing_one),
	RUN(container_state_does_not_trust_the_record),
	RUN(container_list_leaves_out_what_is_no_container),
	RUN(container_list_of_no_root_is_empty),
	RUN(container_signal_of_a_stopped_one),
	RUN(container_delete_of_a_missing_one),
	RUN(container_delete_of_a_running_one_is_refused),
	RUN(container_delete_removes_a_broken_record_by_force),
	RUN(container_delete_removes_what_a_dead_create_left),
	RUN(stdio_open_wants_a_console_socket_when_detached),
	RUN(stdio_open_wants_a_terminal_for_a_console_socket),
	RUN(network_open_without_a_namespace_is_the_callers),
	RUN(network_open_by_path),
	RUN(network_open_refuses_another_kind_of_namespace),
};

TEST_MAIN("container", tests)
