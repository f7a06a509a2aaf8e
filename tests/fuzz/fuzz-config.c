/* SPDX-License-Identifier: GPL-2.0-only */
/* Any bytes as config.json, process.json and the vm object: errors, never a crash. */
#include <stddef.h>
#include <stdint.h>

#include "oci/sections.h"
#include "oci/spec.h"
#include "vm/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(const struct oci_spec *spec)
{
	g_autofree const char **sources = g_new0(const char *, spec->n_mounts + 1);

	json_object_unref(oci_spec_guest_sections(spec, sources));
	(void)oci_spec_namespace(spec, "network");
	if (spec->vm != NULL) {
		g_autoptr(GError) error = NULL;
		g_autoptr(vm_config) config =
			vm_config_from_json(spec->vm, "config.json", "/b", &error);

		g_assert((config == NULL) == (error != NULL));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(oci_spec) spec = oci_spec_parse((const char *)data, size, "/b", &error);

	g_assert((spec == NULL) == (error != NULL));
	if (spec != NULL)
		use(spec);
	return 0;
}
