/* SPDX-License-Identifier: GPL-2.0-only */
/* The tables of config.json's fields together. */
#include "oci/fields.h"

#include <string.h>

const struct oci_field *const oci_fields[] = {
	oci_fields_root,
	oci_fields_process,
	oci_fields_linux,
	oci_fields_seccomp,
	oci_fields_resources,
	NULL,
};

const struct oci_field *oci_field_find(const char *path)
{
	for (gsize i = 0; oci_fields[i] != NULL; i++)
		for (const struct oci_field *field = oci_fields[i]; field->path != NULL; field++)
			if (strcmp(field->path, path) == 0)
				return field;
	return NULL;
}

static const char *const coverage_names[] = {
	[OCI_IN_GUEST] = "guest",
	[OCI_ON_HOST] = "host",
	[OCI_IN_BOTH] = "guest and host",
	[OCI_REFUSED] = "refused",
	[OCI_WARNED] = "warned",
};

const char *oci_coverage_name(enum oci_coverage coverage)
{
	return coverage_names[coverage];
}
