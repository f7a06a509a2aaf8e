/* SPDX-License-Identifier: GPL-2.0-only */
/* cc-oci-runtime exec */
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "commands/command.h"
#include "commands/terminal.h"
#include "container/container.h"

struct exec_arguments {
	char *process;
	char *cwd;
	char **env;
	char *user;
	char **additional_gids;
	char **capabilities;
	char *apparmor;
	char *process_label;
	char *cgroup;
	char *pid_file;
	char *console_socket;
	gboolean detach;
	gboolean tty;
	gboolean no_new_privileges;
	gboolean ignore_paused;
	gboolean in_vm;
	int preserve_fds;
};

static void exec_arguments_clear(struct exec_arguments *arguments)
{
	g_free(arguments->process);
	g_free(arguments->cwd);
	g_strfreev(arguments->env);
	g_free(arguments->user);
	g_strfreev(arguments->additional_gids);
	g_strfreev(arguments->capabilities);
	g_free(arguments->apparmor);
	g_free(arguments->process_label);
	g_free(arguments->cgroup);
	g_free(arguments->pid_file);
	g_free(arguments->console_socket);
}

/* The caller frees. */
static GOptionEntry *make_entries(struct exec_arguments *arguments)
{
	const GOptionEntry entries[] = {
		{"process", 'p', 0, G_OPTION_ARG_FILENAME, &arguments->process,
			"JSON file that describes the process", "FILE"},
		{"cwd", 0, 0, G_OPTION_ARG_FILENAME, &arguments->cwd, "Working directory", "DIR"},
		{"env", 'e', 0, G_OPTION_ARG_STRING_ARRAY, &arguments->env,
			"Environment variable; can be repeated", "NAME=VALUE"},
		{"user", 'u', 0, G_OPTION_ARG_STRING, &arguments->user, "User", "UID[:GID]"},
		{"additional-gids", 'g', 0, G_OPTION_ARG_STRING_ARRAY, &arguments->additional_gids,
			"Additional group; can be repeated", "GID"},
		{"cap", 'c', 0, G_OPTION_ARG_STRING_ARRAY, &arguments->capabilities,
			"Additional capability; can be repeated", "CAP_NAME"},
		{"no-new-privs", 0, 0, G_OPTION_ARG_NONE, &arguments->no_new_privileges,
			"No program that it executes gains privileges", NULL},
		{"tty", 't', 0, G_OPTION_ARG_NONE, &arguments->tty, "Give it a terminal", NULL},
		{"detach", 'd', 0, G_OPTION_ARG_NONE, &arguments->detach,
			"Do not wait for the process", NULL},
		{"pid-file", 0, 0, G_OPTION_ARG_FILENAME, &arguments->pid_file,
			"Write the process id to this file", "PATH"},
		{"console-socket", 0, 0, G_OPTION_ARG_FILENAME, &arguments->console_socket,
			"Send the terminal's master to this unix socket", "PATH"},
		{"cgroup", 0, 0, G_OPTION_ARG_STRING, &arguments->cgroup,
			"Cgroup of the guest, below the container's own", "PATH"},
		{"ignore-paused", 0, 0, G_OPTION_ARG_NONE, &arguments->ignore_paused,
			"In a paused container too: it waits until that goes on", NULL},
		{"apparmor", 0, 0, G_OPTION_ARG_STRING, &arguments->apparmor,
			"Accepted for compatibility: the guest has no AppArmor", "PROFILE"},
		{"process-label", 0, 0, G_OPTION_ARG_STRING, &arguments->process_label,
			"Accepted for compatibility: the guest has no SELinux", "LABEL"},
		{"preserve-fds", 0, 0, G_OPTION_ARG_INT, &arguments->preserve_fds,
			"Accepted for compatibility: no descriptor can enter a VM", "N"},
		{"vm", 0, 0, G_OPTION_ARG_NONE, &arguments->in_vm,
			"Look into the guest itself: outside of the container's namespaces", NULL},
		{NULL},
	};

	return g_memdup2(entries, sizeof entries);
}

/* As runc: "[CONTROLLERS:]PATH", the path below the container's own cgroup. NULL on error. */
static const char *cgroup_path(const char *text, GError **error)
{
	if (strchr(text, ':') != NULL) {
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID,
			"exec: --cgroup: the guest has cgroups of version 2: expected a path, "
			"found \"%s\"",
			text);
		return NULL;
	}
	while (*text == '/')
		text++;
	return text;
}

static void warn(const struct exec_arguments *arguments)
{
	if (arguments->preserve_fds > 0)
		log_warning(
			"--preserve-fds %d: descriptors cannot be passed into a virtual machine",
			arguments->preserve_fds);
	if (arguments->apparmor != NULL)
		log_warning("--apparmor: the guest has no AppArmor");
	if (arguments->process_label != NULL)
		log_warning("--process-label: the guest has no SELinux");
}

/* From --process, or from the flags and arguments; conmon gives --tty along with --process. */
static struct oci_process *describe(const struct exec_arguments *arguments,
	const struct settings *settings, int argc, char **argv, GError **error)
{
	struct exec_flags flags = {
		.args = argv + 2,
		.env = arguments->env,
		.cwd = arguments->cwd,
		.user = arguments->user,
		.additional_gids = arguments->additional_gids,
		.capabilities = arguments->capabilities,
		.no_new_privileges = arguments->no_new_privileges,
		.in_vm = arguments->in_vm,
		.terminal = arguments->tty,
	};
	struct winsize size;

	if (arguments->process != NULL)
		return oci_process_load(arguments->process, error);
	if (argc < 3) {
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID,
			"exec: give a command, or --process FILE");
		return NULL;
	}
	if (arguments->console_socket == NULL && ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0) {
		flags.rows = size.ws_row;
		flags.columns = size.ws_col;
	}
	return container_exec_process(settings, argv[1], &flags, error);
}

static int exec_process(const struct exec_arguments *arguments, const struct settings *settings,
	int argc, char **argv, GError **error)
{
	g_autoptr(oci_process) process = describe(arguments, settings, argc, argv, error);
	struct exec_options options = {
		.id = argv[1],
		.process = process,
		.pid_file = arguments->pid_file,
		.console_socket = arguments->console_socket,
		.attached = !arguments->detach,
		.ignore_paused = arguments->ignore_paused,
		.in_vm = arguments->in_vm,
	};
	struct process_ref shim;

	if (process == NULL)
		return -1;
	if (arguments->cgroup != NULL) {
		options.cgroup = cgroup_path(arguments->cgroup, error);
		if (options.cgroup == NULL)
			return -1;
	}
	warn(arguments);
	if (!container_exec(settings, &options, &shim, error))
		return -1;
	return arguments->detach ? 0 : container_wait(&shim);
}

static int exec(const struct command *command, const struct settings *settings, int argc,
	char **argv, GError **error)
{
	struct exec_arguments arguments = {0};
	g_autofree GOptionEntry *entries = make_entries(&arguments);
	struct caller_terminal terminal;
	enum command_parsed parsed = command_parse(command, entries, 1, -1, &argc, &argv, error);
	int status = parsed == COMMAND_HELPED ? 0 : -1;

	if (parsed == COMMAND_GO) {
		caller_terminal_save(&terminal);
		status = exec_process(&arguments, settings, argc, argv, error);
		caller_terminal_restore(&terminal);
	}
	exec_arguments_clear(&arguments);
	return status;
}

const struct command command_exec = {
	.name = "exec",
	.arguments = "ID [COMMAND [ARGUMENT…]]",
	.summary = "Runs a further process in a container.",
	.run = exec,
};
