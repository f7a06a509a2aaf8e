/* SPDX-License-Identifier: GPL-2.0-only */
/* Finds and makes mount points. */
#include "agent/target.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "agent/cleanup.h"

enum {
	/* As the kernel's own. */
	LINKS_MAX = 40,
};

int target_find(const char *path)
{
	const struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	AUTO_CLOSE int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd = (int)syscall(SYS_openat2, root, path, &how, sizeof how);

	/* Before Linux 5.6: the caller's root is the container's all the same. */
	if (fd < 0 && errno == ENOSYS)
		return open(path, O_PATH | O_CLOEXEC);
	return fd;
}

static int make_one(int parent, const char *name, bool is_directory)
{
	return is_directory ? mkdirat(parent, name, 0755)
			    : mknodat(parent, name, S_IFREG | 0644, 0);
}

/*
 * The path with a link that leads to nothing, parent/name, replaced by what it says; the caller
 * owns it. `rest` is what comes behind it, with its slash.
 */
static char *follow_link(int parent, const char *directory, const char *name, const char *rest)
{
	char link[PATH_MAX];
	ssize_t size = readlinkat(parent, name, link, sizeof link - 1);
	char *path;

	if (size < 0)
		return NULL;
	link[size] = '\0';
	if (asprintf(&path, "%s/%s%s", *link == '/' ? "" : directory, link, rest) < 0)
		return NULL;
	return path;
}

/*
 * Makes the first component of the path that is missing: the one up to `end`. A link in its place
 * leads to nothing yet: then *io_path is replaced by the path that it stands for.
 */
static bool make_component(char **io_path, char *end, bool is_directory)
{
	AUTO_FREE char *rest = strdup(end);
	AUTO_CLOSE int parent = -1;
	char *name;
	char *followed;

	if (rest == NULL)
		return false;
	*end = '\0';
	name = strrchr(*io_path, '/');
	*name++ = '\0';
	parent = target_find(**io_path != '\0' ? *io_path : "/");
	if (parent < 0)
		return false;
	if (make_one(parent, name, is_directory) == 0) {
		name[-1] = '/';
		strcpy(end, rest);
		return true;
	}
	if (errno != EEXIST)
		return false;
	followed = follow_link(parent, *io_path, name, rest);
	if (followed == NULL)
		return false;
	free(*io_path);
	*io_path = followed;
	return true;
}

/* The end of the first component that is not there; NULL with errno when it cannot be told. */
static char *find_missing(char *path)
{
	for (char *at = path; *at != '\0';) {
		char *end = at + strspn(at, "/");
		char kept;

		end += strcspn(end, "/");
		kept = *end;
		*end = '\0';

		AUTO_CLOSE int fd = target_find(path);
		int reason = errno;

		*end = kept;
		if (fd < 0) {
			errno = reason;
			return reason == ENOENT ? end : NULL;
		}
		at = end;
	}
	errno = ENOENT;
	return NULL;
}

int target_make(const char *path, bool is_directory, struct agent_error *error)
{
	AUTO_FREE char *at = strdup(path);
	/* Each turn makes a component, or follows a link. */
	size_t turns = strlen(path) + LINKS_MAX;
	int fd;

	for (; at != NULL && (fd = target_find(at)) < 0 && errno == ENOENT; turns--) {
		char *end = find_missing(at);

		if (turns == 0 || end == NULL ||
			!make_component(&at, end, is_directory || end[strspn(end, "/")] != '\0'))
			break;
	}
	if (at == NULL || fd < 0) {
		agent_error_errno(error, at == NULL ? ENOMEM : errno, "make the mount point");
		return -1;
	}
	return fd;
}
