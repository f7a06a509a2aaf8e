/* SPDX-License-Identifier: GPL-2.0-only */
/* Opens descriptors anew. */
#include "shim/nonblock.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum nonblock_kind nonblock_take(int fd, int mode)
{
	struct stat status;
	char path[32];
	int own;

	if (fstat(fd, &status) < 0)
		return NONBLOCK_CLOSED;
	if (S_ISSOCK(status.st_mode))
		return NONBLOCK_SOCKET;
	if (!S_ISFIFO(status.st_mode) && !S_ISCHR(status.st_mode))
		return NONBLOCK_NOT;
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	own = open(path, mode | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (own < 0)
		return NONBLOCK_SHARED;
	dup2(own, fd);
	close(own);
	return NONBLOCK_REOPENED;
}
