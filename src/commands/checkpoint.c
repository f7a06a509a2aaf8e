/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cc-oci-runtime checkpoint and restore: runc's options, and a refusal with its reason
 * (docs/checkpoint.md).
 */
#include "base/error.h"
#include "commands/command.h"
#include "container/container.h"

/* All that they may say; none of it can be acted on. */
struct image_arguments {
	char *image_path;
	char *work_path;
	char *parent_path;
	char *page_server;
	char *manage_cgroups_mode;
	char **empty_ns;
	char *console_socket;
	char *bundle;
	char *pid_file;
	char *lsm_profile;
	char *lsm_mount_context;
	int status_fd;
	gboolean flag;
};

static void image_arguments_clear(struct image_arguments *arguments)
{
	g_free(arguments->image_path);
	g_free(arguments->work_path);
	g_free(arguments->parent_path);
	g_free(arguments->page_server);
	g_free(arguments->manage_cgroups_mode);
	g_strfreev(arguments->empty_ns);
	g_free(arguments->console_socket);
	g_free(arguments->bundle);
	g_free(arguments->pid_file);
	g_free(arguments->lsm_profile);
	g_free(arguments->lsm_mount_context);
}

#define FLAG(name)                                                                                 \
	{                                                                                          \
		name, 0, 0, G_OPTION_ARG_NONE, &arguments->flag, "As runc's", NULL                 \
	}
#define VALUE(name, type, place)                                                                   \
	{                                                                                          \
		name, 0, 0, type, &arguments->place, "As runc's", "VALUE"                          \
	}

/* The caller frees. */
static GOptionEntry *checkpoint_entries(struct image_arguments *arguments)
{
	const GOptionEntry entries[] = {
		VALUE("image-path", G_OPTION_ARG_FILENAME, image_path),
		VALUE("work-path", G_OPTION_ARG_FILENAME, work_path),
		VALUE("parent-path", G_OPTION_ARG_FILENAME, parent_path),
		VALUE("status-fd", G_OPTION_ARG_INT, status_fd),
		VALUE("page-server", G_OPTION_ARG_STRING, page_server),
		VALUE("manage-cgroups-mode", G_OPTION_ARG_STRING, manage_cgroups_mode),
		VALUE("empty-ns", G_OPTION_ARG_STRING_ARRAY, empty_ns),
		FLAG("leave-running"),
		FLAG("tcp-established"),
		FLAG("ext-unix-sk"),
		FLAG("shell-job"),
		FLAG("lazy-pages"),
		FLAG("file-locks"),
		FLAG("pre-dump"),
		FLAG("auto-dedup"),
		{NULL},
	};

	return g_memdup2(entries, sizeof entries);
}

static GOptionEntry *restore_entries(struct image_arguments *arguments)
{
	const GOptionEntry entries[] = {
		VALUE("console-socket", G_OPTION_ARG_FILENAME, console_socket),
		VALUE("image-path", G_OPTION_ARG_FILENAME, image_path),
		VALUE("work-path", G_OPTION_ARG_FILENAME, work_path),
		VALUE("manage-cgroups-mode", G_OPTION_ARG_STRING, manage_cgroups_mode),
		{"bundle", 'b', 0, G_OPTION_ARG_FILENAME, &arguments->bundle, "As runc's", "VALUE"},
		VALUE("pid-file", G_OPTION_ARG_FILENAME, pid_file),
		VALUE("empty-ns", G_OPTION_ARG_STRING_ARRAY, empty_ns),
		VALUE("lsm-profile", G_OPTION_ARG_STRING, lsm_profile),
		VALUE("lsm-mount-context", G_OPTION_ARG_STRING, lsm_mount_context),
		{"detach", 'd', 0, G_OPTION_ARG_NONE, &arguments->flag, "As runc's", NULL},
		FLAG("tcp-established"),
		FLAG("ext-unix-sk"),
		FLAG("shell-job"),
		FLAG("file-locks"),
		FLAG("no-subreaper"),
		FLAG("no-pivot"),
		FLAG("auto-dedup"),
		FLAG("lazy-pages"),
		{NULL},
	};

	return g_memdup2(entries, sizeof entries);
}

static gboolean refuse_checkpoint(const struct settings *settings, const char *id, GError **error)
{
	g_autoptr(oci_state) state = container_state(settings, id, error);

	if (state == NULL)
		return FALSE;
	if (oci_state_status(state) == OCI_STATUS_STOPPED)
		g_set_error(error, CC_ERROR, CC_ERROR_NOT_RUNNING, "container not running");
	else
		g_set_error(error, CC_ERROR, CC_ERROR_FAILED,
			"checkpoint: not possible: QEMU saves no virtual machine whose 9p share is "
			"mounted, and the container's root file system is on it");
	return FALSE;
}

static int checkpoint(const struct command *command, const struct settings *settings, int argc,
	char **argv, GError **error)
{
	struct image_arguments arguments = {.status_fd = -1};
	g_autofree GOptionEntry *entries = checkpoint_entries(&arguments);
	enum command_parsed parsed = command_parse(command, entries, 1, 1, &argc, &argv, error);

	image_arguments_clear(&arguments);
	if (parsed != COMMAND_GO)
		return parsed == COMMAND_HELPED ? 0 : -1;
	return refuse_checkpoint(settings, argv[1], error) ? 0 : -1;
}

const struct command command_checkpoint = {
	.name = "checkpoint",
	.arguments = "ID",
	.summary = "Refuses: a virtual machine with a mounted share cannot be saved.",
	.run = checkpoint,
};

static int restore(const struct command *command, const struct settings *settings, int argc,
	char **argv, GError **error)
{
	struct image_arguments arguments = {.status_fd = -1};
	g_autofree GOptionEntry *entries = restore_entries(&arguments);
	enum command_parsed parsed = command_parse(command, entries, 1, 1, &argc, &argv, error);

	(void)settings;
	image_arguments_clear(&arguments);
	if (parsed != COMMAND_GO)
		return parsed == COMMAND_HELPED ? 0 : -1;
	g_set_error(error, CC_ERROR, CC_ERROR_FAILED,
		"restore: not possible: there is no checkpoint of a virtual machine to restore "
		"(see checkpoint)");
	return -1;
}

const struct command command_restore = {
	.name = "restore",
	.arguments = "ID",
	.summary = "Refuses: there are no checkpoints to restore.",
	.run = restore,
};
