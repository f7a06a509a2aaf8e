/* SPDX-License-Identifier: GPL-2.0-only */
/* The fields of process, in config.json and in process.json (runtime-spec, config.md, "Process").
 */
#include "oci/fields.h"

#include "oci/capabilities.h"

/* (uid_t)-1 means "unchanged" to the kernel. */
#define ID	     .most = G_MAXUINT32 - 1

#define OTHER_SYSTEM "for containers of another operating system"

static const char *const rlimits[] = {"RLIMIT_AS", "RLIMIT_CORE", "RLIMIT_CPU", "RLIMIT_DATA",
	"RLIMIT_FSIZE", "RLIMIT_LOCKS", "RLIMIT_MEMLOCK", "RLIMIT_MSGQUEUE", "RLIMIT_NICE",
	"RLIMIT_NOFILE", "RLIMIT_NPROC", "RLIMIT_RSS", "RLIMIT_RTPRIO", "RLIMIT_RTTIME",
	"RLIMIT_SIGPENDING", "RLIMIT_STACK", NULL};

static const char *const policies[] = {"SCHED_OTHER", "SCHED_FIFO", "SCHED_RR", "SCHED_BATCH",
	"SCHED_ISO", "SCHED_IDLE", "SCHED_DEADLINE", NULL};

static const char *const scheduler_flags[] = {"SCHED_FLAG_RESET_ON_FORK", "SCHED_FLAG_RECLAIM",
	"SCHED_FLAG_DL_OVERRUN", "SCHED_FLAG_KEEP_POLICY", "SCHED_FLAG_KEEP_PARAMS",
	"SCHED_FLAG_UTIL_CLAMP_MIN", "SCHED_FLAG_UTIL_CLAMP_MAX", NULL};

static const char *const io_classes[] = {
	"IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE", "IOPRIO_CLASS_IDLE", NULL};

const struct oci_field oci_fields_process[] = {
	{"process.terminal", OCI_BOOLEAN, OCI_IN_BOTH},
	{"process.consoleSize", OCI_OBJECT, OCI_IN_BOTH},
	{"process.consoleSize.height", OCI_INTEGER, OCI_IN_BOTH, .most = G_MAXUINT16},
	{"process.consoleSize.width", OCI_INTEGER, OCI_IN_BOTH, .most = G_MAXUINT16},
	{"process.cwd", OCI_STRING, OCI_IN_GUEST, .required = TRUE},
	{"process.env", OCI_STRINGS, OCI_IN_GUEST},
	{"process.args", OCI_STRINGS, OCI_IN_GUEST},
	{"process.commandLine", OCI_STRING, OCI_REFUSED, .reason = OTHER_SYSTEM},
	{"process.user", OCI_OBJECT, OCI_IN_GUEST},
	{"process.user.uid", OCI_INTEGER, OCI_IN_GUEST, ID},
	{"process.user.gid", OCI_INTEGER, OCI_IN_GUEST, ID},
	{"process.user.umask", OCI_INTEGER, OCI_IN_GUEST, .most = 0777},
	{"process.user.additionalGids", OCI_INTEGERS, OCI_IN_GUEST, ID},
	{"process.user.username", OCI_STRING, OCI_WARNED, .reason = OTHER_SYSTEM},
	{"process.capabilities", OCI_OBJECT, OCI_IN_GUEST},
	{"process.capabilities.bounding", OCI_STRINGS, OCI_IN_GUEST, .values = oci_capability_names,
		.lenient = TRUE},
	{"process.capabilities.effective", OCI_STRINGS, OCI_IN_GUEST,
		.values = oci_capability_names, .lenient = TRUE},
	{"process.capabilities.inheritable", OCI_STRINGS, OCI_IN_GUEST,
		.values = oci_capability_names, .lenient = TRUE},
	{"process.capabilities.permitted", OCI_STRINGS, OCI_IN_GUEST,
		.values = oci_capability_names, .lenient = TRUE},
	{"process.capabilities.ambient", OCI_STRINGS, OCI_IN_GUEST, .values = oci_capability_names,
		.lenient = TRUE},
	{"process.rlimits", OCI_OBJECTS, OCI_IN_GUEST},
	{"process.rlimits[].type", OCI_STRING, OCI_IN_GUEST, .required = TRUE, .values = rlimits},
	{"process.rlimits[].soft", OCI_INTEGER, OCI_IN_GUEST, .required = TRUE},
	{"process.rlimits[].hard", OCI_INTEGER, OCI_IN_GUEST, .required = TRUE},
	{"process.noNewPrivileges", OCI_BOOLEAN, OCI_IN_GUEST},
	{"process.oomScoreAdj", OCI_INTEGER, OCI_IN_GUEST, .least = -1000, .most = 1000},
	{"process.apparmorProfile", OCI_STRING, OCI_WARNED,
		.reason = "the guest's kernel has no AppArmor"},
	{"process.selinuxLabel", OCI_STRING, OCI_WARNED,
		.reason = "the guest's kernel has no SELinux"},
	{"process.scheduler", OCI_OBJECT, OCI_IN_GUEST},
	{"process.scheduler.policy", OCI_STRING, OCI_IN_GUEST, .required = TRUE,
		.values = policies},
	{"process.scheduler.nice", OCI_INTEGER, OCI_IN_GUEST, .least = -20, .most = 19},
	{"process.scheduler.priority", OCI_INTEGER, OCI_IN_GUEST, .most = 99},
	{"process.scheduler.flags", OCI_STRINGS, OCI_IN_GUEST, .values = scheduler_flags},
	{"process.scheduler.runtime", OCI_INTEGER, OCI_IN_GUEST, .most = G_MAXINT64},
	{"process.scheduler.deadline", OCI_INTEGER, OCI_IN_GUEST, .most = G_MAXINT64},
	{"process.scheduler.period", OCI_INTEGER, OCI_IN_GUEST, .most = G_MAXINT64},
	{"process.ioPriority", OCI_OBJECT, OCI_IN_GUEST},
	{"process.ioPriority.class", OCI_STRING, OCI_IN_GUEST, .required = TRUE,
		.values = io_classes},
	{"process.ioPriority.priority", OCI_INTEGER, OCI_IN_GUEST, .most = 7},
	{"process.execCPUAffinity", OCI_OBJECT, OCI_IN_GUEST},
	{"process.execCPUAffinity.initial", OCI_STRING, OCI_IN_GUEST},
	{"process.execCPUAffinity.final", OCI_STRING, OCI_IN_GUEST},
	{NULL},
};
