/* SPDX-License-Identifier: GPL-2.0-only */
/* The fields of linux.resources (runtime-spec, config-linux.md, "Control groups"). */
#include "oci/fields.h"

#define OBSOLETE "obsolete; runc does not act on it either"
#define NO_RT	 "the guest's cgroup v2 has no real-time limits"
#define NO_HCA	 "a virtual machine has no such device, so nothing of it is used"
#define NO_LEAF	 "cgroup v2 has no weight of leaves"

/* The same of each of the four throttles. */
#define THROTTLE(name, where, why)                                                                 \
	{"linux.resources.blockIO." name, OCI_OBJECTS, where, .reason = (why)},                    \
		{"linux.resources.blockIO." name "[].major", OCI_INTEGER, where, .required = TRUE, \
			.reason = (why)},                                                          \
		{"linux.resources.blockIO." name "[].minor", OCI_INTEGER, where, .required = TRUE, \
			.reason = (why)},                                                          \
	{                                                                                          \
		"linux.resources.blockIO." name "[].rate", OCI_INTEGER, where, .required = TRUE,   \
									       .reason = (why)     \
	}

const struct oci_field oci_fields_resources[] = {
	{"linux.resources", OCI_OBJECT, OCI_IN_GUEST},
	{"linux.resources.devices", OCI_OBJECTS, OCI_IN_GUEST},
	{"linux.resources.devices[].type", OCI_STRING, OCI_IN_GUEST},
	{"linux.resources.devices[].major", OCI_INTEGER, OCI_IN_GUEST},
	{"linux.resources.devices[].minor", OCI_INTEGER, OCI_IN_GUEST},
	{"linux.resources.devices[].access", OCI_STRING, OCI_IN_GUEST},
	{"linux.resources.devices[].allow", OCI_BOOLEAN, OCI_IN_GUEST},
	{"linux.resources.memory", OCI_OBJECT, OCI_IN_BOTH},
	{"linux.resources.memory.limit", OCI_INTEGER, OCI_IN_BOTH},
	{"linux.resources.memory.reservation", OCI_INTEGER, OCI_IN_BOTH},
	{"linux.resources.memory.swap", OCI_INTEGER, OCI_IN_BOTH},
	{"linux.resources.memory.kernel", OCI_INTEGER, OCI_WARNED, .reason = OBSOLETE},
	{"linux.resources.memory.kernelTCP", OCI_INTEGER, OCI_WARNED, .reason = OBSOLETE},
	{"linux.resources.memory.swappiness", OCI_INTEGER, OCI_ON_HOST, .most = 100},
	{"linux.resources.memory.disableOOMKiller", OCI_BOOLEAN, OCI_WARNED,
		.reason = "cgroup v2 has no such switch: the guest's kernel kills"},
	{"linux.resources.memory.useHierarchy", OCI_BOOLEAN, OCI_IN_GUEST},
	{"linux.resources.memory.checkBeforeUpdate", OCI_BOOLEAN, OCI_IN_GUEST},
	{"linux.resources.cpu", OCI_OBJECT, OCI_IN_BOTH},
	{"linux.resources.cpu.shares", OCI_INTEGER, OCI_IN_BOTH},
	{"linux.resources.cpu.quota", OCI_INTEGER, OCI_IN_BOTH},
	{"linux.resources.cpu.burst", OCI_INTEGER, OCI_IN_BOTH},
	{"linux.resources.cpu.period", OCI_INTEGER, OCI_IN_BOTH},
	{"linux.resources.cpu.realtimeRuntime", OCI_INTEGER, OCI_REFUSED, .reason = NO_RT},
	{"linux.resources.cpu.realtimePeriod", OCI_INTEGER, OCI_REFUSED, .reason = NO_RT},
	{"linux.resources.cpu.idle", OCI_INTEGER, OCI_IN_BOTH},
	{"linux.resources.cpu.cpus", OCI_STRING, OCI_ON_HOST},
	{"linux.resources.cpu.mems", OCI_STRING, OCI_ON_HOST},
	{"linux.resources.pids", OCI_OBJECT, OCI_IN_GUEST},
	{"linux.resources.pids.limit", OCI_INTEGER, OCI_IN_GUEST},
	{"linux.resources.blockIO", OCI_OBJECT, OCI_IN_BOTH},
	{"linux.resources.blockIO.weight", OCI_INTEGER, OCI_IN_BOTH, .most = G_MAXUINT16},
	{"linux.resources.blockIO.leafWeight", OCI_INTEGER, OCI_WARNED, .most = G_MAXUINT16,
		.reason = NO_LEAF},
	{"linux.resources.blockIO.weightDevice", OCI_OBJECTS, OCI_ON_HOST},
	{"linux.resources.blockIO.weightDevice[].major", OCI_INTEGER, OCI_ON_HOST,
		.required = TRUE},
	{"linux.resources.blockIO.weightDevice[].minor", OCI_INTEGER, OCI_ON_HOST,
		.required = TRUE},
	{"linux.resources.blockIO.weightDevice[].weight", OCI_INTEGER, OCI_ON_HOST,
		.most = G_MAXUINT16},
	{"linux.resources.blockIO.weightDevice[].leafWeight", OCI_INTEGER, OCI_WARNED,
		.most = G_MAXUINT16, .reason = NO_LEAF},
	THROTTLE("throttleReadBpsDevice", OCI_IN_BOTH, NULL),
	THROTTLE("throttleWriteBpsDevice", OCI_IN_BOTH, NULL),
	THROTTLE("throttleReadIOPSDevice", OCI_IN_BOTH, NULL),
	THROTTLE("throttleWriteIOPSDevice", OCI_IN_BOTH, NULL),
	{"linux.resources.hugepageLimits", OCI_OBJECTS, OCI_IN_GUEST},
	{"linux.resources.hugepageLimits[].pageSize", OCI_STRING, OCI_IN_GUEST, .required = TRUE},
	{"linux.resources.hugepageLimits[].limit", OCI_INTEGER, OCI_IN_GUEST, .required = TRUE},
	{"linux.resources.network", OCI_OBJECT, OCI_ON_HOST},
	{"linux.resources.network.classID", OCI_INTEGER, OCI_ON_HOST, .most = G_MAXUINT32},
	{"linux.resources.network.priorities", OCI_OBJECTS, OCI_ON_HOST},
	{"linux.resources.network.priorities[].name", OCI_STRING, OCI_ON_HOST, .required = TRUE},
	{"linux.resources.network.priorities[].priority", OCI_INTEGER, OCI_ON_HOST,
		.most = G_MAXUINT32, .required = TRUE},
	{"linux.resources.rdma", OCI_OBJECT_MAP, OCI_WARNED, .reason = NO_HCA},
	{"linux.resources.rdma{}.hcaHandles", OCI_INTEGER, OCI_WARNED, .most = G_MAXUINT32,
		.reason = NO_HCA},
	{"linux.resources.rdma{}.hcaObjects", OCI_INTEGER, OCI_WARNED, .most = G_MAXUINT32,
		.reason = NO_HCA},
	{"linux.resources.unified", OCI_STRING_MAP, OCI_IN_GUEST},
	{NULL},
};
