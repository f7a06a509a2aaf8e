/* SPDX-License-Identifier: GPL-2.0-only */
/* Any bytes as vm.json: an error, or a VM with a hypervisor, a kernel and a size. */
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "vm/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(JsonNode) root = json_parse_object((const char *)data, size, &error);
	JsonObject *vm = NULL;

	if (root == NULL ||
		!json_require_object(json_node_get_object(root), "", "vm", &vm, &error)) {
		g_assert(error != NULL);
		return 0;
	}

	g_autoptr(vm_config) config = vm_config_from_json(vm, "vm.json", "/b", &error);

	g_assert((config == NULL) == (error != NULL));
	g_assert(
		config == NULL || (config->hypervisor_path != NULL && config->kernel_path != NULL &&
					  config->memory_mib > 0 && config->cpus > 0));
	return 0;
}
