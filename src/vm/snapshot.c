/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether arguments can have a template, and what is added to them for one. */
#include "vm/snapshot.h"

#include <string.h>

#define MEMORY_ID "template"

/* What the saved state would not have, or would have of its own and share between clones. */
static const struct {
	/* An argument that is this, or (with text) the argument behind it that has the text. */
	const char *option;
	const char *text;
	const char *why;
} obstacles[] = {
	{"-mem-path", NULL, "-mem-path: the memory is a template's file"},
	{"-numa", NULL, "-numa: the memory is one piece"},
	{"-object", "memory-backend-", "a memory backend of its own"},
	{"-machine", "memory-backend=", "a memory backend of its own"},
	{"-chardev", "vhost-user", "vhost-user"},
	{"-chardev", ",path=", "a socket or file that is placed by path"},
	{"-netdev", "vhost-user", "vhost-user"},
	{"-netdev", "user,", "a user-mode network: its state is saved with the device's"},
	{"-device", "vhost-user", "vhost-user"},
	{"-device", "nvdimm", "an nvdimm"},
	{"-drive", NULL, "-drive: its file may differ from what the template has seen"},
	{"-blockdev", NULL, "-blockdev: its file may differ from what the template has seen"},
	{"-hda", NULL, "-hda: its file may differ from what the template has seen"},
	{"-cdrom", NULL, "-cdrom: its file may differ from what the template has seen"},
	{"-incoming", NULL, "-incoming"},
	{"-loadvm", NULL, "-loadvm"},
	{"-S", NULL, "-S: it does not start by itself"},
};

/* QEMU takes one dash or two. */
static gboolean is_option(const char *argument, const char *option)
{
	return strcmp(g_str_has_prefix(argument, "--") ? argument + 1 : argument, option) == 0;
}

static gboolean has(char **argv, const char *option, const char *text)
{
	for (; *argv != NULL; argv++)
		if (is_option(*argv, option) &&
			(text == NULL || (argv[1] != NULL && strstr(argv[1], text) != NULL)))
			return TRUE;
	return FALSE;
}

/* The memory's file is as large as vm.json says, so the machine must be. */
static gboolean has_configured_memory(char **argv, const struct vm_config *config)
{
	g_autofree char *size = g_strdup_printf("%uM", config->memory_mib);
	gboolean right = FALSE;

	for (; *argv != NULL; argv++)
		if (is_option(*argv, "-m") && argv[1] != NULL)
			right = strcmp(argv[1], size) == 0;
	return right;
}

char *vm_snapshot_obstacle(const struct vm_args *args, const struct vm_config *config)
{
	if (args->qmp_socket != NULL || args->control_socket != NULL || args->tty_socket != NULL ||
		args->console_socket != NULL)
		return g_strdup("sockets that are placed by path");
	for (gsize i = 0; i < G_N_ELEMENTS(obstacles); i++)
		if (has(args->argv, obstacles[i].option, obstacles[i].text))
			return g_strdup(obstacles[i].why);
	if (!has_configured_memory(args->argv, config))
		return g_strdup("a memory size other than that of vm.json");
	return NULL;
}

void vm_snapshot_append(
	struct vm_args *args, const struct vm_config *config, enum vm_snapshot_role role)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new();

	for (char **argument = args->argv; *argument != NULL; argument++)
		g_ptr_array_add(argv, *argument);
	/*
	 * What the guest frees stays: QEMU would punch holes into the file, which is the
	 * template's. Both roles, or the saved state would not fit.
	 */
	g_ptr_array_add(argv, g_strdup("-global"));
	g_ptr_array_add(argv, g_strdup("virtio-balloon-device.free-page-reporting=off"));
	g_ptr_array_add(argv, g_strdup("-object"));
	g_ptr_array_add(argv, g_strdup_printf("memory-backend-file,id=" MEMORY_ID
					      ",size=%uM,mem-path=/proc/self/fd/%d,share=%s",
				      config->memory_mib, HYPERVISOR_FD_RAM,
				      role == VM_SNAPSHOT_MADE ? "on" : "off"));
	g_ptr_array_add(argv, g_strdup("-machine"));
	g_ptr_array_add(argv, g_strdup("memory-backend=" MEMORY_ID));
	if (role == VM_SNAPSHOT_CLONED) {
		g_ptr_array_add(argv, g_strdup("-incoming"));
		g_ptr_array_add(argv, g_strdup("defer"));
	}
	g_ptr_array_add(argv, NULL);
	g_free(args->argv);
	args->argv = (GStrv)g_ptr_array_free(g_steal_pointer(&argv), FALSE);
}
