/* SPDX-License-Identifier: GPL-2.0-only */
/* What a command was told and where the runtime's own files are. Constant once main has filled it.
 */
#pragma once

#include <glib.h>

#include "vm/accel.h"

struct settings {
	/* The directory of all containers' state directories. */
	const char *root;
	/* Programs. */
	char *proxy_path;
	char *shim_path;
	/* Where vm.json and hypervisor.args are looked for, after the bundle. */
	char *sysconf_directory;
	char *defaults_directory;
	/* Where hypervisor.log and console.log go: this directory's ID/; NULL: the state directory.
	 */
	const char *hypervisor_log_directory;
	/* Cgroups are systemd's to make. */
	gboolean systemd_cgroup;
	/* AUTO: as configured. */
	enum vm_accel accel;
	/* Milliseconds; 0: as configured. */
	gint64 agent_timeout;
};
