/* SPDX-License-Identifier: GPL-2.0-only */
/* The fields of linux.resources (runtime-spec, config-linux.md, "Control groups"). */
#include "oci/fields.h"

#define NOT_YET "not acted on yet"

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
	{"linux.resources.memory", OCI_OBJECT, OCI_WARNED, .reason = NOT_YET},
	{"linux.resources.memory.limit", OCI_INTEGER, OCI_WARNED, .reason = NOT_YET},
	{"linux.resources.memory.reservation", OCI_INTEGER, OCI_WARNED, .reason = NOT_YET},
	{"linux.resources.memory.swap", OCI_INTEGER, OCI_WARNED, .reason = NOT_YET},
	{"linux.resources.memory.kernel", OCI_INTEGER, OCI_WARNED, .reason = NOT_YET},
	{"linux.resources.memory.kernelTCP", OCI_INTEGER, OCI_WARNED, .reason = NOT_YET},
	{"linux.resources.memory.swappiness", OCI_INTEGER, OCI_WARNED, .most = 100,
		.reason = NOT_YET},
	{"linux.resources.memory.disableOOMKiller", OCI_BOOLEAN, OCI_WARNED, .reason = NOT_YET},
	{"linux.resources.memory.useHierarchy", OCI_BOOLEAN, OCI_WARNED, .reason = NOT_YET},
	{"linux.resources.memory.checkBeforeUpdate", OCI_BOOLEAN, OCI_WARNED, .reason = NOT_YET},
	{"linux.resources.cpu", OCI_OBJECT, OCI_WARNED, .reason = NOT_YET},
	{"linux.resources.cpu.shares", OCI_INTEGER, OCI_WARNED, .reason = NOT_YET},
	{"linux.resources.cpu.quota", OCI_INTEGER, OCI_WARNED, .reason = NOT_YET},
	{"linux.resources.cpu.burst", OCI_INTEGER, OCI_WARNED, .reason = NOT_YET},
	{"linux.resources.cpu.period", OCI_INTEGER, OCI_WARNED, .reason = NOT_YET},
	{"linux.resources.cpu.realtimeRuntime", OCI_INTEGER, OCI_WARNED, .reason = NOT_YET},
	{"linux.resources.cpu.realtimePeriod", OCI_INTEGER, OCI_WARNED, .reason = NOT_YET},
	{"linux.resources.cpu.idle", OCI_INTEGER, OCI_WARNED, .reason = NOT_YET},
	{"linux.resources.cpu.cpus", OCI_STRING, OCI_WARNED, .reason = NOT_YET},
	{"linux.resources.cpu.mems", OCI_STRING, OCI_WARNED, .reason = NOT_YET},
	{"linux.resources.pids", OCI_OBJECT, OCI_WARNED, .reason = NOT_YET},
	{"linux.resources.pids.limit", OCI_INTEGER, OCI_WARNED, .reason = NOT_YET},
	{"linux.resources.blockIO", OCI_OBJECT, OCI_WARNED, .reason = NOT_YET},
	{"linux.resources.blockIO.weight", OCI_INTEGER, OCI_WARNED, .most = G_MAXUINT16,
		.reason = NOT_YET},
	{"linux.resources.blockIO.leafWeight", OCI_INTEGER, OCI_WARNED, .most = G_MAXUINT16,
		.reason = NOT_YET},
	{"linux.resources.blockIO.weightDevice", OCI_OBJECTS, OCI_WARNED, .reason = NOT_YET},
	{"linux.resources.blockIO.weightDevice[].major", OCI_INTEGER, OCI_WARNED, .required = TRUE,
		.reason = NOT_YET},
	{"linux.resources.blockIO.weightDevice[].minor", OCI_INTEGER, OCI_WARNED, .required = TRUE,
		.reason = NOT_YET},
	{"linux.resources.blockIO.weightDevice[].weight", OCI_INTEGER, OCI_WARNED,
		.most = G_MAXUINT16, .reason = NOT_YET},
	{"linux.resources.blockIO.weightDevice[].leafWeight", OCI_INTEGER, OCI_WARNED,
		.most = G_MAXUINT16, .reason = NOT_YET},
	THROTTLE("throttleReadBpsDevice", OCI_WARNED, NOT_YET),
	THROTTLE("throttleWriteBpsDevice", OCI_WARNED, NOT_YET),
	THROTTLE("throttleReadIOPSDevice", OCI_WARNED, NOT_YET),
	THROTTLE("throttleWriteIOPSDevice", OCI_WARNED, NOT_YET),
	{"linux.resources.hugepageLimits", OCI_OBJECTS, OCI_WARNED, .reason = NOT_YET},
	{"linux.resources.hugepageLimits[].pageSize", OCI_STRING, OCI_WARNED, .required = TRUE,
		.reason = NOT_YET},
	{"linux.resources.hugepageLimits[].limit", OCI_INTEGER, OCI_WARNED, .required = TRUE,
		.reason = NOT_YET},
	{"linux.resources.network", OCI_OBJECT, OCI_WARNED, .reason = NOT_YET},
	{"linux.resources.network.classID", OCI_INTEGER, OCI_WARNED, .most = G_MAXUINT32,
		.reason = NOT_YET},
	{"linux.resources.network.priorities", OCI_OBJECTS, OCI_WARNED, .reason = NOT_YET},
	{"linux.resources.network.priorities[].name", OCI_STRING, OCI_WARNED, .required = TRUE,
		.reason = NOT_YET},
	{"linux.resources.network.priorities[].priority", OCI_INTEGER, OCI_WARNED,
		.most = G_MAXUINT32, .required = TRUE, .reason = NOT_YET},
	{"linux.resources.rdma", OCI_OBJECT_MAP, OCI_WARNED, .reason = NOT_YET},
	{"linux.resources.rdma{}.hcaHandles", OCI_INTEGER, OCI_WARNED, .most = G_MAXUINT32,
		.reason = NOT_YET},
	{"linux.resources.rdma{}.hcaObjects", OCI_INTEGER, OCI_WARNED, .most = G_MAXUINT32,
		.reason = NOT_YET},
	{"linux.resources.unified", OCI_STRING_MAP, OCI_WARNED, .reason = NOT_YET},
	{NULL},
};
