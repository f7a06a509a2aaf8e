/* SPDX-License-Identifier: GPL-2.0-only */
/* Parses and runs the guest's hooks. */
#include "agent/hook.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/cleanup.h"
#include "agent/json.h"

enum {
	/* Of a hook that says none: the host waits for its container meanwhile. */
	TIMEOUT_DEFAULT_S = 30,
	TIMEOUT_MAX_S = 3600,
};

static bool parse_hook(struct hook_spec *out, const json_t *object, struct agent_error *error)
{
	int64_t timeout = TIMEOUT_DEFAULT_S;

	*out = (struct hook_spec){.path = NULL};
	if (!json_need_string(object, "path", &out->path, error) ||
		!json_get_strings(object, "args", &out->args, error) ||
		!json_get_strings(object, "env", &out->env, error) ||
		!json_get_integer(object, "timeout", 1, TIMEOUT_MAX_S, &timeout, error))
		return false;
	if (*out->path != '/')
		return agent_error_set(error, AGENT_CODE_FAILED, "path: not absolute");
	out->timeout_ms = timeout * 1000;
	return true;
}

static bool parse_list(struct hook_list *list, const json_t *hooks, struct agent_error *error)
{
	json_t *array = NULL;

	if (!json_get_array(hooks, list->kind, &array, error))
		return false;
	list->hooks = calloc(json_array_size(array) + 1, sizeof *list->hooks);
	if (list->hooks == NULL)
		return agent_error_set(error, AGENT_CODE_FAILED, "out of memory");
	for (size_t i = 0; i < json_array_size(array); i++) {
		/* Counted first, so that what a failure leaves is freed. */
		if (!parse_hook(&list->hooks[list->n++], json_array_get(array, i), error))
			return agent_error_prefix(error, "%s[%zu]", list->kind, i);
	}
	return true;
}

bool hooks_spec_parse(struct hooks_spec *out, const json_t *oci, struct agent_error *error)
{
	struct hooks_spec spec = {
		.create.kind = "createContainer",
		.start.kind = "startContainer",
		.id = "",
		.bundle = "",
		.version = "",
	};
	json_t *hooks = NULL;

	if (json_get_object(oci, "hooks", &hooks, error) &&
		json_get_string(oci, "bundle", &spec.bundle, error) &&
		json_get_string(oci, "ociVersion", &spec.version, error) &&
		json_get_object(oci, "annotations", &spec.annotations, error) &&
		parse_list(&spec.create, hooks, error) && parse_list(&spec.start, hooks, error)) {
		*out = spec;
		return true;
	}
	hooks_spec_clear(&spec);
	return agent_error_prefix(error, "hooks");
}

static void clear_list(struct hook_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		free(list->hooks[i].args);
		free(list->hooks[i].env);
	}
	free(list->hooks);
}

void hooks_spec_clear(struct hooks_spec *hooks)
{
	clear_list(&hooks->create);
	clear_list(&hooks->start);
	*hooks = (struct hooks_spec){.id = NULL};
}

int64_t hook_list_time(const struct hook_list *list)
{
	int64_t time = 0;

	for (size_t i = 0; i < list->n; i++)
		time += list->hooks[i].timeout_ms;
	return time;
}

/* The state (runtime-spec runtime.md, "State") as a file to read; -1 on error. */
static int make_state(const struct hooks_spec *hooks, const char *status, struct agent_error *error)
{
	AUTO_JSON json_t *state = json_pack("{s:s,s:s,s:s,s:i,s:s}", "ociVersion", hooks->version,
		"id", hooks->id, "status", status, "pid", (int)getpid(), "bundle", hooks->bundle);
	AUTO_FREE char *text = NULL;
	AUTO_CLOSE int fd = memfd_create("state", MFD_CLOEXEC);

	if (hooks->annotations != NULL)
		json_object_set(state, "annotations", hooks->annotations);
	text = state != NULL ? json_dumps(state, JSON_COMPACT) : NULL;
	if (text == NULL || fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) ||
		lseek(fd, 0, SEEK_SET) < 0) {
		agent_error_errno(error, errno, "write the state");
		return -1;
	}
	return steal_fd(&fd);
}

/* After the fork. What it says on its stderr goes where the container's does. */
static _Noreturn void become_hook(const struct hook_spec *hook, int state)
{
	char *const just_the_path[] = {(char *)hook->path, NULL};
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC | O_NOCTTY);

	setsid();
	if (dup2(state, STDIN_FILENO) < 0 || (null >= 0 && dup2(null, STDOUT_FILENO) < 0))
		_exit(126);
	execve(hook->path, hook->args[0] != NULL ? hook->args : just_the_path, hook->env);
	_exit(errno == ENOENT ? 127 : 126);
}

static bool judge(int status, struct agent_error *error)
{
	if (WIFSIGNALED(status))
		return agent_error_set(
			error, AGENT_CODE_FAILED, "killed by signal %d", WTERMSIG(status));
	if (WEXITSTATUS(status) == 0)
		return true;
	return agent_error_set(error, AGENT_CODE_FAILED, "exit status %d%s", WEXITSTATUS(status),
		WEXITSTATUS(status) == 127 ? " (not found in the container)" : "");
}

/* Waits for it, and kills it with its session's group when its time is over. */
static bool await(pid_t pid, const struct hook_spec *hook, struct agent_error *error)
{
	AUTO_CLOSE int process = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd poller = {.fd = process, .events = POLLIN};
	bool ended = process >= 0 && poll(&poller, 1, (int)hook->timeout_ms) == 1;
	int status;

	if (!ended) {
		kill(-pid, SIGKILL);
		kill(pid, SIGKILL);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return agent_error_errno(error, errno, "wait for it");
	if (!ended)
		return agent_error_set(error, AGENT_CODE_FAILED, "not done within %lld s",
			(long long)hook->timeout_ms / 1000);
	return judge(status, error);
}

static bool run(const struct hooks_spec *hooks, const struct hook_spec *hook, const char *status,
	struct agent_error *error)
{
	AUTO_CLOSE int state = make_state(hooks, status, error);
	pid_t pid = state >= 0 ? fork() : -1;

	if (state < 0)
		return false;
	if (pid < 0)
		return agent_error_errno(error, errno, "fork");
	if (pid == 0)
		become_hook(hook, state);
	return await(pid, hook, error);
}

bool hook_list_run(const struct hooks_spec *hooks, const struct hook_list *list, const char *status,
	struct agent_error *error)
{
	for (size_t i = 0; i < list->n; i++)
		if (!run(hooks, &list->hooks[i], status, error))
			return agent_error_prefix(
				error, "hooks.%s[%zu]: %s", list->kind, i, list->hooks[i].path);
	return true;
}
