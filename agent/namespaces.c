/* SPDX-License-Identifier: GPL-2.0-only */
/* Makes and joins namespaces. */
#include "agent/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/cleanup.h"
#include "agent/file.h"

/* The mount namespace last, it hides /proc. */
static const struct {
	const char *name;
	int flag;
} joined_namespaces[] = {
	{"cgroup", CLONE_NEWCGROUP},
	{"ipc", CLONE_NEWIPC},
	{"uts", CLONE_NEWUTS},
	{"time", CLONE_NEWTIME},
	{"mnt", CLONE_NEWNS},
};

#define N_JOINED (sizeof joined_namespaces / sizeof *joined_namespaces)

/* The offsets can be written until somebody is in it; unshare(2) makes it for children alone. */
static bool make_time(const struct container_spec *spec, struct agent_error *error)
{
	AUTO_CLOSE int fd = -1;

	if (!(spec->namespaces & CLONE_NEWTIME))
		return true;
	if (unshare(CLONE_NEWTIME) < 0)
		return agent_error_errno(error, errno, "make a time namespace");
	for (size_t i = 0; i < spec->n_time_offsets; i++) {
		const struct spec_time_offset *offset = &spec->time_offsets[i];
		char line[80];

		snprintf(line, sizeof line, "%s %lld %lld\n", offset->clock,
			(long long)offset->seconds, (long long)offset->nanoseconds);
		if (!file_write("/proc/self/timens_offsets", line, error))
			return agent_error_prefix(error, "timeOffsets.%s", offset->clock);
	}
	fd = open("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWTIME) < 0)
		return agent_error_errno(error, errno, "enter the time namespace");
	return true;
}

static bool set_names(const struct container_spec *spec, struct agent_error *error)
{
	if (!(spec->namespaces & CLONE_NEWUTS))
		return true;
	if (spec->hostname != NULL && sethostname(spec->hostname, strlen(spec->hostname)) < 0)
		return agent_error_errno(error, errno, "set the host name");
	if (spec->domainname != NULL &&
		setdomainname(spec->domainname, strlen(spec->domainname)) < 0)
		return agent_error_errno(error, errno, "set the domain name");
	return true;
}

/* Those of other containers of the pod; the pid namespace is entered by being born into it. */
static bool join_others(const struct container_spec *spec, struct agent_error *error)
{
	for (size_t i = 0; i < spec->n_joins; i++) {
		const struct spec_join *join = &spec->joins[i];
		char path[64];

		if (join->flag == CLONE_NEWPID)
			continue;
		snprintf(path, sizeof path, "/proc/%d/ns/%s", join->pid, join->name);

		AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);

		if (fd < 0 || setns(fd, join->flag) < 0)
			return agent_error_errno(error, errno, "join the %s namespace of \"%s\"",
				join->name, join->container);
	}
	return true;
}

bool namespaces_make(const struct container_spec *spec, struct agent_error *error)
{
	if (spec->namespaces & CLONE_NEWCGROUP && unshare(CLONE_NEWCGROUP) < 0)
		return agent_error_errno(error, errno, "make a cgroup namespace");
	return join_others(spec, error) && make_time(spec, error) && set_names(spec, error);
}

static int open_namespace(pid_t init, const char *name, struct agent_error *error)
{
	char path[64];
	int fd;

	snprintf(path, sizeof path, "/proc/%d/ns/%s", init, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		agent_error_errno(error, errno, "open %s", path);
	return fd;
}

bool namespaces_join(
	const struct container_spec *spec, pid_t init, int *out_user, struct agent_error *error)
{
	int fds[N_JOINED];

	*out_user = -1;
	if (spec->namespaces & CLONE_NEWUSER &&
		(*out_user = open_namespace(init, "user", error)) < 0)
		return false;
	for (size_t i = 0; i < N_JOINED; i++) {
		fds[i] = -1;
		/* A kernel may have no time namespaces. */
		if (joined_namespaces[i].flag & ~spec->namespaces & CLONE_NEWTIME)
			continue;
		fds[i] = open_namespace(init, joined_namespaces[i].name, error);
		if (fds[i] < 0)
			return false;
	}
	for (size_t i = 0; i < N_JOINED; i++) {
		if (fds[i] >= 0 && setns(fds[i], joined_namespaces[i].flag) < 0)
			return agent_error_errno(
				error, errno, "join the %s namespace", joined_namespaces[i].name);
		close_fd(&fds[i]);
	}
	return true;
}

bool namespaces_join_user(int user, struct agent_error *error)
{
	if (user >= 0 && setns(user, CLONE_NEWUSER) < 0)
		return agent_error_errno(error, errno, "join the user namespace");
	return true;
}
