/* SPDX-License-Identifier: GPL-2.0-only */
/* Any bytes as state.json: an error, or a record whose ids cannot leave their directory. */
#include <stddef.h>
#include <stdint.h>

#include "oci/id.h"
#include "oci/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(oci_state) state = oci_state_parse((const char *)data, size, "s", &error);

	g_assert((state == NULL) == (error != NULL));
	if (state == NULL)
		return 0;
	g_assert(oci_id_check(state->id, NULL) && oci_id_check(state->sandbox, NULL));
	json_object_unref(oci_state_to_json(state));
	return 0;
}
