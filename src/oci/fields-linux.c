/* SPDX-License-Identifier: GPL-2.0-only */
/* The fields of linux, but for seccomp and resources (runtime-spec, config-linux.md). */
#include "oci/fields.h"

#define NOT_YET "not acted on yet"
#define NO_RDT	"a guest has no access to the host's resource director"

static const char *const device_types[] = {"a", "b", "c", "p", "u", NULL};

static const char *const propagations[] = {"private", "rprivate", "shared", "rshared", "slave",
	"rslave", "unbindable", "runbindable", "", NULL};

static const char *const domains[] = {"LINUX", "LINUX32", NULL};

const struct oci_field oci_fields_linux[] = {
	{"linux.namespaces", OCI_OBJECTS, OCI_IN_BOTH},
	{"linux.namespaces[].type", OCI_STRING, OCI_IN_BOTH, .required = TRUE},
	{"linux.namespaces[].path", OCI_STRING, OCI_ON_HOST},
	{"linux.uidMappings", OCI_OBJECTS, OCI_IN_GUEST},
	{"linux.uidMappings[].containerID", OCI_INTEGER, OCI_IN_GUEST, .most = G_MAXUINT32,
		.required = TRUE},
	{"linux.uidMappings[].hostID", OCI_INTEGER, OCI_IN_GUEST, .most = G_MAXUINT32,
		.required = TRUE},
	{"linux.uidMappings[].size", OCI_INTEGER, OCI_IN_GUEST, .most = G_MAXUINT32,
		.required = TRUE},
	{"linux.gidMappings", OCI_OBJECTS, OCI_IN_GUEST},
	{"linux.gidMappings[].containerID", OCI_INTEGER, OCI_IN_GUEST, .most = G_MAXUINT32,
		.required = TRUE},
	{"linux.gidMappings[].hostID", OCI_INTEGER, OCI_IN_GUEST, .most = G_MAXUINT32,
		.required = TRUE},
	{"linux.gidMappings[].size", OCI_INTEGER, OCI_IN_GUEST, .most = G_MAXUINT32,
		.required = TRUE},
	{"linux.timeOffsets", OCI_OBJECT_MAP, OCI_IN_GUEST},
	{"linux.timeOffsets{}.secs", OCI_INTEGER, OCI_IN_GUEST},
	{"linux.timeOffsets{}.nanosecs", OCI_INTEGER, OCI_IN_GUEST, .most = 999999999},
	{"linux.devices", OCI_OBJECTS, OCI_IN_GUEST},
	{"linux.devices[].type", OCI_STRING, OCI_IN_GUEST, .required = TRUE,
		.values = device_types},
	{"linux.devices[].path", OCI_STRING, OCI_IN_GUEST, .required = TRUE},
	{"linux.devices[].major", OCI_INTEGER, OCI_IN_GUEST, .least = -1, .most = 4095},
	{"linux.devices[].minor", OCI_INTEGER, OCI_IN_GUEST, .least = -1, .most = 1048575},
	{"linux.devices[].fileMode", OCI_INTEGER, OCI_IN_GUEST, .most = G_MAXUINT32},
	{"linux.devices[].uid", OCI_INTEGER, OCI_IN_GUEST, .most = G_MAXUINT32 - 1},
	{"linux.devices[].gid", OCI_INTEGER, OCI_IN_GUEST, .most = G_MAXUINT32 - 1},
	{"linux.netDevices", OCI_OBJECT_MAP, OCI_REFUSED,
		.reason = "a device of the host's network cannot be moved into a virtual machine"},
	{"linux.netDevices{}.name", OCI_STRING, OCI_REFUSED,
		.reason = "a device of the host's network cannot be moved into a virtual machine"},
	{"linux.cgroupsPath", OCI_STRING, OCI_ON_HOST},
	{"linux.rootfsPropagation", OCI_STRING, OCI_IN_GUEST, .values = propagations},
	{"linux.sysctl", OCI_STRING_MAP, OCI_IN_GUEST},
	{"linux.maskedPaths", OCI_STRINGS, OCI_IN_GUEST},
	{"linux.readonlyPaths", OCI_STRINGS, OCI_IN_GUEST},
	{"linux.mountLabel", OCI_STRING, OCI_WARNED, .reason = "the guest's kernel has no SELinux"},
	{"linux.intelRdt", OCI_OBJECT, OCI_REFUSED, .reason = NO_RDT},
	{"linux.intelRdt.closID", OCI_STRING, OCI_REFUSED, .reason = NO_RDT},
	{"linux.intelRdt.schemata", OCI_STRINGS, OCI_REFUSED, .reason = NO_RDT},
	{"linux.intelRdt.l3CacheSchema", OCI_STRING, OCI_REFUSED, .reason = NO_RDT},
	{"linux.intelRdt.memBwSchema", OCI_STRING, OCI_REFUSED, .reason = NO_RDT},
	{"linux.intelRdt.enableMonitoring", OCI_BOOLEAN, OCI_REFUSED, .reason = NO_RDT},
	{"linux.intelRdt.enableCMT", OCI_BOOLEAN, OCI_REFUSED, .reason = NO_RDT},
	{"linux.intelRdt.enableMBM", OCI_BOOLEAN, OCI_REFUSED, .reason = NO_RDT},
	{"linux.memoryPolicy", OCI_OBJECT, OCI_REFUSED,
		.reason = "a guest does not see the host's memory nodes"},
	{"linux.personality", OCI_OBJECT, OCI_IN_GUEST},
	{"linux.personality.domain", OCI_STRING, OCI_IN_GUEST, .required = TRUE, .values = domains},
	{"linux.personality.flags", OCI_STRINGS, OCI_REFUSED,
		.reason = "the specification has no flags"},
	{NULL},
};
