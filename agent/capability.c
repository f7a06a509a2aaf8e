/* SPDX-License-Identifier: GPL-2.0-only */
/* Names, looks up and sets capabilities with raw system calls: no libcap in the guest. */
#include "agent/capability.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* By number (linux/capability.h). */
static const char *const names[] = {
	"CAP_CHOWN",
	"CAP_DAC_OVERRIDE",
	"CAP_DAC_READ_SEARCH",
	"CAP_FOWNER",
	"CAP_FSETID",
	"CAP_KILL",
	"CAP_SETGID",
	"CAP_SETUID",
	"CAP_SETPCAP",
	"CAP_LINUX_IMMUTABLE",
	"CAP_NET_BIND_SERVICE",
	"CAP_NET_BROADCAST",
	"CAP_NET_ADMIN",
	"CAP_NET_RAW",
	"CAP_IPC_LOCK",
	"CAP_IPC_OWNER",
	"CAP_SYS_MODULE",
	"CAP_SYS_RAWIO",
	"CAP_SYS_CHROOT",
	"CAP_SYS_PTRACE",
	"CAP_SYS_PACCT",
	"CAP_SYS_ADMIN",
	"CAP_SYS_BOOT",
	"CAP_SYS_NICE",
	"CAP_SYS_RESOURCE",
	"CAP_SYS_TIME",
	"CAP_SYS_TTY_CONFIG",
	"CAP_MKNOD",
	"CAP_LEASE",
	"CAP_AUDIT_WRITE",
	"CAP_AUDIT_CONTROL",
	"CAP_SETFCAP",
	"CAP_MAC_OVERRIDE",
	"CAP_MAC_ADMIN",
	"CAP_SYSLOG",
	"CAP_WAKE_ALARM",
	"CAP_BLOCK_SUSPEND",
	"CAP_AUDIT_READ",
	"CAP_PERFMON",
	"CAP_BPF",
	"CAP_CHECKPOINT_RESTORE",
};

#define N_NAMES (sizeof names / sizeof *names)

int capability_by_name(const char *name)
{
	for (size_t i = 0; i < N_NAMES; i++)
		if (strcmp(names[i], name) == 0)
			return (int)i;
	return -1;
}

const char *capability_name(unsigned number)
{
	return number < N_NAMES ? names[number] : NULL;
}

bool capability_apply_bounding(const struct capability_sets *sets, struct agent_error *error)
{
	/* The kernel's last capability may be older or newer than the table's: EINVAL ends it. */
	for (unsigned i = 0; i < 64; i++) {
		if (sets->bounding & UINT64_C(1) << i)
			continue;
		if (prctl(PR_CAPBSET_DROP, i, 0, 0, 0) == 0)
			continue;
		if (errno == EINVAL)
			break;
		return agent_error_errno(error, errno, "drop capability %u", i);
	}
	return true;
}

/* The ambient set can only hold what is permitted and inheritable (capabilities(7)). */
static bool apply_ambient(const struct capability_sets *sets, struct agent_error *error)
{
	uint64_t ambient = sets->ambient & sets->permitted & sets->inheritable;

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return agent_error_errno(error, errno, "clear the ambient capabilities");
	for (unsigned i = 0; i < N_NAMES; i++) {
		if (!(ambient & UINT64_C(1) << i))
			continue;
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0) < 0)
			return agent_error_errno(error, errno, "raise %s", names[i]);
	}
	return true;
}

bool capability_apply(const struct capability_sets *sets, struct agent_error *error)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	for (unsigned i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		data[i].effective = (uint32_t)(sets->effective >> 32 * i);
		data[i].permitted = (uint32_t)(sets->permitted >> 32 * i);
		data[i].inheritable = (uint32_t)(sets->inheritable >> 32 * i);
	}
	if (syscall(SYS_capset, &header, data) < 0)
		return agent_error_errno(error, errno, "set the capabilities");
	return apply_ambient(sets, error);
}

bool capability_raise(unsigned number, struct agent_error *error)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data) < 0)
		return agent_error_errno(error, errno, "ask for the capabilities");
	data[number / 32].effective |= data[number / 32].permitted & UINT32_C(1) << number % 32;
	if (syscall(SYS_capset, &header, data) < 0)
		return agent_error_errno(error, errno, "raise %s", capability_name(number));
	return true;
}
