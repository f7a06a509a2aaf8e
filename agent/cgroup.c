/* SPDX-License-Identifier: GPL-2.0-only */
/* cgroup v2 by its files (Documentation/admin-guide/cgroup-v2.rst). */
#include "agent/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/cleanup.h"
#include "agent/file.h"

/* A container can make cgroups in its own: so deep are they followed. */
#define DEPTH_MAX 32

bool cgroup_make(const char *path, struct agent_error *error)
{
	if (mkdir(path, 0755) < 0)
		return agent_error_errno(error, errno, "make the cgroup %s", path);
	return true;
}

/* Calls act on each cgroup, the deepest first. The first failure stays, and the rest is tried. */
static bool walk(int parent, const char *name, int depth,
	bool (*act)(int parent, const char *name, int argument), int argument)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
	bool done = true;

	if (directory == NULL) {
		close_fd(&fd);
		return false;
	}
	for (const struct dirent *entry; (entry = readdir(directory)) != NULL;)
		if (entry->d_type == DT_DIR && path_is_name(entry->d_name) && depth < DEPTH_MAX)
			done &= walk(fd, entry->d_name, depth + 1, act, argument);
	closedir(directory);
	return act(parent, name, argument) && done;
}

/* Signals what cgroup.procs lists. */
static bool signal_members(int parent, const char *name, int signal)
{
	AUTO_FREE char *path = NULL;
	FILE *procs;
	int fd;
	int pid;

	if (asprintf(&path, "%s/cgroup.procs", name) < 0)
		return false;
	fd = openat(parent, path, O_RDONLY | O_CLOEXEC);
	procs = fd >= 0 ? fdopen(fd, "r") : NULL;
	if (procs == NULL) {
		close_fd(&fd);
		return false;
	}
	/* 0 is a process that this pid namespace cannot see. */
	while (fscanf(procs, "%d", &pid) == 1)
		if (pid > 0)
			kill(pid, signal);
	fclose(procs);
	return true;
}

bool cgroup_signal(const char *path, int signal, struct agent_error *error)
{
	AUTO_FREE char *kill_all = NULL;
	struct agent_error ignored;

	if (asprintf(&kill_all, "%s/cgroup.kill", path) < 0)
		return agent_error_set(error, AGENT_CODE_FAILED, "out of memory");
	/* Since Linux 5.14; it cannot be outrun by forks. */
	if (signal == SIGKILL && file_write(kill_all, "1", &ignored))
		return true;
	if (!walk(AT_FDCWD, path, 0, signal_members, signal))
		return agent_error_errno(error, errno, "signal the cgroup %s", path);
	return true;
}

int cgroup_watch(const char *path, struct agent_error *error)
{
	AUTO_FREE char *events = NULL;
	int fd;

	if (asprintf(&events, "%s/cgroup.events", path) < 0) {
		agent_error_set(error, AGENT_CODE_FAILED, "out of memory");
		return -1;
	}
	fd = open(events, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		agent_error_errno(error, errno, "open %s", events);
	return fd;
}

/* The line "KEY NUMBER" of a file that is open; 0 without. */
static uint64_t read_counter(int fd, const char *key)
{
	char text[512];
	ssize_t got = pread(fd, text, sizeof text - 1, 0);
	size_t length = strlen(key);

	/* A cgroup that has been removed (ENODEV) is empty. */
	if (got < 0)
		return 0;
	text[got] = '\0';
	for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, length) == 0 && line[length] == ' ')
			return strtoull(line + length, NULL, 10);
	}
	return 0;
}

bool cgroup_is_populated(int watch)
{
	return read_counter(watch, "populated") != 0;
}

bool cgroup_is_frozen(int watch)
{
	return read_counter(watch, "frozen") != 0;
}

bool cgroup_freeze(const char *path, bool freeze, struct agent_error *error)
{
	AUTO_FREE char *file = NULL;

	if (asprintf(&file, "%s/cgroup.freeze", path) < 0)
		return agent_error_set(error, AGENT_CODE_FAILED, "out of memory");
	return file_write(file, freeze ? "1" : "0", error);
}

int cgroup_watch_memory(const char *path)
{
	AUTO_FREE char *file = NULL;

	if (asprintf(&file, "%s/memory.events", path) < 0)
		return -1;
	return open(file, O_RDONLY | O_CLOEXEC);
}

uint64_t cgroup_oom_kills(int watch)
{
	return read_counter(watch, "oom_kill");
}

static bool remove_one(int parent, const char *name, int ignored)
{
	(void)ignored;
	return unlinkat(parent, name, AT_REMOVEDIR) == 0;
}

bool cgroup_remove(const char *path)
{
	return walk(AT_FDCWD, path, 0, remove_one, 0);
}
