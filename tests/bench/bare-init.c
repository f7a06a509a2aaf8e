/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The init of the bare guest that tests/bench/start compares with: loads the initramfs's modules as
 * the agent does, and powers off.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

static void load_modules(void)
{
	char path[256];
	FILE *order = fopen("/modules/order", "re");

	while (order != NULL && fgets(path, sizeof path, order) != NULL) {
		path[strcspn(path, "\n")] = '\0';

		int fd = open(path, O_RDONLY | O_CLOEXEC);

		if (fd < 0 || syscall(SYS_finit_module, fd, "", 0) < 0)
			perror(path);
		close(fd);
	}
}

int main(void)
{
	if (mount("devtmpfs", "/dev", "devtmpfs", 0, NULL) < 0)
		perror("/dev");
	load_modules();
	return reboot(RB_AUTOBOOT);
}
