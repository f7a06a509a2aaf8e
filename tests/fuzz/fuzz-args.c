/* SPDX-License-Identifier: GPL-2.0-only */
/* Any bytes as hypervisor.args: an error, or arguments without unexpanded tags. */
#include <stddef.h>
#include <stdint.h>

#include "vm/args.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *no_parameters[] = {NULL};

static const struct vm_config config = {
	.source = "vm.json",
	.hypervisor_path = "/usr/bin/qemu-system-x86_64",
	.hypervisor_parameters = no_parameters,
	.kernel_path = "/k,k",
	.kernel_parameters = "quiet @KERNEL@",
	.initrd_path = "/i",
	.image_path = "/dev/null",
	.machine = "auto",
	.memory_mib = 256,
	.cpus = 1,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct vm_args_values values = {
		.config = &config,
		.accel = size % 2 == 0 ? VM_ACCEL_KVM : VM_ACCEL_TCG,
		.name = "c1",
		.uuid = "5e3b1d7c-0f0a-4a54-9a57-6f9b5d3c2a11",
		.state_directory = "/s",
		.share_directory = "/s/share",
	};
	g_autoptr(GError) error = NULL;
	g_autoptr(vm_args) args = vm_args_expand((const char *)data, size, "f", &values, &error);

	g_assert((args == NULL) == (error != NULL));
	g_assert(args == NULL || args->argv[0] != NULL);
	return 0;
}
