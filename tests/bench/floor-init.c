/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The init of the bare guest that tests/bench/start compares with: nothing but what any agent has
 * to do. It loads the initramfs's modules, finds its port and says R; then obeys single bytes: P is
 * answered by p, and G runs the rootfs's /bin/true in namespaces of its own, answered by D.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/hypervisor.h"

#define SHARE_OPTIONS "trans=virtio,version=9p2000.L,msize=512000,cache=mmap"
#define NAMESPACES    (CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET)

/* A kernel with everything built in has none to load. */
static void load_modules(void)
{
	FILE *order = fopen("/modules/order", "re");
	char path[256];

	while (order != NULL && fgets(path, sizeof path, order) != NULL) {
		path[strcspn(path, "\n")] = '\0';

		int fd = open(path, O_RDONLY | O_CLOEXEC);
		long result = syscall(SYS_finit_module, fd, "", 0);

		close(fd);
		if (result < 0 && errno == ENOSYS)
			break;
	}
}

static int open_port(const char *wanted)
{
	glob_t found = {.gl_pathc = 0};
	int port = -1;

	if (glob("/sys/class/virtio-ports/*/name", 0, NULL, &found) != 0)
		return -1;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		char name[64] = "";
		char device[64];
		FILE *file = fopen(found.gl_pathv[i], "re");

		if (file != NULL && fgets(name, sizeof name, file) != NULL &&
			strncmp(name, wanted, strlen(wanted)) == 0 &&
			sscanf(found.gl_pathv[i], "/sys/class/virtio-ports/%31[^/]", name) == 1) {
			snprintf(device, sizeof device, "/dev/%.31s", name);
			port = open(device, O_RDWR | O_CLOEXEC);
		}
		if (file != NULL)
			fclose(file);
	}
	globfree(&found);
	return port;
}

static void run_true(void)
{
	static char *const arguments[] = {"true", NULL};

	if (mount(AGENT_SHARE_TAG, "/mnt", "9p", MS_NODEV, SHARE_OPTIONS) < 0 ||
		unshare(NAMESPACES) < 0)
		perror("floor-init");

	pid_t pid = fork();

	if (pid == 0) {
		if (chroot("/mnt/rootfs") < 0 || chdir("/") < 0)
			perror("floor-init");
		execv("/bin/true", arguments);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
}

int main(void)
{
	int port;
	char byte;

	mkdir("/dev", 0755);
	mkdir("/sys", 0755);
	mkdir("/mnt", 0755);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	load_modules();
	while ((port = open_port(AGENT_PORT_CONTROL)) < 0)
		usleep(1000);
	(void)!write(port, "R", 1);
	while (read(port, &byte, 1) == 1) {
		if (byte == 'G')
			run_true();
		(void)!write(port, byte == 'G' ? "D" : "p", 1);
	}
	return 1;
}
