/* SPDX-License-Identifier: GPL-2.0-only */
/* hypervisor.args: the template expanded, and what it does not place. */
#include "vm/args.h"

#include <stdarg.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "vm/lookup.h"
#include "vm/machine.h"
#include "vm/tags.h"
#include "vm/template.h"

#define FIRMWARE_NAME "qboot.rom"

enum {
	/* All arguments together; exec takes 2 MiB with the environment. */
	ARGUMENTS_SIZE_MAX = 1 << 20,
};

static const char *const firmware_directories[] = {"/usr/share/qemu", "/usr/share/seabios", NULL};

static void add(GPtrArray *argv, ...) G_GNUC_NULL_TERMINATED;

static void add(GPtrArray *argv, ...)
{
	va_list arguments;

	va_start(arguments, argv);
	for (const char *next = va_arg(arguments, const char *); next != NULL;
		next = va_arg(arguments, const char *))
		g_ptr_array_add(argv, g_strdup(next));
	va_end(arguments);
}

/* Two arguments, the second formatted. */
static void add_format(GPtrArray *argv, const char *option, const char *format, ...)
	G_GNUC_PRINTF(3, 4);

static void add_format(GPtrArray *argv, const char *option, const char *format, ...)
{
	va_list arguments;

	add(argv, option, NULL);
	va_start(arguments, format);
	g_ptr_array_add(argv, g_strdup_vprintf(format, arguments));
	va_end(arguments);
}

/* QEMU takes one dash or two. */
static gboolean is_option(const char *argument, const char *name)
{
	return strcmp(g_str_has_prefix(argument, "--") ? argument + 1 : argument, name) == 0;
}

static gboolean has_option(const GPtrArray *argv, const char *name)
{
	for (guint i = 1; i < argv->len; i++)
		if (is_option(argv->pdata[i], name))
			return TRUE;
	return FALSE;
}

/* The value of one of the options of that name has the text. */
static gboolean has_option_with(const GPtrArray *argv, const char *name, const char *text)
{
	for (guint i = 1; i + 1 < argv->len; i++)
		if (is_option(argv->pdata[i], name) && strstr(argv->pdata[i + 1], text) != NULL)
			return TRUE;
	return FALSE;
}

/* ---- the template's own part */

static gboolean collect_tags(
	const GPtrArray *lines, const char *file, guint *out_placed, GError **error)
{
	for (guint i = 0; i < lines->len; i++) {
		const struct vm_line *line = lines->pdata[i];

		if (!vm_tags_collect(line->text, out_placed, error)) {
			g_prefix_error(error, "%s:%u: ", file, line->number);
			return FALSE;
		}
	}
	return TRUE;
}

/* An argument that has become empty goes, and so does the option that is left without it. */
static void drop_empty(GPtrArray *argv)
{
	static const char *const options[] = {"-netdev", "-device", "-initrd", "-append", NULL};

	if (argv->len > 1 && g_strv_contains(options, argv->pdata[argv->len - 1]))
		g_ptr_array_set_size(argv, (gint)argv->len - 1);
}

static gboolean expand_lines(
	const struct vm_tags *tags, const GPtrArray *lines, GPtrArray *argv, GError **error)
{
	gsize size = 0;

	/* The first line is the hypervisor's. */
	for (guint i = 1; i < lines->len; i++) {
		const struct vm_line *line = lines->pdata[i];
		g_autofree char *argument = vm_tags_expand(tags, line->text, error);

		if (argument != NULL && (size += strlen(argument)) > ARGUMENTS_SIZE_MAX) {
			g_set_error(error, CC_ERROR, CC_ERROR_INVALID,
				"the arguments become longer than 1 MiB");
			g_clear_pointer(&argument, g_free);
		}
		if (argument == NULL) {
			g_prefix_error(error, "%u: ", line->number);
			return FALSE;
		}
		if (*g_strstrip(argument) == '\0')
			drop_empty(argv);
		else
			g_ptr_array_add(argv, g_steal_pointer(&argument));
	}
	return TRUE;
}

/* The binary: a path as it is, a name searched on PATH, since QEMU is executed by path. */
static char *find_hypervisor(const struct vm_tags *tags, const struct vm_line *line, GError **error)
{
	g_autofree char *binary = vm_tags_expand(tags, line->text, error);

	if (binary == NULL)
		return NULL;
	if (*binary == '-' || *binary == '\0') {
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID,
			"the first line must be the hypervisor, not an option");
		return NULL;
	}
	if (strchr(binary, '/') != NULL)
		return g_steal_pointer(&binary);

	char *found = g_find_program_in_path(binary);

	if (found == NULL)
		g_set_error(error, CC_ERROR, CC_ERROR_NOT_FOUND, "%s: not found on PATH", binary);
	return found;
}

static gboolean expand_template(
	struct vm_tags *tags, const GPtrArray *lines, GPtrArray *argv, GError **error)
{
	const struct vm_line *first = lines->pdata[0];
	char *hypervisor = find_hypervisor(tags, first, error);

	if (hypervisor == NULL) {
		g_prefix_error(error, "%u: ", first->number);
		return FALSE;
	}
	g_ptr_array_add(argv, hypervisor);
	tags->hypervisor = hypervisor;
	return expand_lines(tags, lines, argv, error);
}

/* ---- what is appended */

struct appender {
	GPtrArray *argv;
	const struct vm_tags *tags;
	const struct vm_config *config;
	char *machine;
};

/*
 * Told that `rep movsb` is fast (ERMS), the guest's kernel copies memory with it, and TCG emulates
 * it byte by byte: without, a guest moves twice as much through its pipes and ports.
 */
static void append_processor(struct appender *a)
{
	gboolean kvm = a->tags->values->accel == VM_ACCEL_KVM;

	if (!has_option(a->argv, "-cpu"))
		add(a->argv, "-cpu", kvm ? "host" : "max,-erms", NULL);
}

/* SeaBIOS takes ten times as long as qboot. */
static void append_firmware(struct appender *a)
{
	if (has_option(a->argv, "-bios") || !vm_machine_is_pc(a->machine))
		return;

	g_autofree char *path =
		vm_machine_firmware(FIRMWARE_NAME, a->tags->hypervisor, firmware_directories);

	if (path != NULL)
		add(a->argv, "-bios", path, NULL);
}

static void append_initrd(struct appender *a)
{
	if (a->config->initrd_path != NULL && !(a->tags->placed & VM_TAG_INITRD) &&
		!has_option(a->argv, "-initrd"))
		add(a->argv, "-initrd", a->config->initrd_path, NULL);
}

static gboolean append_image(struct appender *a, GError **error)
{
	enum { SPARE_MIB = 1024 };

	guint64 size;

	if (a->config->image_path == NULL || a->tags->placed & VM_TAG_IMAGE)
		return TRUE;
	if (!vm_tags_image_size(a->config, &size, error))
		return FALSE;

	g_autofree char *path = vm_tags_escape(a->config->image_path);

	add(a->argv, "-machine", "nvdimm=on", NULL);
	if (!has_option_with(a->argv, "-m", "maxmem="))
		add_format(a->argv, "-m", "slots=1,maxmem=%" G_GUINT64_FORMAT "M",
			a->config->memory_mib + (size >> 20) + SPARE_MIB);
	add_format(a->argv, "-object",
		"memory-backend-file,id=image,mem-path=%s,size=%" G_GUINT64_FORMAT
		",share=on,readonly=on",
		path, size);
	add(a->argv, "-device", "nvdimm,id=nvimage,memdev=image,unarmed=on", NULL);
	return TRUE;
}

static void append_qmp(struct appender *a)
{
	if (a->tags->placed & VM_TAG_COMMS_SOCKET)
		return;
	add_format(a->argv, "-chardev", "socket,id=qmp,fd=%d", HYPERVISOR_FD_QMP);
	add(a->argv, "-mon", "chardev=qmp,mode=control", NULL);
}

static void append_console(struct appender *a)
{
	if (a->tags->placed & VM_TAG_CONSOLE_DEVICE)
		return;
	add_format(a->argv, "-chardev", "socket,id=console,fd=%d", HYPERVISOR_FD_CONSOLE);
	add(a->argv, "-serial", "chardev:console", NULL);
}

static void append_port(struct appender *a, const char *id, int fd, const char *name)
{
	add_format(a->argv, "-chardev", "socket,id=%s,fd=%d", id, fd);
	add_format(a->argv, "-device", "virtserialport,chardev=%s,name=%s", id, name);
}

static void append_agent_ports(struct appender *a)
{
	gboolean control = !(a->tags->placed & VM_TAG_AGENT_CTL_SOCKET);
	gboolean tty = !(a->tags->placed & VM_TAG_AGENT_TTY_SOCKET);

	if ((control || tty) && !has_option_with(a->argv, "-device", "virtio-serial"))
		add(a->argv, "-device",
			vm_machine_is_mmio(a->machine) ? "virtio-serial-device"
						       : "virtio-serial-pci",
			NULL);
	if (control)
		append_port(a, "control", HYPERVISOR_FD_CONTROL, AGENT_PORT_CONTROL);
	if (tty)
		append_port(a, "tty", HYPERVISOR_FD_TTY, AGENT_PORT_TTY);
}

static void append_share(struct appender *a)
{
	if (a->tags->placed & VM_TAG_WORKLOAD_DIR)
		return;

	g_autofree char *path = vm_tags_escape(a->tags->values->share_directory);

	/* A qemu-lite is older than multidevs. */
	add_format(a->argv, "-fsdev", "local,id=share,path=%s,security_model=passthrough%s", path,
		vm_machine_is_lite(a->tags->hypervisor) ? "" : ",multidevs=remap");
	add_format(a->argv, "-device", "%s,fsdev=share,mount_tag=%s",
		vm_machine_is_mmio(a->machine) ? "virtio-9p-device" : "virtio-9p-pci",
		AGENT_SHARE_TAG);
}

/*
 * What the guest frees goes back to the host. Reporting is a global property, so that a further
 * -global can take it back: a VM whose memory is a template's file must not give of it.
 */
static void append_balloon(struct appender *a)
{
	if (vm_machine_is_lite(a->tags->hypervisor) ||
		has_option_with(a->argv, "-device", "virtio-balloon"))
		return;
	add(a->argv, "-global", "virtio-balloon-device.free-page-reporting=on", "-device",
		vm_machine_is_mmio(a->machine) ? "virtio-balloon-device" : "virtio-balloon-pci",
		NULL);
}

/* One that the template has a place for is there once. */
static void append_network(struct appender *a)
{
	const struct vm_nic *nic = &a->tags->values->nic;
	gboolean mmio = vm_machine_is_mmio(a->machine);

	if (a->tags->placed & VM_TAG_NETWORK || nic->netdev == VM_NETDEV_NONE)
		return;
	for (guint i = 0; i < vm_nic_count(nic, mmio); i++) {
		g_autofree char *netdev = vm_nic_netdev(nic, i);
		g_autofree char *device = vm_nic_device(nic, i, mmio);

		add(a->argv, "-netdev", netdev, "-device", device, NULL);
	}
}

static gboolean append_missing(const struct vm_tags *tags, GPtrArray *argv, GError **error)
{
	struct appender a = {.argv = argv, .tags = tags, .config = tags->values->config};
	g_autofree char *machine = NULL;

	/* For the look at the machine only. */
	g_ptr_array_add(argv, NULL);
	a.machine = machine = vm_machine_of_arguments((const char *const *)argv->pdata);
	g_ptr_array_set_size(argv, (gint)argv->len - 1);

	append_processor(&a);
	append_firmware(&a);
	append_initrd(&a);
	if (!append_image(&a, error))
		return FALSE;
	append_qmp(&a);
	append_console(&a);
	append_agent_ports(&a);
	append_share(&a);
	append_balloon(&a);
	append_network(&a);
	for (char **parameter = a.config->hypervisor_parameters; *parameter != NULL; parameter++)
		add(argv, *parameter, NULL);
	return TRUE;
}

/* ---- both */

static char *socket_path(const struct vm_tags *tags, enum vm_tag tag, const char *name)
{
	return tags->placed & tag ? g_build_filename(tags->values->state_directory, name, NULL)
				  : NULL;
}

/* The mount tag of a share that the template places: the first there is. */
static char *share_tag(const struct vm_tags *tags, const GPtrArray *argv)
{
	static const char key[] = "mount_tag=";

	for (guint i = 0; tags->placed & VM_TAG_WORKLOAD_DIR && i < argv->len; i++) {
		const char *found = strstr(argv->pdata[i], key);

		if (found == NULL)
			continue;
		found += strlen(key);
		return g_strndup(found, strcspn(found, ","));
	}
	return g_strdup(AGENT_SHARE_TAG);
}

/* Taken over. */
static GStrv to_vector(GPtrArray *argv)
{
	g_ptr_array_add(argv, NULL);
	return (GStrv)g_ptr_array_free(argv, FALSE);
}

static guint count_nics(const struct vm_tags *tags, char **argv)
{
	g_autofree char *machine = vm_machine_of_arguments((const char *const *)argv);

	if (tags->values->nic.netdev == VM_NETDEV_NONE)
		return 0;
	if (tags->placed & VM_TAG_NETWORK)
		return 1;
	return vm_nic_count(&tags->values->nic, vm_machine_is_mmio(machine));
}

static struct vm_args *make_args(const struct vm_tags *tags, GPtrArray *argv)
{
	struct vm_args *args = g_new0(struct vm_args, 1);

	args->share_tag = share_tag(tags, argv);
	args->argv = to_vector(argv);
	args->n_nics = count_nics(tags, args->argv);
	args->qmp_socket = socket_path(tags, VM_TAG_COMMS_SOCKET, VM_SOCKET_QMP);
	args->control_socket = socket_path(tags, VM_TAG_AGENT_CTL_SOCKET, VM_SOCKET_CONTROL);
	args->tty_socket = socket_path(tags, VM_TAG_AGENT_TTY_SOCKET, VM_SOCKET_TTY);
	args->console_socket = socket_path(tags, VM_TAG_CONSOLE_DEVICE, VM_SOCKET_CONSOLE);
	return args;
}

static GPtrArray *expand(
	struct vm_tags *tags, const GPtrArray *lines, const char *file, GError **error)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);

	if (!expand_template(tags, lines, argv, error)) {
		g_prefix_error(error, "%s:", file);
		return NULL;
	}
	if (!append_missing(tags, argv, error)) {
		g_prefix_error(error, "%s: ", file);
		return NULL;
	}
	return g_steal_pointer(&argv);
}

static GPtrArray *expand_shape(
	const struct vm_tags *tags, const GPtrArray *lines, const char *file, GError **error)
{
	struct vm_args_values values = *tags->values;
	struct vm_tags shape = *tags;

	values.name = "NAME";
	values.uuid = "UUID";
	values.state_directory = values.share_directory = "/";
	shape.values = &values;
	return expand(&shape, lines, file, error);
}

struct vm_args *vm_args_expand(const char *text, gsize size, const char *file,
	const struct vm_args_values *values, GError **error)
{
	struct vm_tags tags = {.values = values, .hypervisor = values->config->hypervisor_path};
	g_autoptr(GPtrArray) lines = vm_template_lines(text, size, file, error);
	g_autoptr(GPtrArray) argv = NULL;
	g_autoptr(GPtrArray) shape = NULL;
	struct vm_args *args;

	if (lines == NULL || !collect_tags(lines, file, &tags.placed, error))
		return NULL;
	argv = expand(&tags, lines, file, error);
	if (argv == NULL)
		return NULL;
	shape = expand_shape(&tags, lines, file, error);
	if (shape == NULL)
		return NULL;
	args = make_args(&tags, g_steal_pointer(&argv));
	args->shape = to_vector(g_steal_pointer(&shape));
	return args;
}

/* As a line for a shell. */
static void log_command_line(char **argv)
{
	g_autoptr(GString) line = g_string_new(NULL);

	for (char **argument = argv; *argument != NULL; argument++) {
		g_autofree char *quoted = g_shell_quote(*argument);

		g_string_append_printf(line, "%s%s", line->len > 0 ? " " : "", quoted);
	}
	log_debug("hypervisor command line: %s", line->str);
}

struct vm_args *vm_args_load(
	const struct vm_lookup *lookup, const struct vm_args_values *values, GError **error)
{
	g_autofree char *path = vm_lookup_require(lookup, VM_ARGS_NAME, error);
	g_autofree char *text = NULL;
	gsize size;

	if (path == NULL || !file_read(path, VM_TEMPLATE_SIZE_MAX, &text, &size, error))
		return NULL;

	struct vm_args *args = vm_args_expand(text, size, path, values, error);

	if (args == NULL)
		return NULL;
	log_info("hypervisor arguments: %s", path);
	log_command_line(args->argv);
	return args;
}

void vm_args_free(struct vm_args *args)
{
	if (args == NULL)
		return;
	g_strfreev(args->argv);
	g_strfreev(args->shape);
	g_free(args->qmp_socket);
	g_free(args->control_socket);
	g_free(args->tty_socket);
	g_free(args->console_socket);
	g_free(args->share_tag);
	g_free(args);
}
