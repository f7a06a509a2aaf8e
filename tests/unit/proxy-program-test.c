/* SPDX-License-Identifier: GPL-2.0-only */
/* The whole proxy, as a program, with the fake hypervisor as its QEMU. */
#include "runner.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"
#include "base/process.h"
#include "base/spawn.h"
#include "base/timeouts.h"
#include "tests/support/fake-agent.h"
#include "wire/channel.h"

enum {
	CALL_MS = 20 * 1000,
};

struct rig {
	pid_t pid;
	struct channel creator;
	struct process_ref hypervisor;
};

static void rig_open_in(struct rig *rig, const char *state_directory)
{
	g_autofree char *path = test_build_path("cc-proxy");
	const char *const argv[] = {path, "--state-dir", state_directory, NULL};
	g_autofree char *share = test_path("share");
	GError *error = NULL;
	auto_fd int listening = fd_listen_at(test_directory(), PROXY_SOCKET_NAME, &error);
	auto_fd int theirs = -1;
	int ours;

	signal(SIGPIPE, SIG_IGN);
	*rig = (struct rig){0};
	ck_assert_int_eq(mkdir(share, 0755), 0);
	test_succeeds(fd_socket_pair(&ours, &theirs, &error), error);

	int fds[] = {-1, -1, STDERR_FILENO, listening, theirs};
	struct spawn spawn = SPAWN_INIT;

	spawn.path = path;
	spawn.argv = argv;
	spawn.fds = fds;
	spawn.n_fds = G_N_ELEMENTS(fds);
	spawn.new_session = TRUE;
	rig->pid = spawn_process(&spawn, &error);
	ck_assert_msg(rig->pid > 0, "%s", rig->pid > 0 ? "" : error->message);
	channel_init(&rig->creator, ours);
}

static void rig_open(struct rig *rig)
{
	rig_open_in(rig, test_directory());
}

/* The proxy must end by itself, and well. */
static void rig_wait(struct rig *rig)
{
	gint64 deadline = fake_agent_deadline();
	int status;

	if (rig->creator.fd >= 0)
		channel_clear(&rig->creator);
	while (waitpid(rig->pid, &status, WNOHANG) == 0)
		fake_agent_step(deadline, "the end of the proxy");
	ck_assert_int_eq(status, 0);
	ck_assert(!process_is_alive(&rig->hypervisor));
}

/* One request as text; the reply, or NULL with the error. */
static JsonNode *call(struct channel *channel, const char *text, int *out_fd, GError **error)
{
	JsonNode *request = json_parse_object(text, strlen(text), NULL);
	JsonObject *object = json_node_dup_object(request);

	json_node_unref(request);
	return channel_call(channel, object, CALL_MS, out_fd, error);
}

static void expect_ok(struct channel *channel, const char *text)
{
	GError *error = NULL;
	g_autoptr(JsonNode) reply = call(channel, text, NULL, &error);

	ck_assert_msg(reply != NULL, "%s", reply != NULL ? "" : error->message);
}

static void expect_error(struct channel *channel, const char *text, const char *message)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(JsonNode) reply = call(channel, text, NULL, &error);

	ck_assert_ptr_null(reply);
	ck_assert_str_eq(error->message, message);
}

/* option: a further argument of the fake hypervisor, or "". */
static void launch(struct rig *rig, const char *option)
{
	g_autofree char *hypervisor = test_build_path("tests/support/fake-hypervisor");
	g_autofree char *request = g_strdup_printf(
		"{\"request\":\"launch\",\"argv\":[\"%s\",\"-nodefaults\",%s],\"share\":\"share\","
		"\"logDirectory\":\"%s\",\"agentTimeout\":%d}",
		hypervisor, *option != '\0' ? option : "\"\"", test_directory(),
		strstr(option, "silent") != NULL ? 100 : CALL_MS);
	GError *error = NULL;
	g_autoptr(JsonNode) reply = call(&rig->creator, request, NULL, &error);

	ck_assert_msg(reply != NULL, "%s", reply != NULL ? "" : error->message);

	pid_t pid = (pid_t)json_object_get_int_member(json_node_get_object(reply), "hypervisorPid");

	/* One that ends at once may be gone by now. */
	if (!process_ref_get(pid, &rig->hypervisor, NULL))
		rig->hypervisor = (struct process_ref){0};
}

static void launch_ready(struct rig *rig, const char *option)
{
	launch(rig, option);
	expect_ok(&rig->creator, "{\"request\":\"ready\"}");
}

/* Streams of a process 1, 2, …, and the process in the guest. */
static int start_process(struct rig *rig, const char *id, gboolean init, const char *args)
{
	g_autofree char *streams =
		g_strdup_printf("{\"request\":\"process\",\"container\":\"c\",\"process\":\"%s\","
				"\"terminal\":true,\"init\":%s}",
			id, init ? "true" : "false");
	GError *error = NULL;
	int fd = -1;
	g_autoptr(JsonNode) reply = call(&rig->creator, streams, &fd, &error);

	ck_assert_msg(reply != NULL, "%s", reply != NULL ? "" : error->message);

	g_autofree char *start = g_strdup_printf(
		"{\"request\":\"agent\",\"message\":\"EXECCMD\",\"payload\":{\"container\":\"c\","
		"\"process\":{\"id\":\"%s\",\"stdio\":%d,\"args\":[%s]}}}",
		id, (int)json_object_get_int_member(json_node_get_object(reply), "stdio"), args);

	expect_ok(&rig->creator, start);
	return fd;
}

static void expect_exit(int fd, struct buffer *in, guint64 seq, guint status)
{
	struct note note = {.kind = NOTE_EXIT, .value = status};

	fake_tty_expect(fd, in, seq, "");
	fake_tty_expect_note(fd, in, &note);
	fake_tty_expect_end(fd, in);
	close(fd);
	buffer_clear(in);
}

TEST(started_by_hand_it_refuses)
{
	g_autofree char *path = test_build_path("cc-proxy");
	const char *const argv[] = {path, "--state-dir", test_directory(), NULL};
	g_autofree char *text = NULL;
	int status;

	ck_assert(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL,
		NULL, &text, &status, NULL));
	ck_assert_int_eq(WEXITSTATUS(status), 1);
	ck_assert_str_eq(text, "cc-proxy: descriptors 3 and 4 are not a listening and a connected "
			       "socket: started by hand?\n");
}

TEST(start_that_fails_is_the_first_answer)
{
	struct rig rig;
	int status;

	rig_open_in(&rig, "/nonexistent");
	expect_error(
		&rig.creator, "{\"request\":\"ready\"}", "/nonexistent: No such file or directory");
	channel_clear(&rig.creator);
	ck_assert_int_eq(waitpid(rig.pid, &status, 0), rig.pid);
	ck_assert_int_eq(WEXITSTATUS(status), 1);
}

TEST(ready_tells_what_the_agent_can)
{
	struct rig rig;
	g_autoptr(JsonNode) reply = NULL;

	rig_open(&rig);
	launch(&rig, "");
	reply = call(&rig.creator, "{\"request\":\"ready\"}", NULL, NULL);
	ck_assert_ptr_nonnull(reply);

	g_autofree char *text = json_format(reply, FALSE);

	ck_assert_str_eq(text, "{\"version\":1000000,\"features\":[\"oci\",\"window\","
			       "\"wait-start\"],\"frameMax\":65536,\"streamWindow\":65536}");
	expect_ok(&rig.creator, "{\"request\":\"stop\"}");
	rig_wait(&rig);
}

TEST(ready_has_the_hypervisors_words)
{
	struct rig rig;

	rig_open(&rig);
	launch(&rig, "\"fake:say=qemu-system-x86_64: no such machine\",\"fake:exit=1\"");
	/* The second time it is long gone. */
	if (_i == 1)
		g_usleep(200 * 1000);
	expect_error(&rig.creator, "{\"request\":\"ready\"}",
		"hypervisor ended: exit status 1: qemu-system-x86_64: no such machine");
	rig_wait(&rig);
}

TEST(silent_agent_is_not_waited_for)
{
	struct rig rig;

	rig_open(&rig);
	launch(&rig, "\"fake:silent\"");
	expect_error(
		&rig.creator, "{\"request\":\"ready\"}", "the agent did not answer within 100 ms");
	rig_wait(&rig);
}

TEST(creators_death_ends_the_vm)
{
	struct rig rig;

	rig_open(&rig);
	launch_ready(&rig, "");
	channel_clear(&rig.creator);
	rig.creator.fd = -1;
	rig_wait(&rig);
}

TEST(creators_death_before_launch)
{
	struct rig rig;

	rig_open(&rig);
	channel_clear(&rig.creator);
	rig.creator.fd = -1;
	rig_wait(&rig);
}

TEST(owned_vm_outlives_its_creator)
{
	struct rig rig;
	struct channel other;
	GError *error = NULL;

	rig_open(&rig);
	launch_ready(&rig, "");
	expect_ok(&rig.creator, "{\"request\":\"own\"}");
	channel_clear(&rig.creator);
	rig.creator.fd = -1;
	channel_init(&other, fd_connect_at(test_directory(), PROXY_SOCKET_NAME, &error));
	expect_ok(&other, "{\"request\":\"status\"}");
	ck_assert(process_is_alive(&rig.hypervisor));
	expect_ok(&other, "{\"request\":\"stop\"}");
	channel_clear(&other);
	rig_wait(&rig);
}

TEST(sigterm_ends_in_order)
{
	struct rig rig;
	struct buffer in;

	rig_open(&rig);
	launch_ready(&rig, "");
	buffer_init(&in, 1 << 20);

	int fd = start_process(&rig, "p", TRUE, "\"sleep\"");

	kill(rig.pid, SIGTERM);
	expect_exit(fd, &in, 1, 137);
	rig_wait(&rig);
}

TEST(init_process_ends_the_vm)
{
	struct rig rig;
	struct buffer in;

	rig_open(&rig);
	launch_ready(&rig, "");
	expect_ok(&rig.creator, "{\"request\":\"own\"}");
	buffer_init(&in, 1 << 20);

	int exec = start_process(&rig, "e", FALSE, "\"sleep\"");
	int init = start_process(&rig, "i", TRUE, "\"echo\",\"hello\"");

	fake_tty_expect(init, &in, 2, "hello\n");
	expect_exit(init, &in, 2, 0);
	buffer_init(&in, 1 << 20);
	expect_exit(exec, &in, 1, 137);
	rig_wait(&rig);
}

TEST(dead_shim_of_init_ends_the_vm)
{
	struct rig rig;

	rig_open(&rig);
	launch_ready(&rig, "");
	expect_ok(&rig.creator, "{\"request\":\"own\"}");
	close(start_process(&rig, "i", TRUE, "\"sleep\""));
	rig_wait(&rig);
}

/* QEMU is long gone when the last output is read at last. */
TEST(stalled_reader_loses_nothing)
{
	struct rig rig;
	struct buffer in;
	struct note note = {.kind = NOTE_WINDOW, .seq = 1};
	gsize total = 0;

	rig_open(&rig);
	launch_ready(&rig, "\"fake:plain=4243\"");
	buffer_init(&in, 1 << 20);

	int fd = start_process(&rig, "i", TRUE, "\"flood\",\"400000\"");

	fake_agent_settle();
	while (total < 400000) {
		note.value = fake_tty_receive(fd, &in).payload_size;
		total += note.value;
	}
	ck_assert_uint_eq(total, 400000);
	expect_exit(fd, &in, 1, 0);
	rig_wait(&rig);
}

TEST(overrunning_guest_ends_the_vm)
{
	struct rig rig;
	struct buffer in;

	rig_open(&rig);
	launch_ready(&rig, "\"fake:overrun\"");
	buffer_init(&in, 1 << 20);

	int fd = start_process(&rig, "i", TRUE, "\"flood\",\"10000000\"");

	while (fake_agent_deadline() > 0) {
		struct pollfd entry = {.fd = fd, .events = POLLIN};

		if (poll(&entry, 1, CALL_MS) <= 0 || buffer_read(&in, fd, 65536) <= 0)
			break;
		buffer_consume(&in, in.size);
	}
	close(fd);
	buffer_clear(&in);
	rig_wait(&rig);
}

TEST(agents_error_has_its_code)
{
	struct rig rig;
	g_autoptr(GError) error = NULL;

	rig_open(&rig);
	launch_ready(&rig, "");
	g_autoptr(JsonNode) reply = call(&rig.creator,
		"{\"request\":\"agent\",\"message\":\"EXECCMD\",\"payload\":{\"container\":\"c\","
		"\"process\":{\"id\":\"p\",\"stdio\":1,\"args\":[\"missing\"]}}}",
		NULL, &error);
	ck_assert_ptr_null(reply);
	test_error_is(error, CC_ERROR_EXEC_NOT_FOUND, "fake: exec-not-found");
	expect_ok(&rig.creator, "{\"request\":\"stop\"}");
	rig_wait(&rig);
}

static const struct {
	const char *request;
	const char *message;
} bad_requests[] = {
	{"{}", "request: missing"},
	{"{\"request\":1}", "request: expected a string, found a number"},
	{"{\"request\":\"fly\"}", "request \"fly\": unknown"},
	{"{\"request\":\"launch\"}", "launch: share: missing"},
	{"{\"request\":\"launch\",\"argv\":[],\"share\":\"s\",\"logDirectory\":\".\"}",
		"launch: argv: missing or empty"},
	{"{\"request\":\"launch\",\"argv\":[\"/nonexistent\"],\"share\":\"share\","
	 "\"logDirectory\":\".\"}",
		"launch: hypervisor /nonexistent: no such program"},
	{"{\"request\":\"bind\",\"source\":\"/\",\"target\":\"a\"}",
		"bind: there is no share: not launched"},
	{"{\"request\":\"ready\"}", "ready: not launched"},
	{"{\"request\":\"own\"}", "own: there is no VM"},
	{"{\"request\":\"agent\",\"message\":\"FLY\"}", "agent: message \"FLY\": not one to send"},
	{"{\"request\":\"agent\",\"message\":\"ACK\"}", "agent: message \"ACK\": not one to send"},
	{"{\"request\":\"agent\",\"message\":\"DESTROYPOD\"}",
		"agent: message \"DESTROYPOD\": not one to send"},
	{"{\"request\":\"agent\",\"message\":\"PING\"}",
		"agent: the agent is not ready, or the VM is ending"},
	{"{\"request\":\"process\",\"container\":\"\",\"process\":\"p\"}",
		"process: container: empty or too long"},
};

TEST(bad_request_is_an_error)
{
	struct rig rig;

	rig_open(&rig);
	expect_error(&rig.creator, bad_requests[_i].request, bad_requests[_i].message);
	expect_ok(&rig.creator, "{\"request\":\"stop\"}");
	rig_wait(&rig);
}

TEST(bad_framing_closes_the_client)
{
	struct rig rig;
	struct channel other;
	g_autoptr(GError) error = NULL;

	rig_open(&rig);
	channel_init(&other, fd_connect_at(test_directory(), PROXY_SOCKET_NAME, &error));
	ck_assert_int_eq(write(other.fd, "\0\0\0\7\0\0\0\0", 8), 8);
	ck_assert(fd_wait(other.fd, POLLIN, fake_agent_deadline(), NULL));
	ck_assert(!channel_fill(&other, &error));
	channel_clear(&other);
	expect_ok(&rig.creator, "{\"request\":\"stop\"}");
	rig_wait(&rig);
}

TEST(binds_are_seen_in_the_proxy_only)
{
	struct rig rig;
	g_autofree char *source = test_write_file("source", "content");
	g_autofree char *inside = test_path("share/c1/file");
	g_autofree char *request = g_strdup_printf("{\"request\":\"bind\",\"source\":\"%s\","
						   "\"target\":\"c1/file\",\"readOnly\":true}",
		source);
	g_autofree char *before = NULL;
	g_autofree char *after = NULL;
	g_autofree char *content = NULL;

	ck_assert(g_file_get_contents("/proc/self/mountinfo", &before, NULL, NULL));
	rig_open(&rig);
	launch_ready(&rig, "");
	expect_ok(&rig.creator, request);

	g_autofree char *seen = g_strdup_printf("/proc/%d/root%s", (int)rig.pid, inside);

	ck_assert(g_file_get_contents(seen, &content, NULL, NULL));
	ck_assert_str_eq(content, "content");
	ck_assert_int_eq(open(seen, O_WRONLY | O_CLOEXEC), -1);
	ck_assert_int_eq(access(inside, F_OK), -1);
	ck_assert(g_file_get_contents("/proc/self/mountinfo", &after, NULL, NULL));
	ck_assert_str_eq(before, after);
	expect_ok(&rig.creator, "{\"request\":\"stop\"}");
	rig_wait(&rig);
}

static const char *const bad_binds[] = {
	"\"source\":\"/tmp\",\"target\":\"../a\"",
	"\"source\":\"/tmp\",\"target\":\"/a\"",
	"\"source\":\"/tmp\",\"target\":\"\"",
	"\"source\":\"tmp\",\"target\":\"a\"",
	"\"source\":\"/nonexistent\",\"target\":\"a\"",
	"\"source\":\"/tmp\",\"target\":\"bound\"",
	"\"source\":\"/tmp\",\"target\":\"bound/below\"",
	"\"source\":\"/tmp\"",
};

TEST(bad_bind_is_an_error)
{
	struct rig rig;
	g_autofree char *request = g_strdup_printf("{\"request\":\"bind\",%s}", bad_binds[_i]);
	g_autoptr(GError) error = NULL;

	rig_open(&rig);
	launch_ready(&rig, "");
	expect_ok(&rig.creator, "{\"request\":\"bind\",\"source\":\"/usr\",\"target\":\"bound\"}");
	g_autoptr(JsonNode) reply = call(&rig.creator, request, NULL, &error);
	ck_assert_ptr_null(reply);
	ck_assert(g_str_has_prefix(error->message, "bind: "));
	expect_ok(&rig.creator, "{\"request\":\"stop\"}");
	rig_wait(&rig);
}

TEST(unbind_leaves_room_for_the_next_of_that_name)
{
	struct rig rig;
	g_autofree char *source = test_write_file("source", "content");
	g_autofree char *inside = test_path("share/c1");
	g_autofree char *file = g_strdup_printf("{\"request\":\"bind\",\"source\":\"%s\","
						"\"target\":\"c1/file\"}",
		source);
	const char *directory =
		"{\"request\":\"bind\",\"source\":\"/usr\",\"target\":\"c1/rootfs\"}";

	rig_open(&rig);
	launch_ready(&rig, "");

	g_autofree char *seen = g_strdup_printf("/proc/%d/root%s", (int)rig.pid, inside);

	for (int i = 0; i < 2; i++) {
		expect_ok(&rig.creator, file);
		expect_ok(&rig.creator, directory);
		ck_assert_int_eq(access(seen, F_OK), 0);
		expect_ok(&rig.creator, "{\"request\":\"unbind\",\"target\":\"c1\"}");
		ck_assert_int_eq(access(seen, F_OK), -1);
	}
	/* The host's files are as they were. */
	ck_assert_int_eq(access(source, F_OK), 0);
	ck_assert_int_eq(access("/usr/bin", F_OK), 0);
	expect_ok(&rig.creator, "{\"request\":\"unbind\",\"target\":\"c1\"}");
	expect_error(&rig.creator, "{\"request\":\"unbind\",\"target\":\"../c1\"}",
		"unbind: target \"../c1\": not a path below the share");
	expect_ok(&rig.creator, "{\"request\":\"stop\"}");
	rig_wait(&rig);
}

TEST(protect_makes_read_only)
{
	struct rig rig;
	g_autofree char *source = test_path("source");
	g_autofree char *inside = test_path("share/c1/a/b");
	g_autofree char *request = g_strdup_printf(
		"{\"request\":\"bind\",\"source\":\"%s\",\"target\":\"c1/a/b\"}", source);

	ck_assert_int_eq(mkdir(source, 0755), 0);
	rig_open(&rig);
	launch_ready(&rig, "");
	expect_error(&rig.creator, "{\"request\":\"protect\",\"target\":\"c1\"}",
		"protect: open \"c1\" in the share: No such file or directory");
	expect_ok(&rig.creator, request);

	g_autofree char *one = g_strdup_printf("/proc/%d/root%s/one", (int)rig.pid, inside);
	g_autofree char *two = g_strdup_printf("/proc/%d/root%s/two", (int)rig.pid, inside);

	ck_assert_int_eq(mkdir(one, 0755), 0);
	expect_ok(&rig.creator, "{\"request\":\"protect\",\"target\":\"c1/a/b\"}");
	ck_assert_int_eq(mkdir(two, 0755), -1);
	expect_ok(&rig.creator, "{\"request\":\"stop\"}");
	rig_wait(&rig);
}

TEST(logs_are_written)
{
	struct rig rig;
	g_autofree char *console = test_path("console.log");
	g_autofree char *log = test_path("hypervisor.log");
	g_autofree char *content = NULL;
	gsize size;

	rig_open(&rig);
	launch_ready(&rig, "\"fake:say=warning: fake\"");
	expect_ok(&rig.creator, "{\"request\":\"stop\"}");
	rig_wait(&rig);
	ck_assert(file_read(console, 1000, &content, &size, NULL));
	ck_assert_str_eq(content, "fake console\n");
	g_clear_pointer(&content, g_free);
	ck_assert(file_read(log, 10000, &content, &size, NULL));
	ck_assert_ptr_nonnull(strstr(content, "warning: fake\n"));
	ck_assert_ptr_nonnull(strstr(content, "agent ready, version 1000000"));
}

static const struct test tests[] = {
	RUN(started_by_hand_it_refuses),
	RUN(start_that_fails_is_the_first_answer),
	RUN(ready_tells_what_the_agent_can),
	RUN_EACH(ready_has_the_hypervisors_words, 2),
	RUN(silent_agent_is_not_waited_for),
	RUN(creators_death_ends_the_vm),
	RUN(creators_death_before_launch),
	RUN(owned_vm_outlives_its_creator),
	RUN(sigterm_ends_in_order),
	RUN(init_process_ends_the_vm),
	RUN(dead_shim_of_init_ends_the_vm),
	RUN(stalled_reader_loses_nothing),
	RUN(overrunning_guest_ends_the_vm),
	RUN(agents_error_has_its_code),
	RUN_EACH(bad_request_is_an_error, G_N_ELEMENTS(bad_requests)),
	RUN(bad_framing_closes_the_client),
	RUN(binds_are_seen_in_the_proxy_only),
	RUN_EACH(bad_bind_is_an_error, G_N_ELEMENTS(bad_binds)),
	RUN(unbind_leaves_room_for_the_next_of_that_name),
	RUN(protect_makes_read_only),
	RUN(logs_are_written),
};

TEST_MAIN("proxy-program", tests)
