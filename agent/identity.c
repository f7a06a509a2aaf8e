/* SPDX-License-Identifier: GPL-2.0-only */
/* Applies user, groups, capabilities, limits and working directory of a process. */
#include "agent/identity.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

bool identity_apply_rlimits(const struct process_spec *spec, struct agent_error *error)
{
	for (size_t i = 0; i < spec->n_rlimits; i++)
		if (setrlimit(spec->rlimits[i].resource, &spec->rlimits[i].limit) < 0)
			return agent_error_errno(error, errno, "set rlimits[%zu]", i);
	return true;
}

/* The pipes and the terminal are the process's: it may open them again, by /dev/stdout say. */
void identity_own_fds(const struct process_spec *spec, const struct id_maps *uid_maps)
{
	uid_t uid = id_maps_find(uid_maps, spec->uid);

	/* What cannot be owned (EPERM, EROFS, EINVAL) works as it is. */
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		(void)!fchown(fd, uid, (gid_t)-1);
}

static bool change_user(const struct process_spec *spec, struct agent_error *error)
{
	if (setgroups(spec->n_groups, spec->groups) < 0)
		return agent_error_errno(error, errno, "set the additional groups");
	if (setgid(spec->gid) < 0)
		return agent_error_errno(error, errno, "set the group %u", spec->gid);
	if (setuid(spec->uid) < 0)
		return agent_error_errno(error, errno, "set the user %u", spec->uid);
	return true;
}

static bool is_privileged(const struct process_spec *spec, const struct seccomp_filter *filter)
{
	return filter != NULL && !spec->no_new_privileges;
}

bool identity_take(const struct process_spec *spec, const struct seccomp_filter *filter,
	struct agent_error *error)
{
	/* Root may reach what the user may not, and the other way round on a network share. */
	bool arrived = chdir(spec->cwd) == 0;

	if (!capability_apply_bounding(&spec->capabilities, error))
		return false;
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return agent_error_errno(error, errno, "keep the capabilities");
	if (!change_user(spec, error))
		return false;
	if (!is_privileged(spec, filter) && !capability_apply(&spec->capabilities, error))
		return false;
	if (spec->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return agent_error_errno(error, errno, "set no-new-privileges");
	umask(spec->has_umask ? spec->umask : 0022);
	if (!arrived && chdir(spec->cwd) < 0)
		return agent_error_errno(error, errno, "chdir to cwd (\"%s\")", spec->cwd);
	return true;
}

bool identity_finish(const struct process_spec *spec, const struct seccomp_filter *filter,
	struct agent_error *error)
{
	if (filter == NULL)
		return true;
	if (!is_privileged(spec, filter))
		return seccomp_filter_load(filter, error);
	return capability_raise(CAP_SYS_ADMIN, error) && seccomp_filter_load(filter, error) &&
	       capability_apply(&spec->capabilities, error);
}
