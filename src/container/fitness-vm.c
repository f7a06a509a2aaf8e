/* SPDX-License-Identifier: GPL-2.0-only */
/* Looks at what a virtual machine is made of: accelerator, QEMU, kernel, initramfs. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/run.h"
#include "base/timeouts.h"
#include "container/fitness.h"
#include "container/template.h"
#include "vm/kernel.h"
#include "vm/machine.h"
#include "vm/snapshot-store.h"
#include "vm/tsc.h"

/* The agent carries its version behind this (agent/main.c); the initramfs is not compressed. */
#define AGENT_MARK "cc-agent version "

static enum vm_accel accel_of(const struct fitness *fitness, const char **out_reason)
{
	*out_reason = NULL;
	if (fitness->settings->accel != VM_ACCEL_AUTO)
		return fitness->settings->accel;
	if (fitness->config->accel != VM_ACCEL_AUTO)
		return fitness->config->accel;
	return vm_accel_probe("/dev/kvm", "/sys/module", out_reason);
}

static void look_accelerator(const struct fitness *fitness, struct finding *finding)
{
	const char *reason;
	enum vm_accel accel = accel_of(fitness, &reason);

	if (accel == VM_ACCEL_KVM || reason == NULL)
		finding_set(finding, FITNESS_OK, NULL, "%s", vm_accel_name(accel));
	else
		finding_set(finding, FITNESS_WARNING,
			"load kvm_intel or kvm_amd; in a virtual machine, have nested "
			"virtualization switched on",
			"tcg, many times slower: no KVM (%s)", reason);
}

/* The path of the hypervisor; NULL when it is not there. The caller frees. */
static char *find_hypervisor(const struct fitness *fitness)
{
	return g_find_program_in_path(fitness->config->hypervisor_path);
}

/* What QEMU prints; the caller frees. */
static char *ask_hypervisor(const char *path, const char *option, const char *value, GError **error)
{
	const char *const argv[] = {path, option, value, NULL};
	const char *const environment[] = {"LC_ALL=C", NULL};
	g_autoptr(GString) output = g_string_new(NULL);
	struct run run = {
		.path = path,
		.argv = argv,
		.environment = environment,
		.input = "",
		.timeout = TIMEOUT_HYPERVISOR_ANSWER_MS,
		.output = output,
	};

	if (!run_program(&run, error))
		return NULL;
	return g_string_free(g_steal_pointer(&output), FALSE);
}

static void look_hypervisor(const struct fitness *fitness, struct finding *finding)
{
	g_autofree char *path = find_hypervisor(fitness);
	g_autofree char *version = NULL;
	g_autoptr(GError) error = NULL;

	if (path == NULL) {
		finding_set(finding, FITNESS_MISSING,
			"install the package qemu-system-x86, or say where it is in vm.json",
			"%s: not there", fitness->config->hypervisor_path);
		return;
	}
	version = ask_hypervisor(path, "--version", NULL, &error);
	if (version == NULL) {
		finding_set(
			finding, FITNESS_MISSING, "reinstall it", "%s: %s", path, error->message);
		return;
	}
	version[strcspn(version, "\n")] = '\0';
	finding_set(finding, FITNESS_OK, NULL, "%s: %s", path, version);
}

/* The machine that a container without annotations gets here; the caller frees. */
static char *choose_machine(const struct fitness *fitness, const char *hypervisor)
{
	const struct vm_config *config = fitness->config;
	const char *reason;
	struct vm_machine_needs needs = {
		.configured = config->machine,
		.hypervisor = hypervisor,
		.accel = accel_of(fitness, &reason),
		.kernel_finds_mmio = vm_kernel_finds_mmio(config->kernel_path),
		.has_image = config->image_path != NULL,
		.hotplug = config->hotplug,
		.tsc_khz = vm_tsc_khz(),
	};

	return vm_machine_choose(&needs);
}

/* Whether a line of the list begins with the type that the machine is of. */
static gboolean lists_machine(const char *list, const char *machine)
{
	g_auto(GStrv) lines = g_strsplit(list, "\n", -1);
	gsize length = strcspn(machine, ",");

	for (char **line = lines; *line != NULL; line++)
		if (strncmp(*line, machine, length) == 0 && (*line)[length] == ' ')
			return TRUE;
	return FALSE;
}

static void look_machine(const struct fitness *fitness, struct finding *finding)
{
	g_autofree char *path = find_hypervisor(fitness);
	g_autofree char *machine = NULL;
	g_autofree char *list = NULL;
	g_autoptr(GError) error = NULL;

	if (path == NULL) {
		finding_set(finding, FITNESS_MISSING, "see hypervisor", "no hypervisor to ask");
		return;
	}
	machine = choose_machine(fitness, path);
	list = ask_hypervisor(path, "-machine", "help", &error);
	if (list == NULL)
		finding_set(finding, FITNESS_MISSING, "see hypervisor", "%s", error->message);
	else if (lists_machine(list, machine))
		finding_set(finding, FITNESS_OK, NULL, "%s", machine);
	else
		finding_set(finding, FITNESS_MISSING,
			"set machine in vm.json to one that `-machine help` lists, or to auto",
			"%s: this QEMU has no such machine", machine);
}

static void look_kernel(const struct fitness *fitness, struct finding *finding)
{
	const char *path = fitness->config->kernel_path;

	if (access(path, R_OK) < 0)
		finding_set(finding, FITNESS_MISSING,
			"make install-guest, or say where a kernel is in vm.json", "%s: %s", path,
			g_strerror(errno));
	else
		finding_set(finding, FITNESS_OK, NULL, "%s%s", path,
			vm_kernel_finds_mmio(path) ? ", for microvm as well" : "");
}

/* The version in a file's bytes, the caller's; NULL: none. */
static char *find_mark(const char *data, gsize size)
{
	const gsize length = strlen(AGENT_MARK);
	const char *mark = memmem(data, size, AGENT_MARK, length);
	gsize left;

	if (mark == NULL)
		return NULL;
	mark += length;
	left = size - (gsize)(mark - data);
	return g_strndup(mark, strnlen(mark, MIN(left, 32)));
}

static char *agent_version(const char *path, GError **error)
{
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat status;
	char *version = NULL;

	if (fd < 0 || fstat(fd, &status) < 0) {
		error_set_errno(error, errno, "%s", path);
		return NULL;
	}
	if (status.st_size > 0) {
		gsize size = (gsize)status.st_size;
		void *data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);

		if (data != MAP_FAILED) {
			version = find_mark(data, size);
			munmap(data, size);
		}
	}
	if (version == NULL)
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "%s: no cc-agent found in it", path);
	return version;
}

static void look_initramfs(const struct fitness *fitness, struct finding *finding)
{
	const char *path = fitness->config->initrd_path;
	g_autofree char *version = NULL;
	g_autoptr(GError) error = NULL;

	if (path == NULL && fitness->config->image_path != NULL) {
		finding_set(finding, FITNESS_OK, NULL, "none, but the image %s",
			fitness->config->image_path);
		return;
	}
	if (path == NULL) {
		finding_set(finding, FITNESS_MISSING, "say in vm.json where one is",
			"neither an initramfs nor an image");
		return;
	}
	version = agent_version(path, &error);
	if (version == NULL && access(path, R_OK) < 0)
		finding_set(finding, FITNESS_MISSING, "make install-guest", "%s", error->message);
	else if (version == NULL)
		finding_set(finding, FITNESS_WARNING,
			"make install-guest, unless it is another one's on purpose", "%s",
			error->message);
	else if (strcmp(version, PACKAGE_VERSION) != 0)
		finding_set(finding, FITNESS_WARNING, "make install-guest",
			"%s: cc-agent %s; this is cc-oci-runtime " PACKAGE_VERSION, path, version);
	else
		finding_set(finding, FITNESS_OK, NULL, "%s: cc-agent %s", path, version);
}

static void look_templates(const struct fitness *fitness, struct finding *finding)
{
	enum vm_template_mode mode = fitness->settings->template_mode != VM_TEMPLATE_UNSET
					     ? fitness->settings->template_mode
					     : fitness->config->template_mode;
	g_autoptr(GError) error = NULL;
	g_autofree char *directory = template_directory(fitness->settings, &error);
	g_autoptr(GPtrArray) entries = NULL;

	if (mode == VM_TEMPLATE_NEVER) {
		finding_set(finding, FITNESS_OK, NULL, "switched off: each container boots");
		return;
	}
	if (directory != NULL)
		entries = vm_store_list(directory, &error);
	if (entries == NULL)
		finding_set(finding, FITNESS_WARNING, "call as root, or see --template-dir",
			"%s: each container boots", error->message);
	else if (!fitness_can_make(directory))
		finding_set(finding, FITNESS_WARNING, "call as root, or see --template-dir",
			"%s: %s: each container boots that finds none of the %u there", directory,
			g_strerror(errno), entries->len);
	else
		finding_set(finding, FITNESS_OK, NULL, "%s: %u", directory, entries->len);
}

const struct fitness_check fitness_vm_checks[] = {
	{"accelerator", look_accelerator},
	{"hypervisor", look_hypervisor},
	{"machine", look_machine},
	{"kernel", look_kernel},
	{"initramfs", look_initramfs},
	{"templates", look_templates},
	{NULL},
};
