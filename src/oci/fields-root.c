/* SPDX-License-Identifier: GPL-2.0-only */
/* The fields of config.json beside process and linux (runtime-spec, config.md, config-vm.md). */
#include "oci/fields.h"

#define OTHER_SYSTEM "for containers of another operating system"

/* The same four of each of the six kinds. */
#define HOOKS(kind, where, why)                                                                    \
	{"hooks." kind, OCI_OBJECTS, where, .reason = (why)},                                      \
		{"hooks." kind "[].path", OCI_STRING, where, .required = TRUE, .reason = (why)},   \
		{"hooks." kind "[].args", OCI_STRINGS, where, .reason = (why)},                    \
		{"hooks." kind "[].env", OCI_STRINGS, where, .reason = (why)},                     \
	{                                                                                          \
		"hooks." kind "[].timeout", OCI_INTEGER, where, .least = 1, .most = G_MAXINT32,    \
								.reason = (why)                    \
	}

const struct oci_field oci_fields_root[] = {
	{"ociVersion", OCI_STRING, OCI_ON_HOST, .required = TRUE},
	{"process", OCI_OBJECT, OCI_IN_BOTH, .required = TRUE},
	{"root", OCI_OBJECT, OCI_IN_BOTH, .required = TRUE},
	{"root.path", OCI_STRING, OCI_ON_HOST, .required = TRUE},
	{"root.readonly", OCI_BOOLEAN, OCI_IN_BOTH},
	{"hostname", OCI_STRING, OCI_IN_GUEST},
	{"domainname", OCI_STRING, OCI_IN_GUEST},
	{"annotations", OCI_STRING_MAP, OCI_ON_HOST},
	{"mounts", OCI_OBJECTS, OCI_IN_BOTH},
	{"mounts[].destination", OCI_STRING, OCI_IN_GUEST, .required = TRUE},
	{"mounts[].type", OCI_STRING, OCI_IN_GUEST},
	{"mounts[].source", OCI_STRING, OCI_IN_BOTH},
	{"mounts[].options", OCI_STRINGS, OCI_IN_BOTH},
	{"mounts[].uidMappings", OCI_OBJECTS, OCI_REFUSED,
		.reason = "9p, by which the guest sees the host's files, has no id-mapped mounts"},
	{"mounts[].gidMappings", OCI_OBJECTS, OCI_REFUSED,
		.reason = "9p, by which the guest sees the host's files, has no id-mapped mounts"},
	{"hooks", OCI_OBJECT, OCI_IN_BOTH},
	HOOKS("prestart", OCI_ON_HOST, NULL),
	HOOKS("createRuntime", OCI_ON_HOST, NULL),
	HOOKS("createContainer", OCI_IN_GUEST, NULL),
	HOOKS("startContainer", OCI_IN_GUEST, NULL),
	HOOKS("poststart", OCI_ON_HOST, NULL),
	HOOKS("poststop", OCI_ON_HOST, NULL),
	{"linux", OCI_OBJECT, OCI_IN_BOTH},
	{"vm", OCI_ANY, OCI_ON_HOST},
	{"vm.hypervisor", OCI_ANY, OCI_ON_HOST},
	{"vm.hypervisor.path", OCI_ANY, OCI_ON_HOST},
	{"vm.hypervisor.parameters", OCI_ANY, OCI_ON_HOST},
	{"vm.kernel", OCI_ANY, OCI_ON_HOST},
	{"vm.kernel.path", OCI_ANY, OCI_ON_HOST},
	{"vm.kernel.parameters", OCI_ANY, OCI_ON_HOST},
	{"vm.kernel.initrd", OCI_ANY, OCI_ON_HOST},
	{"vm.image", OCI_ANY, OCI_ON_HOST},
	{"vm.image.path", OCI_ANY, OCI_ON_HOST},
	{"vm.image.format", OCI_ANY, OCI_ON_HOST},
	{"vm.hwConfig", OCI_ANY, OCI_ON_HOST},
	{"solaris", OCI_ANY, OCI_REFUSED, .reason = OTHER_SYSTEM},
	{"windows", OCI_ANY, OCI_REFUSED, .reason = OTHER_SYSTEM},
	{"zos", OCI_ANY, OCI_REFUSED, .reason = OTHER_SYSTEM},
	{"freebsd", OCI_ANY, OCI_REFUSED, .reason = OTHER_SYSTEM},
	{NULL},
};
