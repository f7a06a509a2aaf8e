/* SPDX-License-Identifier: GPL-2.0-only */
/* Any bytes as process.json: an error, or a process that can be executed. */
#include <stddef.h>
#include <stdint.h>

#include "oci/process.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(oci_process) process = oci_process_parse((const char *)data, size, "p", &error);

	g_assert((process == NULL) == (error != NULL));
	g_assert(process == NULL || (process->args[0] != NULL && *process->cwd == '/'));
	return 0;
}
