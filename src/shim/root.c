/* SPDX-License-Identifier: GPL-2.0-only */
/* Changes the root of the shim. */
#include "shim/root.h"

#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A descriptor is of the old namespace's mounts, of which nothing can be bound in the new one. */
static bool find_path(int directory, char *out_path, size_t size)
{
	char link[32];
	ssize_t length;

	snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
	length = readlink(link, out_path, size - 1);
	if (length < 0)
		return false;
	out_path[length] = '\0';
	return true;
}

static bool change_root(const char *path)
{
	/* What the host unmounts goes here too; nothing of ours goes there. */
	return mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) == 0 &&
	       mount(path, path, NULL, MS_BIND | MS_REC, NULL) == 0 && chdir(path) == 0 &&
	       /* The old root comes to lie on top of the new one, and is taken off. */
	       syscall(SYS_pivot_root, ".", ".") == 0 && umount2(".", MNT_DETACH) == 0;
}

bool root_enter(int directory)
{
	struct stat status;
	char path[PATH_MAX];

	if (fstat(directory, &status) < 0 || !S_ISDIR(status.st_mode))
		return true;

	bool found = find_path(directory, path, sizeof path);

	close(directory);
	/* Without the right to it: then an engine has no right to enter it either. */
	return !found || unshare(CLONE_NEWNS) < 0 || change_root(path);
}
