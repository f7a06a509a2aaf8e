/* SPDX-License-Identifier: GPL-2.0-only */
/* The accelerator. */
#include "vm/accel.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"

static const char *const accel_names[] = {
	[VM_ACCEL_AUTO] = "auto",
	[VM_ACCEL_KVM] = "kvm",
	[VM_ACCEL_TCG] = "tcg",
};

/* The modules that run an ordinary guest on the processor itself. Built in, they are there too. */
static const char *const processor_modules[] = {
#if defined(__x86_64__) || defined(__i386__)
	"kvm_intel", "kvm_amd",
#elif defined(__powerpc__)
	"kvm_hv",
#else
	"kvm",
#endif
	NULL};

gboolean vm_accel_parse(const char *name, enum vm_accel *out_accel, GError **error)
{
	for (gsize i = 0; i < G_N_ELEMENTS(accel_names); i++) {
		if (strcmp(name, accel_names[i]) == 0) {
			*out_accel = (enum vm_accel)i;
			return TRUE;
		}
	}

	g_autofree char *quoted = json_quote(name);

	g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "unknown accelerator %s (auto, kvm or tcg)",
		quoted);
	return FALSE;
}

const char *vm_accel_name(enum vm_accel accel)
{
	return accel_names[accel];
}

static gboolean has_module(const char *modules_directory, const char *name)
{
	g_autofree char *path = g_build_filename(modules_directory, name, NULL);

	return access(path, F_OK) == 0;
}

/* NULL when KVM is usable, else why it is not. */
static const char *kvm_problem(const char *kvm_device, const char *modules_directory)
{
	auto_fd int fd = open(kvm_device, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return access(kvm_device, F_OK) < 0 ? "the KVM device does not exist"
						    : "the KVM device cannot be opened";
	if (has_module(modules_directory, "kvm_pvm"))
		return "KVM is that of a PVM host, which runs no ordinary guest";
	for (const char *const *module = processor_modules; *module != NULL; module++)
		if (has_module(modules_directory, *module))
			return NULL;
	return "the processor's own KVM module is not loaded";
}

enum vm_accel vm_accel_probe(
	const char *kvm_device, const char *modules_directory, const char **out_reason)
{
	const char *problem = kvm_problem(kvm_device, modules_directory);

	if (problem == NULL)
		return VM_ACCEL_KVM;
	if (out_reason != NULL)
		*out_reason = problem;
	return VM_ACCEL_TCG;
}
