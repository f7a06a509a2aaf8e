/* SPDX-License-Identifier: GPL-2.0-only */
/* Pause, pinning, and memory that ran out: the proxy as a program, and its counts. */
#include "runner.h"

#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/spawn.h"
#include "proxy/oom.h"
#include "tests/support/fake-agent.h"
#include "wire/channel.h"

enum {
	CALL_MS = 20 * 1000,
};

struct rig {
	pid_t pid;
	pid_t hypervisor;
	struct channel creator;
};

static JsonNode *call(struct rig *rig, const char *text, GError **error)
{
	JsonNode *request = json_parse_object(text, strlen(text), NULL);
	JsonObject *object = json_node_dup_object(request);

	json_node_unref(request);
	return channel_call(&rig->creator, object, CALL_MS, NULL, error);
}

/* The reply as text, or "error: …"; the caller frees. */
static char *ask(struct rig *rig, const char *text)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(JsonNode) reply = call(rig, text, &error);

	return reply != NULL ? json_format(reply, FALSE)
			     : g_strdup_printf("error: %s", error->message);
}

static void expect(struct rig *rig, const char *text, const char *reply)
{
	g_autofree char *got = ask(rig, text);

	ck_assert_str_eq(got, reply);
}

static void launch(struct rig *rig)
{
	g_autofree char *hypervisor = test_build_path("tests/support/fake-hypervisor");
	g_autofree char *request =
		g_strdup_printf("{\"request\":\"launch\",\"argv\":[\"%s\"],\"share\":\"share\","
				"\"logDirectory\":\"%s\",\"agentTimeout\":%d}",
			hypervisor, test_directory(), CALL_MS);
	GError *error = NULL;
	g_autoptr(JsonNode) reply = call(rig, request, &error);
	g_autofree char *ready = NULL;

	test_succeeds(reply != NULL, error);
	rig->hypervisor =
		(pid_t)json_object_get_int_member(json_node_get_object(reply), "hypervisorPid");
	ready = ask(rig, "{\"request\":\"ready\"}");
	ck_assert_ptr_nonnull(strstr(ready, "\"version\""));
}

static void rig_open(struct rig *rig)
{
	g_autofree char *path = test_build_path("cc-proxy");
	const char *const argv[] = {path, "--state-dir", test_directory(), NULL};
	g_autofree char *share = test_path("share");
	GError *error = NULL;
	auto_fd int listening = fd_listen_at(test_directory(), PROXY_SOCKET_NAME, &error);
	auto_fd int theirs = -1;
	int ours;
	struct spawn spawn = SPAWN_INIT;

	signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(mkdir(share, 0755), 0);
	test_succeeds(fd_socket_pair(&ours, &theirs, &error), error);

	int fds[] = {-1, -1, STDERR_FILENO, listening, theirs};

	spawn.path = path;
	spawn.argv = argv;
	spawn.fds = fds;
	spawn.n_fds = G_N_ELEMENTS(fds);
	spawn.new_session = TRUE;
	rig->pid = spawn_process(&spawn, &error);
	ck_assert_msg(rig->pid > 0, "%s", rig->pid > 0 ? "" : error->message);
	channel_init(&rig->creator, ours);
	launch(rig);
}

/* Without its creator the proxy ends, whether or not its VM stands still. */
static void rig_close(struct rig *rig)
{
	gint64 deadline = fake_agent_deadline();
	int status;

	channel_clear(&rig->creator);
	while (waitpid(rig->pid, &status, WNOHANG) == 0)
		fake_agent_step(deadline, "the end of the proxy");
	ck_assert_int_eq(status, 0);
}

TEST(a_vm_is_paused_and_goes_on)
{
	struct rig rig;
	g_autofree char *status = NULL;

	rig_open(&rig);
	expect(&rig, "{\"request\":\"resume\"}", "error: resume: the VM is not paused");
	expect(&rig, "{\"request\":\"pause\"}", "{}");
	expect(&rig, "{\"request\":\"pause\"}", "error: pause: the VM is paused already");
	status = ask(&rig, "{\"request\":\"status\"}");
	ck_assert_ptr_nonnull(strstr(status, "\"paused\":true"));
	/* A signal waits in the guest, not here. */
	expect(&rig,
		"{\"request\":\"agent\",\"message\":\"KILLCONTAINER\","
		"\"payload\":{\"container\":\"c\",\"signal\":9}}",
		"{}");
	expect(&rig, "{\"request\":\"resume\"}", "{}");
	rig_close(&rig);
}

TEST(a_paused_vm_is_stopped_in_order)
{
	struct rig rig;

	rig_open(&rig);
	expect(&rig, "{\"request\":\"pause\"}", "{}");
	expect(&rig, "{\"request\":\"stop\"}", "{}");
	rig_close(&rig);
}

TEST(a_vm_is_pinned)
{
	struct rig rig;
	cpu_set_t set;

	rig_open(&rig);
	expect(&rig, "{\"request\":\"pin\",\"cpus\":[0]}", "{}");
	ck_assert_int_eq(sched_getaffinity(rig.hypervisor, sizeof set, &set), 0);
	ck_assert_int_eq(CPU_COUNT(&set), 1);
	ck_assert(CPU_ISSET(0, &set));
	expect(&rig, "{\"request\":\"pin\",\"cpus\":[8191]}",
		"error: pin the thread of a CPU: Invalid argument");
	rig_close(&rig);
}

static const struct {
	const char *request;
	const char *error;
} bad_requests[] = {
	{"{\"request\":\"pin\"}", "error: pin: cpus: expected numbers of CPUs"},
	{"{\"request\":\"pin\",\"cpus\":[]}", "error: pin: cpus: expected numbers of CPUs"},
	{"{\"request\":\"pin\",\"cpus\":[0,-1]}", "error: pin: cpus: expected numbers of CPUs"},
	{"{\"request\":\"pin\",\"cpus\":[[]]}", "error: pin: cpus: expected numbers of CPUs"},
	{"{\"request\":\"add\"}", "error: add: container: missing"},
	{"{\"request\":\"add\",\"container\":\"c\",\"memoryCgroup\":\"x\"}",
		"error: add: memoryCgroup: not absolute"},
	{"{\"request\":\"oom\",\"container\":\"c\",\"seen\":-1}",
		"error: oom: seen: -1 is not between 0 and 9223372036854775807"},
};

TEST(bad_requests_are_errors)
{
	struct rig rig;

	rig_open(&rig);
	for (gsize i = 0; i < G_N_ELEMENTS(bad_requests); i++)
		expect(&rig, bad_requests[i].request, bad_requests[i].error);
	rig_close(&rig);
}

/* ---- counts */

struct counts {
	int changes;
	int exits;
};

static void count_change(void *data)
{
	((struct counts *)data)->changes++;
}

static void count_exit(const char *container, const char *process, int status, void *data)
{
	ck_assert_ptr_nonnull(container);
	ck_assert_str_eq(process, "init");
	ck_assert_int_eq(status, 7);
	((struct counts *)data)->exits++;
}

static const struct oom_events events = {.changed = count_change, .exited = count_exit};

TEST(kills_are_counted_of_known_containers)
{
	struct counts counts = {0};
	struct oom *oom = oom_new(&events, &counts);
	GError *error = NULL;

	test_succeeds(oom_add(oom, "c", NULL, &error), error);
	oom_count(oom, "c", 1);
	oom_count(oom, "stranger", 9);
	/* A guest cannot take back what it has told. */
	oom_count(oom, "c", 1);
	oom_count(oom, "c", 0);
	ck_assert_int_eq(counts.changes, 1);
	ck_assert_uint_eq(oom_get_kills(oom, "c"), 1);
	ck_assert_uint_eq(oom_get_kills(oom, "stranger"), 0);
	oom_count(oom, "c", 3);
	ck_assert_int_eq(counts.changes, 2);
	oom_free(oom);
}

/* Without a kill, a cgroup, or one that is there: the exit is not held up. */
TEST(an_exit_that_cannot_be_shown_is_passed_on)
{
	struct counts counts = {0};
	struct oom *oom = oom_new(&events, &counts);
	g_autofree char *gone = test_path("gone");
	GError *error = NULL;

	test_succeeds(oom_add(oom, "a", NULL, &error), error);
	test_succeeds(oom_add(oom, "b", gone, &error), error);
	oom_exit(oom, "a", "init", 7);
	oom_exit(oom, "b", "init", 7);
	ck_assert_int_eq(counts.exits, 2);
	oom_count(oom, "a", 1);
	oom_count(oom, "b", 1);
	oom_exit(oom, "a", "init", 7);
	oom_exit(oom, "b", "init", 7);
	oom_exit(oom, "stranger", "init", 7);
	ck_assert_int_eq(counts.exits, 5);
	oom_free(oom);
}

TEST(containers_are_bounded)
{
	struct counts counts = {0};
	struct oom *oom = oom_new(&events, &counts);
	g_autoptr(GError) error = NULL;
	gboolean added = TRUE;
	int n = 0;

	while (added && n < 2 * OOM_CONTAINERS_MAX) {
		g_autofree char *name = g_strdup_printf("c%d", n++);

		added = oom_add(oom, name, NULL, &error);
	}
	ck_assert_int_eq(n, OOM_CONTAINERS_MAX + 1);
	test_error_is(error, CC_ERROR_FAILED, "too many containers");
	oom_free(oom);
}

static const struct test tests[] = {
	RUN(a_vm_is_paused_and_goes_on),
	RUN(a_paused_vm_is_stopped_in_order),
	RUN(a_vm_is_pinned),
	RUN(bad_requests_are_errors),
	RUN(kills_are_counted_of_known_containers),
	RUN(an_exit_that_cannot_be_shown_is_passed_on),
	RUN(containers_are_bounded),
};

TEST_MAIN("proxy-resources", tests)
