/* SPDX-License-Identifier: GPL-2.0-only */
/* Mounts the kernel's file systems, loads modules. */
#include "agent/boot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "agent/cleanup.h"
#include "agent/file.h"
#include "agent/log.h"

#define MODULES_ORDER "/modules/order"

static const struct {
	const char *target;
	const char *type;
	unsigned long flags;
	const char *data;
} boot_mounts[] = {
	{"/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL},
	{"/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL},
	{"/dev", "devtmpfs", MS_NOSUID | MS_NOEXEC, "mode=755"},
	{"/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755"},
	{CGROUP_DIRECTORY, "cgroup2", MS_NOSUID | MS_NODEV | MS_NOEXEC, "nsdelegate"},
};

/*
 * pivot_root(2) refuses to replace the initramfs: its mount has no parent. A bind mount of it,
 * moved on top of it, has one, and every container's mount namespace starts as a copy of that.
 */
static bool cover_root(struct agent_error *error)
{
	if (mkdir("/root", 0700) < 0 && errno != EEXIST)
		return agent_error_errno(error, errno, "make /root");
	if (mount("/", "/root", NULL, MS_BIND, NULL) < 0 || chdir("/root") < 0 ||
		mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 || chdir("/") < 0)
		return agent_error_errno(error, errno, "cover the initial root");
	return true;
}

static bool mount_all(struct agent_error *error)
{
	for (size_t i = 0; i < sizeof boot_mounts / sizeof *boot_mounts; i++) {
		const char *target = boot_mounts[i].target;
		const char *type = boot_mounts[i].type;
		int result = path_make_directories(target, 0755);

		if (result != 0)
			return agent_error_errno(error, result, "make %s", target);
		/* A kernel with CONFIG_DEVTMPFS_MOUNT has done one of them: EBUSY. */
		if (mount(type, target, type, boot_mounts[i].flags, boot_mounts[i].data) < 0 &&
			errno != EBUSY)
			return agent_error_errno(error, errno, "mount %s on %s", type, target);
	}
	return true;
}

/* A kernel without a console starts init without descriptors: 0 to 2 must be taken all the same. */
static bool hold_standard_fds(struct agent_error *error)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_NOCTTY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd < 0)
		return agent_error_errno(error, errno, "open /dev/null");
	close(fd);
	return true;
}

/* Lets the cgroups below the root have each controller that the kernel has. */
static bool enable_controllers(struct agent_error *error)
{
	char controllers[256];

	if (!file_read(
		    CGROUP_DIRECTORY "/cgroup.controllers", controllers, sizeof controllers, error))
		return false;
	for (char *rest, *name = strtok_r(controllers, " \n", &rest); name != NULL;
		name = strtok_r(NULL, " \n", &rest)) {
		char enable[sizeof controllers + 1];
		struct agent_error refused;

		snprintf(enable, sizeof enable, "+%s", name);
		/* One that cannot be had is one less: limits are another request's business. */
		if (!file_write(CGROUP_DIRECTORY "/cgroup.subtree_control", enable, &refused))
			agent_log("%s", refused.text);
	}
	return true;
}

bool boot_prepare(struct agent_error *error)
{
	umask(0022);
	return cover_root(error) && mount_all(error) && hold_standard_fds(error) &&
	       enable_controllers(error);
}

/* False: this kernel loads no modules, all is built in. */
static bool load_module(const char *path)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && (syscall(SYS_finit_module, fd, "", 0) == 0 || errno == EEXIST))
		return true;
	if (fd >= 0 && errno == ENOSYS)
		return false;
	agent_log("load the module %s: %s", path, strerror(errno));
	return true;
}

void boot_load_modules(void)
{
	FILE *order = fopen(MODULES_ORDER, "re");
	char path[256];

	if (order == NULL)
		return;
	while (fgets(path, sizeof path, order) != NULL) {
		path[strcspn(path, "\n")] = '\0';
		if (path[0] != '\0' && path[0] != '#' && !load_module(path))
			break;
	}
	fclose(order);
}

_Noreturn void boot_end(void)
{
	sync();
	reboot(RB_AUTOBOOT);
	/* Never reached as PID 1; an exit of PID 1 is a panic, which ends the VM as well. */
	_exit(1);
}
