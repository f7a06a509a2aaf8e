/* SPDX-License-Identifier: GPL-2.0-only */
/* Copies a directory into a new file system. */
#include "agent/copy-up.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "agent/cleanup.h"

enum {
	/* An image's directories; the stack bears it. */
	DEPTH_MAX = 64,
	CHUNK = 1 << 20,
};

static bool copy_directory(int from, int to, dev_t device, int depth, struct agent_error *error);

static bool copy_content(
	int from, int to, const char *name, const struct stat *status, struct agent_error *error)
{
	AUTO_CLOSE int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	AUTO_CLOSE int out =
		openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, status->st_mode & 07777);
	ssize_t moved = 1;

	while (in >= 0 && out >= 0 && moved > 0)
		moved = sendfile(out, in, NULL, CHUNK);
	if (in < 0 || out < 0 || moved < 0)
		return agent_error_errno(error, errno, "copy %s", name);
	return true;
}

static bool copy_link(int from, int to, const char *name, struct agent_error *error)
{
	char link[PATH_MAX];
	ssize_t size = readlinkat(from, name, link, sizeof link - 1);

	if (size >= 0) {
		link[size] = '\0';
		if (symlinkat(link, to, name) == 0)
			return true;
	}
	return agent_error_errno(error, errno, "copy the link %s", name);
}

static bool copy_inner(int from, int to, const char *name, const struct stat *status, int depth,
	struct agent_error *error)
{
	AUTO_CLOSE int in = openat(from, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int result = in < 0 ? -1 : mkdirat(to, name, 0700);
	AUTO_CLOSE int out = result < 0 ? -1 : openat(to, name, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (out < 0)
		return agent_error_errno(error, errno, "copy the directory %s", name);
	return copy_directory(in, out, status->st_dev, depth + 1, error) ||
	       agent_error_prefix(error, "%s", name);
}

/* Owner first: a change of it takes the set-user-id bit away. */
static bool copy_attributes(
	int to, const char *name, const struct stat *status, struct agent_error *error)
{
	const struct timespec times[] = {status->st_atim, status->st_mtim};

	if (fchownat(to, name, status->st_uid, status->st_gid, AT_SYMLINK_NOFOLLOW) < 0 ||
		(!S_ISLNK(status->st_mode) && fchmodat(to, name, status->st_mode & 07777, 0) < 0) ||
		utimensat(to, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return agent_error_errno(error, errno, "copy the attributes of %s", name);
	return true;
}

static bool copy_entry(
	int from, int to, const char *name, dev_t device, int depth, struct agent_error *error)
{
	struct stat status;
	bool copied;

	if (fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return agent_error_errno(error, errno, "look at %s", name);
	if (status.st_dev != device)
		return true;
	if (S_ISDIR(status.st_mode))
		copied = copy_inner(from, to, name, &status, depth, error);
	else if (S_ISREG(status.st_mode))
		copied = copy_content(from, to, name, &status, error);
	else if (S_ISLNK(status.st_mode))
		copied = copy_link(from, to, name, error);
	else
		copied = mknodat(to, name, status.st_mode, status.st_rdev) == 0 ||
			 agent_error_errno(error, errno, "copy %s", name);
	return copied && copy_attributes(to, name, &status, error);
}

static bool copy_directory(int from, int to, dev_t device, int depth, struct agent_error *error)
{
	int readable = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = readable >= 0 ? fdopendir(readable) : NULL;
	bool copied = true;

	if (directory == NULL) {
		agent_error_errno(error, errno, "read the directory");
		close_fd(&readable);
		return false;
	}
	if (depth > DEPTH_MAX)
		copied = agent_error_set(error, AGENT_CODE_FAILED, "directories too deep");
	for (struct dirent *entry; copied && (entry = readdir(directory)) != NULL;)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			copied = copy_entry(from, to, entry->d_name, device, depth, error);
	closedir(directory);
	return copied;
}

bool copy_up(int from, int to, struct agent_error *error)
{
	struct stat status;

	if (fstat(from, &status) < 0)
		return agent_error_errno(error, errno, "copy up");
	return copy_directory(from, to, status.st_dev, 0, error) ||
	       agent_error_prefix(error, "copy up");
}
