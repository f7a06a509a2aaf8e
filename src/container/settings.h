/* SPDX-License-Identifier: GPL-2.0-only */
/* What a command was told and where the runtime's own files are. Constant once main has filled it.
 */
#pragma once

#include <glib.h>

#include "vm/accel.h"
#include "vm/config.h"

struct settings {
	/* The directory of all containers' state directories. */
	const char *root;
	/* Programs: ourselves, and our own. */
	char *program_path;
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
	/* UNSET: as configured. */
	enum vm_template_mode template_mode;
	/* NULL: as configured, or else the second. */
	const char *template_directory;
	char *default_template_directory;
};
