/* SPDX-License-Identifier: GPL-2.0-only */
/* Makes, changes and attaches mounts. */
#include "agent/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include "agent/cleanup.h"

int mount_pick_up(const char *path, bool recursive, struct agent_error *error)
{
	unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0);
	int tree = (int)syscall(SYS_open_tree, AT_FDCWD, path, flags);

	if (tree < 0)
		agent_error_errno(error, errno, "pick up %s", path);
	return tree;
}

bool mount_is_late_read_only(const struct spec_mount *mount)
{
	return strcmp(mount->type, "tmpfs") == 0 && mount->options.own.set & MOUNT_ATTR_RDONLY;
}

/* Ids in the data are the container's: the file system wants those of the guest. */
static bool map_id(
	const struct container_spec *spec, const char *key, char **value, struct agent_error *error)
{
	bool is_user = strcmp(key, "uid") == 0;
	char *end;
	unsigned long id;

	if (spec->uid_maps.n == 0 || (!is_user && strcmp(key, "gid") != 0))
		return true;
	errno = 0;
	id = strtoul(*value, &end, 10);
	if (errno != 0 || *end != '\0' || end == *value)
		return agent_error_set(error, AGENT_CODE_FAILED, "%s=%s: not an id", key, *value);
	free(*value);
	if (asprintf(value, "%u",
		    id_maps_find(is_user ? &spec->uid_maps : &spec->gid_maps, (uint32_t)id)) < 0)
		return agent_error_errno(error, ENOMEM, "%s", key);
	return true;
}

/* "key=value" or "key". */
static bool configure_word(
	const struct container_spec *spec, int fs, const char *word, struct agent_error *error)
{
	AUTO_FREE char *key = strdup(word);
	AUTO_FREE char *value = NULL;
	char *equals = key != NULL ? strchr(key, '=') : NULL;
	long result;

	if (equals != NULL) {
		*equals = '\0';
		value = strdup(equals + 1);
		if (value != NULL && !map_id(spec, key, &value, error))
			return false;
	}
	if (key == NULL || (equals != NULL && value == NULL))
		return agent_error_set(error, AGENT_CODE_FAILED, "out of memory");
	result = syscall(SYS_fsconfig, fs, value != NULL ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG,
		key, value, 0);
	return result == 0 || agent_error_errno(error, errno, "option %s", word);
}

/* The root of a tmpfs is the container's root's, unless the config says whose it is. */
static bool configure_owner(const struct container_spec *spec, const struct spec_mount *mount,
	int fs, struct agent_error *error)
{
	return spec->uid_maps.n == 0 || strcmp(mount->type, "tmpfs") != 0 ||
	       (configure_word(spec, fs, "uid=0", error) &&
		       configure_word(spec, fs, "gid=0", error));
}

static bool configure(const struct container_spec *spec, const struct spec_mount *mount, int fs,
	struct agent_error *error)
{
	AUTO_FREE char *data = NULL;

	if (!configure_owner(spec, mount, fs, error))
		return false;
	/* There is one hierarchy in the guest, whatever the config was written for. */
	if (mount->options.data == NULL || strcmp(mount->type, "cgroup") == 0)
		return true;
	data = strdup(mount->options.data);
	if (data == NULL)
		return agent_error_set(error, AGENT_CODE_FAILED, "out of memory");
	for (char *rest, *word = strtok_r(data, ",", &rest); word != NULL;
		word = strtok_r(NULL, ",", &rest))
		if (!configure_word(spec, fs, word, error))
			return false;
	return true;
}

int mount_make(const struct container_spec *spec, const struct spec_mount *mount,
	struct agent_error *error)
{
	const char *type = strcmp(mount->type, "cgroup") == 0 ? "cgroup2" : mount->type;
	const char *source = *mount->source != '\0' ? mount->source : type;
	unsigned attributes = (unsigned)mount->options.own.set;
	AUTO_CLOSE int fs = (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);
	int tree = -1;

	if (mount_is_late_read_only(mount))
		attributes &= ~(unsigned)MOUNT_ATTR_RDONLY;
	if (fs < 0) {
		agent_error_errno(error, errno, "type %s", type);
		return -1;
	}
	/* What a file system calls its source is of no consequence to it. */
	syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "source", source, 0);
	if (!configure(spec, mount, fs, error))
		return -1;
	if (syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		tree = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, attributes);
	if (tree < 0)
		agent_error_errno(error, errno, "type %s", type);
	return tree;
}

static bool set_attributes(int tree, const struct mount_attr *attributes, unsigned flags,
	const char *what, struct agent_error *error)
{
	if (syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | flags, attributes,
		    sizeof *attributes) < 0)
		return agent_error_errno(error, errno, "%s", what);
	return true;
}

static bool apply_change(
	int tree, const struct mount_change *change, unsigned flags, struct agent_error *error)
{
	const struct mount_attr attributes = {.attr_set = change->set, .attr_clr = change->clear};

	return (change->set == 0 && change->clear == 0) ||
	       set_attributes(tree, &attributes, flags, "set the options", error);
}

bool mount_change(int tree, const struct mount_options *options, struct agent_error *error)
{
	return apply_change(tree, &options->all, AT_RECURSIVE, error) &&
	       apply_change(tree, &options->own, 0, error);
}

bool mount_propagate(int tree, unsigned long propagation, struct agent_error *error)
{
	const struct mount_attr attributes = {.propagation = propagation & ~(unsigned long)MS_REC};

	return propagation == 0 ||
	       set_attributes(tree, &attributes, propagation & MS_REC ? AT_RECURSIVE : 0,
		       "set the propagation", error);
}

bool mount_make_read_only(int tree, struct agent_error *error)
{
	const struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY};

	return set_attributes(tree, &attributes, 0, "make it read-only", error);
}

bool mount_attach(int tree, int target, struct agent_error *error)
{
	if (syscall(SYS_move_mount, tree, "", target, "",
		    MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return agent_error_errno(error, errno, "attach");
	return true;
}
