/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cc-oci-runtime: the OCI command line of virtual-machine containers.
 *
 * Role. An engine (dockerd, containerd, podman, or a person) calls it as it would call runc:
 * create, start, exec, kill, delete, each a process of some milliseconds that does its part and
 * ends. What stays between the calls is no daemon of ours but, for each container, one VM (cc-proxy
 * with QEMU as its child) and one stand-in per process (cc-shim), and a directory under --root that
 * says so.
 *
 * Trust. The caller is trusted, its config.json is checked: it may be somebody else's. Nothing from
 * the guest reaches this program but through the proxy's replies.
 *
 * Life. main reads the global options, opens the log, finds the runtime's own files, and hands over
 * to a subcommand (commands/). Errors come back here, and here alone they are printed: once on
 * stderr, once in the log. The exit status is 0, the process's own (run and exec in the
 * foreground), 126 or 127 for a program that cannot be executed or is not there, else 1.
 */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/timeouts.h"
#include "base/trace.h"
#include "commands/command.h"

static const struct command *const commands[] = {
	&command_check,
	&command_checkpoint,
	&command_console,
	&command_create,
	&command_delete,
	&command_events,
	&command_exec,
	&command_features,
	&command_kill,
	&command_list,
	&command_logs,
	&command_ps,
	&command_pause,
	&command_resume,
	&command_restore,
	&command_run,
	&command_spec,
	&command_start,
	&command_state,
	&command_template,
	&command_trace,
	&command_update,
	&command_version,
};

struct global_options {
	char *root;
	char *log;
	char *log_format;
	char *global_log;
	char *hypervisor_log_directory;
	char *accel;
	char *template_mode;
	char *template_directory;
	char *trace;
	char *rootless;
	char *criu;
	int agent_timeout;
	gboolean debug;
	gboolean systemd_cgroup;
	gboolean version;
	gboolean help;
};

static const struct command *find_command(const char *name)
{
	for (gsize i = 0; i < G_N_ELEMENTS(commands); i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static GOptionContext *make_context(struct global_options *options)
{
	const GOptionEntry entries[] = {
		{"root", 0, 0, G_OPTION_ARG_FILENAME, &options->root,
			"Directory of the containers' state [/run/cc-oci-runtime]", "DIR"},
		{"log", 0, 0, G_OPTION_ARG_FILENAME, &options->log, "Log to this file", "FILE"},
		{"log-format", 0, 0, G_OPTION_ARG_STRING, &options->log_format,
			"text or json [text]", "FORMAT"},
		{"debug", 0, 0, G_OPTION_ARG_NONE, &options->debug, "Log more", NULL},
		{"global-log", 0, 0, G_OPTION_ARG_FILENAME, &options->global_log,
			"Log to this file too; all commands can share it", "FILE"},
		{"hypervisor-log-dir", 0, 0, G_OPTION_ARG_FILENAME,
			&options->hypervisor_log_directory,
			"Keep hypervisor.log and console.log in DIR/ID [the state directory]",
			"DIR"},
		{"accel", 0, 0, G_OPTION_ARG_STRING, &options->accel,
			"auto, kvm or tcg [as configured]", "NAME"},
		{"template", 0, 0, G_OPTION_ARG_STRING, &options->template_mode,
			"Clone VMs from templates: auto, never or require [as configured, or auto]",
			"MODE"},
		{"template-dir", 0, 0, G_OPTION_ARG_FILENAME, &options->template_directory,
			"Directory of the templates [as configured, or RUN/.templates]", "DIR"},
		{"agent-timeout", 0, 0, G_OPTION_ARG_INT, &options->agent_timeout,
			"How long a guest may take to boot [as configured, or 30]", "SECONDS"},
		{"trace", 0, 0, G_OPTION_ARG_FILENAME, &options->trace,
			"Write the timeline of this command and of what it starts to FILE", "FILE"},
		{"systemd-cgroup", 0, 0, G_OPTION_ARG_NONE, &options->systemd_cgroup,
			"Let systemd make the cgroups; cgroupsPath is SLICE:PREFIX:NAME", NULL},
		{"rootless", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_STRING, &options->rootless,
			"Accepted for compatibility", "MODE"},
		{"criu", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_FILENAME, &options->criu,
			"Accepted for compatibility", "PATH"},
		{"version", 'v', 0, G_OPTION_ARG_NONE, &options->version, "Print the version",
			NULL},
		{"help", 'h', 0, G_OPTION_ARG_NONE, &options->help, "Show this help", NULL},
		{NULL},
	};
	GOptionContext *context = g_option_context_new("COMMAND [ARGUMENT…]");

	g_option_context_set_help_enabled(context, FALSE);
	g_option_context_set_strict_posix(context, TRUE);
	g_option_context_add_main_entries(context, entries, NULL);
	return context;
}

static void print_help(GOptionContext *context)
{
	g_autoptr(GString) list = g_string_new("Commands:\n");
	g_autofree char *help = NULL;

	for (gsize i = 0; i < G_N_ELEMENTS(commands); i++)
		g_string_append_printf(
			list, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
	g_string_append(list, "  help       Shows this help, or that of a command.\n\n"
			      "\"cc-oci-runtime COMMAND --help\" shows a command's options.");
	g_option_context_set_summary(
		context, "Runs OCI containers, each in a virtual machine of its own.");
	g_option_context_set_description(context, list->str);
	help = g_option_context_get_help(context, TRUE, NULL);
	fputs(help, stdout);
}

static gboolean open_logs(const struct global_options *options, GError **error)
{
	struct log_config config = {
		.file = options->log,
		.global_file = options->global_log,
		.debug = options->debug,
		.program = "cc-oci-runtime",
	};

	if (g_strcmp0(options->log_format, "json") == 0) {
		config.format = LOG_FORMAT_JSON;
	} else if (options->log_format != NULL && strcmp(options->log_format, "text") != 0) {
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID,
			"--log-format: expected text or json, found \"%s\"", options->log_format);
		return FALSE;
	}
	return log_open(&config, error);
}

/*
 * Where our own files are: beside this program when it is run from the folder it was built in, else
 * where `make install` has put them.
 */
static void find_files(struct settings *settings)
{
	g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
	g_autofree char *beside = program != NULL ? g_path_get_dirname(program) : g_strdup("/");
	g_autofree char *proxy = g_build_filename(beside, "cc-proxy", NULL);
	gboolean in_place = access(proxy, X_OK) == 0;
	const char *programs = in_place ? beside : CC_LIBEXECDIR;

	settings->program_path = g_steal_pointer(&program);
	settings->proxy_path = g_build_filename(programs, "cc-proxy", NULL);
	settings->shim_path = g_build_filename(programs, "cc-shim", NULL);
	settings->defaults_directory = g_strdup(in_place ? beside : CC_DEFAULTSDIR);
	settings->sysconf_directory = g_strdup(CC_SYSCONFDIR);
}

static char *default_root(void)
{
	if (geteuid() == 0)
		return g_strdup("/run/cc-oci-runtime");
	return g_build_filename(g_get_user_runtime_dir(), "cc-oci-runtime", NULL);
}

/* What it says has no effect, but it is one of runc's words. */
static gboolean check_rootless(const char *mode, GError **error)
{
	static const char *const modes[] = {"", "auto", "true", "false", "1", "0", NULL};

	if (mode == NULL || g_strv_contains(modes, mode))
		return TRUE;
	g_set_error(error, CC_ERROR, CC_ERROR_INVALID,
		"--rootless: expected true, false or auto, found \"%s\"", mode);
	return FALSE;
}

/* A path of the command line, made absolute where it was given. */
static void make_absolute(char **path)
{
	char *absolute = *path != NULL ? g_canonicalize_filename(*path, NULL) : NULL;

	g_free(*path);
	*path = absolute;
}

static gboolean fill_settings(
	struct global_options *options, struct settings *out_settings, GError **error)
{
	enum vm_accel accel = VM_ACCEL_AUTO;
	enum vm_template_mode template_mode = VM_TEMPLATE_UNSET;
	g_autofree char *usual_root = default_root();

	if (options->template_mode != NULL &&
		!vm_template_mode_parse(options->template_mode, &template_mode, error)) {
		g_prefix_error(error, "--template: ");
		return FALSE;
	}
	if (options->accel != NULL && !vm_accel_parse(options->accel, &accel, error)) {
		g_prefix_error(error, "--accel: ");
		return FALSE;
	}
	if (options->agent_timeout < 0 ||
		options->agent_timeout > TIMEOUT_AGENT_READY_MAX_MS / 1000) {
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID,
			"--agent-timeout: expected up to %d seconds, found %d",
			TIMEOUT_AGENT_READY_MAX_MS / 1000, options->agent_timeout);
		return FALSE;
	}
	if (!check_rootless(options->rootless, error))
		return FALSE;
	if (options->root == NULL)
		options->root = g_strdup(usual_root);
	make_absolute(&options->root);
	make_absolute(&options->template_directory);
	*out_settings = (struct settings){
		.root = options->root,
		.hypervisor_log_directory = options->hypervisor_log_directory,
		.systemd_cgroup = options->systemd_cgroup,
		.accel = accel,
		.agent_timeout = (gint64)options->agent_timeout * 1000,
		.template_mode = template_mode,
		.template_directory = options->template_directory,
		/* Shared by all roots. */
		.default_template_directory = g_build_filename(usual_root, ".templates", NULL),
	};
	find_files(out_settings);
	return TRUE;
}

static void settings_clear(struct settings *settings)
{
	g_free(settings->program_path);
	g_free(settings->proxy_path);
	g_free(settings->shim_path);
	g_free(settings->default_template_directory);
	g_free(settings->sysconf_directory);
	g_free(settings->defaults_directory);
}

static void global_options_clear(struct global_options *options)
{
	g_free(options->root);
	g_free(options->log);
	g_free(options->log_format);
	g_free(options->global_log);
	g_free(options->hypervisor_log_directory);
	g_free(options->accel);
	g_free(options->template_mode);
	g_free(options->template_directory);
	g_free(options->trace);
	g_free(options->rootless);
	g_free(options->criu);
}

/*
 * The proxies and shims that are started find the file by the environment, whatever their working
 * directory is.
 */
static gboolean open_trace(
	const struct global_options *options, const char *command, GError **error)
{
	const char *file = options->trace != NULL ? options->trace : g_getenv(TRACE_ENVIRONMENT);
	g_autofree char *path = NULL;

	if (file == NULL || *file == '\0')
		return TRUE;
	path = g_canonicalize_filename(file, NULL);
	g_setenv(TRACE_ENVIRONMENT, path, TRUE);
	if (trace_create(path) && trace_open("cc-oci-runtime", command))
		return TRUE;
	error_set_errno(error, errno, "trace to %s", path);
	return FALSE;
}

static int dispatch(struct global_options *options, int argc, char **argv, GError **error)
{
	const struct command *command = find_command(argv[0]);
	struct settings settings = {0};
	int status = -1;

	if (command == NULL) {
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID,
			"no command \"%s\"; see cc-oci-runtime --help", argv[0]);
		return -1;
	}
	if (fill_settings(options, &settings, error) && open_trace(options, argv[0], error)) {
		gint64 begin = trace_begin();

		status = command->run(command, &settings, argc, argv, error);
		trace_end(command->name, begin);
	}
	settings_clear(&settings);
	return status;
}

/* The command, in full or as runc shortens it. */
static gboolean is_help(const char *word)
{
	return strcmp(word, "help") == 0 || strcmp(word, "h") == 0;
}

/* --help, `help`, and `help` asked about itself. */
static gboolean asks_for_help(const struct global_options *options, int argc, char **argv)
{
	static const char *const itself[] = {"help", "--help", "-h", NULL};

	if (options->help || argc < 2 || !is_help(argv[1]))
		return options->help;
	return argc == 2 || g_strv_contains(itself, argv[2]);
}

/* `help COMMAND` is another word for `COMMAND --help`; *argv then names the command to ask. */
static int run(struct global_options *options, int argc, char **argv, GError **error)
{
	g_autoptr(GOptionContext) context = make_context(options);

	if (!g_option_context_parse(context, &argc, &argv, error))
		return -1;
	if (options->version) {
		command_print_version();
		return 0;
	}
	if (asks_for_help(options, argc, argv)) {
		print_help(context);
		return 0;
	}
	if (!open_logs(options, error))
		return -1;
	if (argc < 2) {
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID,
			"no command given; see cc-oci-runtime --help");
		return -1;
	}
	if (is_help(argv[1])) {
		char *asked[] = {argv[2], (char *)"--help", NULL};

		return dispatch(options, 2, asked, error);
	}
	return dispatch(options, argc - 1, argv + 1, error);
}

static int exit_status(const GError *error)
{
	if (g_error_matches(error, CC_ERROR, CC_ERROR_EXEC_NOT_FOUND))
		return 127;
	if (g_error_matches(error, CC_ERROR, CC_ERROR_EXEC_DENIED))
		return 126;
	return 1;
}

/* One line, whatever is in it: some of it may be the guest's words. The caller frees. */
static char *one_line(const char *text)
{
	char *line = g_utf8_make_valid(text, -1);

	g_strchomp(line);
	for (char *c = line; *c != '\0'; c++)
		if (g_ascii_iscntrl(*c))
			*c = ' ';
	return line;
}

/* A closed 0, 1 or 2 would be the next file opened, and the container's stdio with it. */
static void hold_standard_fds(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

int main(int argc, char **argv)
{
	struct global_options options = {0};
	g_autoptr(GError) error = NULL;
	int status;

	hold_standard_fds();
	setlocale(LC_ALL, "");
	interrupt_init();
	status = run(&options, argc, argv, &error);
	if (error != NULL) {
		g_autofree char *message = one_line(error->message);

		log_error("%s", message);
		fprintf(stderr, "cc-oci-runtime: %s\n", message);
		status = exit_status(error);
	}
	log_close();
	global_options_clear(&options);
	return status;
}
