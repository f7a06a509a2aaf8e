/* SPDX-License-Identifier: GPL-2.0-only */
/* The fields of linux.seccomp (runtime-spec, config-linux.md, "Seccomp"). */
#include "oci/fields.h"

#define NO_LISTENER "no descriptor of the guest can be passed to a listener on the host"

enum {
	/* MAX_ERRNO of Linux. */
	ERRNO_MAX = 4095,
	/* A system call has six arguments. */
	ARGUMENT_MAX = 5,
};

static const char *const actions[] = {"SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS",
	"SCMP_ACT_KILL_THREAD", "SCMP_ACT_TRAP", "SCMP_ACT_ERRNO", "SCMP_ACT_TRACE",
	"SCMP_ACT_ALLOW", "SCMP_ACT_LOG", NULL};

static const char *const architectures[] = {"SCMP_ARCH_X86", "SCMP_ARCH_X86_64", "SCMP_ARCH_X32",
	"SCMP_ARCH_ARM", "SCMP_ARCH_AARCH64", "SCMP_ARCH_MIPS", "SCMP_ARCH_MIPS64",
	"SCMP_ARCH_MIPS64N32", "SCMP_ARCH_MIPSEL", "SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL64N32",
	"SCMP_ARCH_PPC", "SCMP_ARCH_PPC64", "SCMP_ARCH_PPC64LE", "SCMP_ARCH_S390",
	"SCMP_ARCH_S390X", "SCMP_ARCH_PARISC", "SCMP_ARCH_PARISC64", "SCMP_ARCH_RISCV64",
	"SCMP_ARCH_LOONGARCH64", "SCMP_ARCH_M68K", "SCMP_ARCH_SH", "SCMP_ARCH_SHEB", NULL};

static const char *const flags[] = {"SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG",
	"SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", NULL};

static const char *const operators[] = {"SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE", "SCMP_CMP_EQ",
	"SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_MASKED_EQ", NULL};

const struct oci_field oci_fields_seccomp[] = {
	{"linux.seccomp", OCI_OBJECT, OCI_IN_GUEST},
	{"linux.seccomp.defaultAction", OCI_STRING, OCI_IN_GUEST, .required = TRUE,
		.values = actions},
	{"linux.seccomp.defaultErrnoRet", OCI_INTEGER, OCI_IN_GUEST, .most = ERRNO_MAX},
	{"linux.seccomp.architectures", OCI_STRINGS, OCI_IN_GUEST, .values = architectures},
	{"linux.seccomp.flags", OCI_STRINGS, OCI_IN_GUEST, .values = flags},
	{"linux.seccomp.listenerPath", OCI_STRING, OCI_REFUSED, .reason = NO_LISTENER},
	{"linux.seccomp.listenerMetadata", OCI_STRING, OCI_REFUSED, .reason = NO_LISTENER},
	{"linux.seccomp.syscalls", OCI_OBJECTS, OCI_IN_GUEST},
	{"linux.seccomp.syscalls[].names", OCI_STRINGS, OCI_IN_GUEST, .required = TRUE},
	{"linux.seccomp.syscalls[].action", OCI_STRING, OCI_IN_GUEST, .required = TRUE,
		.values = actions},
	{"linux.seccomp.syscalls[].errnoRet", OCI_INTEGER, OCI_IN_GUEST, .most = ERRNO_MAX},
	{"linux.seccomp.syscalls[].args", OCI_OBJECTS, OCI_IN_GUEST},
	{"linux.seccomp.syscalls[].args[].index", OCI_INTEGER, OCI_IN_GUEST, .most = ARGUMENT_MAX,
		.required = TRUE},
	{"linux.seccomp.syscalls[].args[].value", OCI_INTEGER, OCI_IN_GUEST, .required = TRUE},
	{"linux.seccomp.syscalls[].args[].valueTwo", OCI_INTEGER, OCI_IN_GUEST},
	{"linux.seccomp.syscalls[].args[].op", OCI_STRING, OCI_IN_GUEST, .required = TRUE,
		.values = operators},
	{NULL},
};
