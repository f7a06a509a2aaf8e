/* SPDX-License-Identifier: GPL-2.0-only */
/* The @TAG@s of hypervisor.args. */
#include "vm/tags.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "vm/kernel.h"
#include "vm/machine.h"

enum {
	/* What Linux takes as one argument (MAX_ARG_STRLEN), its NUL included. */
	ARGUMENT_SIZE_MAX = 128 << 10,
};

/* What a value is given: the tags, and whether the tag is the whole argument. */
typedef char *(*value_function)(const struct vm_tags *tags, gboolean whole, GError **error);

struct tag {
	const char *name;
	enum vm_tag bit;
	/* Commas are doubled inside an option. */
	gboolean is_path;
	/* NULL: expands to `text`. */
	value_function value;
	const char *text;
};

static char *value_accel(const struct vm_tags *tags, gboolean whole, GError **error)
{
	(void)error;

	enum vm_accel accel = tags->values->accel;

	if (!whole || accel != VM_ACCEL_TCG)
		return g_strdup(vm_accel_name(accel));
	/*
	 * With one CPU a thread of its own buys nothing and costs a tenth. The memory for
	 * translated code, which would else grow to an eighth of the host's, is within the
	 * allowance of a memory limit (cgroup/limits.h).
	 */
	return g_strconcat("tcg", tags->values->config->cpus == 1 ? ",thread=single" : "",
		",tb-size=128", NULL);
}

static char *value_cpus(const struct vm_tags *tags, gboolean whole, GError **error)
{
	(void)whole;
	(void)error;
	return g_strdup_printf("%u", tags->values->config->cpus);
}

static char *value_image(const struct vm_tags *tags, gboolean whole, GError **error)
{
	(void)whole;

	const struct vm_config *config = tags->values->config;

	if (config->image_path == NULL)
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "%s has no image", config->source);
	return g_strdup(config->image_path);
}

static char *value_initrd(const struct vm_tags *tags, gboolean whole, GError **error)
{
	(void)whole;
	(void)error;

	const char *path = tags->values->config->initrd_path;

	return g_strdup(path != NULL ? path : "");
}

static char *value_kernel(const struct vm_tags *tags, gboolean whole, GError **error)
{
	(void)whole;
	(void)error;
	return g_strdup(tags->values->config->kernel_path);
}

/* What the choice of the machine rests on. */
static struct vm_machine_needs machine_needs(const struct vm_tags *tags)
{
	const struct vm_args_values *values = tags->values;

	return (struct vm_machine_needs){
		.configured = values->config->machine,
		.hypervisor = tags->hypervisor,
		.accel = values->accel,
		.kernel_finds_mmio = values->kernel_finds_mmio,
		.has_image = values->config->image_path != NULL,
		.hotplug = values->hotplug,
		.tsc_khz = values->tsc_khz,
	};
}

static char *value_kernel_params(const struct vm_tags *tags, gboolean whole, GError **error)
{
	(void)whole;
	(void)error;

	const char *console = tags->placed & VM_TAG_CONSOLE_DEVICE ? "hvc0" : "ttyS0";
	struct vm_machine_needs needs = machine_needs(tags);
	/* A template that names the machine itself gets no other one's parameters. */
	g_autofree char *machine =
		tags->placed & VM_TAG_MACHINE ? vm_machine_kernel_parameters(&needs) : g_strdup("");

	return vm_kernel_parameters(
		tags->values->config->kernel_parameters, tags->values->accel, console, machine);
}

static char *value_machine(const struct vm_tags *tags, gboolean whole, GError **error)
{
	(void)whole;
	(void)error;

	struct vm_machine_needs needs = machine_needs(tags);

	return vm_machine_choose(&needs);
}

static char *value_memory(const struct vm_tags *tags, gboolean whole, GError **error)
{
	(void)whole;
	(void)error;
	return g_strdup_printf("%uM", tags->values->config->memory_mib);
}

static char *value_name(const struct vm_tags *tags, gboolean whole, GError **error)
{
	(void)whole;
	(void)error;
	return g_strdup(tags->values->name);
}

static char *or_nothing(char *value)
{
	return value != NULL ? value : g_strdup("");
}

static char *value_netdev_option(const struct vm_tags *tags, gboolean whole, GError **error)
{
	(void)whole;
	(void)error;
	return g_strdup(tags->values->nic.netdev != VM_NETDEV_NONE ? "-netdev" : "");
}

static char *value_device_option(const struct vm_tags *tags, gboolean whole, GError **error)
{
	(void)whole;
	(void)error;
	return g_strdup(tags->values->nic.netdev != VM_NETDEV_NONE ? "-device" : "");
}

static char *value_netdev(const struct vm_tags *tags, gboolean whole, GError **error)
{
	(void)whole;
	(void)error;
	return or_nothing(vm_nic_netdev(&tags->values->nic, 0));
}

static char *value_netdevice(const struct vm_tags *tags, gboolean whole, GError **error)
{
	(void)whole;
	(void)error;
	return or_nothing(vm_nic_device(&tags->values->nic, 0, FALSE));
}

static char *value_qemu_path(const struct vm_tags *tags, gboolean whole, GError **error)
{
	(void)whole;
	(void)error;
	return g_strdup(tags->values->config->hypervisor_path);
}

static char *value_size(const struct vm_tags *tags, gboolean whole, GError **error)
{
	guint64 size;

	(void)whole;
	if (!vm_tags_image_size(tags->values->config, &size, error))
		return NULL;
	return g_strdup_printf("%" G_GUINT64_FORMAT, size);
}

static char *value_uuid(const struct vm_tags *tags, gboolean whole, GError **error)
{
	(void)whole;
	(void)error;
	return g_strdup(tags->values->uuid);
}

static char *value_workload_dir(const struct vm_tags *tags, gboolean whole, GError **error)
{
	(void)whole;
	(void)error;
	return g_strdup(tags->values->share_directory);
}

/* server=on and wait=off are understood by every QEMU with -chardev; the short forms are going. */
static const struct tag known_tags[] = {
	{"ACCEL", VM_TAG_ACCEL, FALSE, value_accel, NULL},
	{"AGENT_CTL_SOCKET", VM_TAG_AGENT_CTL_SOCKET, FALSE, NULL, VM_SOCKET_CONTROL},
	{"AGENT_TTY_SOCKET", VM_TAG_AGENT_TTY_SOCKET, FALSE, NULL, VM_SOCKET_TTY},
	{"COMMS_SOCKET", VM_TAG_COMMS_SOCKET, FALSE, NULL, VM_SOCKET_QMP},
	{"CONSOLE_DEVICE", VM_TAG_CONSOLE_DEVICE, FALSE, NULL,
		"socket,path=" VM_SOCKET_CONSOLE ",server=on,wait=off,id=charconsole0,signal=off"},
	{"CPUS", VM_TAG_CPUS, FALSE, value_cpus, NULL},
	{"IMAGE", VM_TAG_IMAGE, TRUE, value_image, NULL},
	{"INITRD", VM_TAG_INITRD, TRUE, value_initrd, NULL},
	{"KERNEL", VM_TAG_KERNEL, TRUE, value_kernel, NULL},
	{"KERNEL_NET_PARAMS", VM_TAG_NETWORK_PART, FALSE, NULL, ""},
	{"KERNEL_PARAMS", VM_TAG_KERNEL_PARAMS, FALSE, value_kernel_params, NULL},
	{"MACHINE", VM_TAG_MACHINE, FALSE, value_machine, NULL},
	{"MEMORY", VM_TAG_MEMORY, FALSE, value_memory, NULL},
	{"NAME", VM_TAG_NAME, FALSE, value_name, NULL},
	{"NETDEV", VM_TAG_NETWORK_PART, FALSE, value_netdev_option, NULL},
	{"NETDEVICE", VM_TAG_NETWORK_PART, FALSE, value_device_option, NULL},
	{"NETDEVICE_PARAMS", VM_TAG_NETWORK, FALSE, value_netdevice, NULL},
	{"NETDEV_PARAMS", VM_TAG_NETWORK_PART, FALSE, value_netdev, NULL},
	{"PROCESS_SOCKET", VM_TAG_PROCESS_SOCKET, FALSE, NULL,
		"socket,id=procsock,path=" VM_SOCKET_PROCESS ",server=on,wait=off"},
	{"QEMU_PATH", VM_TAG_QEMU_PATH, TRUE, value_qemu_path, NULL},
	{"SIZE", VM_TAG_SIZE, FALSE, value_size, NULL},
	{"UUID", VM_TAG_UUID, FALSE, value_uuid, NULL},
	{"WORKLOAD_DIR", VM_TAG_WORKLOAD_DIR, TRUE, value_workload_dir, NULL},
};

/*
 * The next tag of the text: *out_start at its first '@', *out_length with both. FALSE: none.
 */
static gboolean find_tag(const char *text, const char **out_start, gsize *out_length)
{
	for (const char *at = strchr(text, '@'); at != NULL; at = strchr(at + 1, '@')) {
		gsize length = strspn(at + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");

		if (length > 0 && at[1 + length] == '@') {
			*out_start = at;
			*out_length = length + 2;
			return TRUE;
		}
	}
	return FALSE;
}

static const struct tag *known_tag(const char *start, gsize length)
{
	for (gsize i = 0; i < G_N_ELEMENTS(known_tags); i++)
		if (strlen(known_tags[i].name) == length - 2 &&
			memcmp(known_tags[i].name, start + 1, length - 2) == 0)
			return &known_tags[i];
	return NULL;
}

gboolean vm_tags_collect(const char *argument, guint *placed, GError **error)
{
	const char *start;
	gsize length;

	for (const char *at = argument; find_tag(at, &start, &length); at = start + length) {
		const struct tag *tag = known_tag(start, length);

		if (tag == NULL) {
			g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "unknown tag %.*s",
				(int)length, start);
			return FALSE;
		}
		*placed |= tag->bit;
	}
	return TRUE;
}

char *vm_tags_escape(const char *path)
{
	g_auto(GStrv) parts = g_strsplit(path, ",", -1);

	return g_strjoinv(",,", parts);
}

gboolean vm_tags_image_size(const struct vm_config *config, guint64 *out_size, GError **error)
{
	struct stat status;

	if (config->image_path == NULL) {
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "%s has no image", config->source);
		return FALSE;
	}
	if (stat(config->image_path, &status) < 0) {
		error_set_errno(error, errno, "%s", config->image_path);
		return FALSE;
	}
	*out_size = (guint64)status.st_size;
	return TRUE;
}

static gboolean append_value(const struct vm_tags *tags, const struct tag *tag, gboolean whole,
	GString *out, GError **error)
{
	g_autofree char *value =
		tag->value != NULL ? tag->value(tags, whole, error) : g_strdup(tag->text);

	if (value == NULL) {
		g_prefix_error(error, "@%s@: ", tag->name);
		return FALSE;
	}
	if (tag->is_path && !whole) {
		g_autofree char *escaped = vm_tags_escape(value);

		g_string_append(out, escaped);
	} else {
		g_string_append(out, value);
	}
	return TRUE;
}

static gboolean check_size(const GString *argument, GError **error)
{
	if (argument->len < ARGUMENT_SIZE_MAX)
		return TRUE;
	g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "the argument becomes longer than 128 KiB");
	return FALSE;
}

char *vm_tags_expand(const struct vm_tags *tags, const char *argument, GError **error)
{
	g_autoptr(GString) out = g_string_new(NULL);
	const char *at = argument;
	const char *start;
	gsize length;

	while (find_tag(at, &start, &length)) {
		const struct tag *tag = known_tag(start, length);
		gboolean whole = start == argument && start[length] == '\0';

		g_string_append_len(out, at, start - at);
		/* Unknown ones were refused by vm_tags_collect. */
		g_assert(tag != NULL);
		if (!append_value(tags, tag, whole, out, error) || !check_size(out, error))
			return NULL;
		at = start + length;
	}
	g_string_append(out, at);
	if (!check_size(out, error))
		return NULL;
	return g_string_free(g_steal_pointer(&out), FALSE);
}
