/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads and writes small files, makes directories, judges paths. */
#include "agent/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/cleanup.h"

bool file_write(const char *path, const char *text, struct agent_error *error)
{
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return agent_error_errno(error, errno, "open %s", path);
	if (write(fd, text, strlen(text)) < 0)
		return agent_error_errno(error, errno, "write \"%s\" to %s", text, path);
	return true;
}

bool file_read(const char *path, char *out, size_t size, struct agent_error *error)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return agent_error_errno(error, errno, "open %s", path);

	ssize_t got = read(fd, out, size - 1);

	if (got < 0)
		return agent_error_errno(error, errno, "read %s", path);
	out[got] = '\0';
	return true;
}

/* Makes all directories of the path up to the slash at `end`, which it may write to. */
static int make_parents(char *path, mode_t mode)
{
	for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';

		int result = mkdir(path, mode) == 0 || errno == EEXIST ? 0 : errno;

		*slash = '/';
		if (result != 0)
			return result;
	}
	return 0;
}

int path_make_directories(const char *path, mode_t mode)
{
	/* The usual case costs one call. */
	if (access(path, F_OK) == 0)
		return 0;

	AUTO_FREE char *copy = strdup(path);

	if (copy == NULL)
		return ENOMEM;

	int result = make_parents(copy, mode);

	if (result != 0)
		return result;
	return mkdir(copy, mode) == 0 || errno == EEXIST ? 0 : errno;
}

int path_make_file(const char *path, mode_t mode)
{
	if (access(path, F_OK) == 0)
		return 0;

	AUTO_FREE char *copy = strdup(path);

	if (copy == NULL)
		return ENOMEM;

	int result = make_parents(copy, 0755);

	if (result != 0)
		return result;

	AUTO_CLOSE int fd = open(copy, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, mode);

	return fd >= 0 ? 0 : errno;
}

bool path_is_below(const char *path)
{
	if (*path == '\0' || *path == '/')
		return false;
	for (const char *part = path; *part != '\0';) {
		size_t length = strcspn(part, "/");

		if (length == 2 && strncmp(part, "..", 2) == 0)
			return false;
		part += length;
		part += strspn(part, "/");
	}
	return true;
}

bool path_is_name(const char *name)
{
	return *name != '\0' && strchr(name, '/') == NULL && strcmp(name, ".") != 0 &&
	       strcmp(name, "..") != 0;
}
