/* SPDX-License-Identifier: GPL-2.0-only */
/* Parses mount options by tables. */
#include "agent/mount-options.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

/* linux/mount.h, which cannot be included beside sys/mount.h. */
#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif

struct attribute_option {
	const char *name;
	struct mount_change change;
};

/* With an r in front: of all mounts below as well. The ways to keep times exclude each other. */
static const struct attribute_option attribute_options[] = {
	{"atime", {0, MOUNT_ATTR__ATIME}},
	{"dev", {0, MOUNT_ATTR_NODEV}},
	{"diratime", {0, MOUNT_ATTR_NODIRATIME}},
	{"exec", {0, MOUNT_ATTR_NOEXEC}},
	{"noatime", {MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME}},
	{"nodev", {MOUNT_ATTR_NODEV, 0}},
	{"nodiratime", {MOUNT_ATTR_NODIRATIME, 0}},
	{"noexec", {MOUNT_ATTR_NOEXEC, 0}},
	/* The kernel's way where no other is asked for is relatime. */
	{"norelatime", {0, 0}},
	{"nostrictatime", {0, MOUNT_ATTR__ATIME}},
	{"nosuid", {MOUNT_ATTR_NOSUID, 0}},
	{"nosymfollow", {MOUNT_ATTR_NOSYMFOLLOW, 0}},
	{"relatime", {0, MOUNT_ATTR__ATIME}},
	{"ro", {MOUNT_ATTR_RDONLY, 0}},
	{"rw", {0, MOUNT_ATTR_RDONLY}},
	{"strictatime", {MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME}},
	{"suid", {0, MOUNT_ATTR_NOSUID}},
	{"symfollow", {0, MOUNT_ATTR_NOSYMFOLLOW}},
};

static const struct {
	const char *name;
	unsigned long flags;
} propagation_options[] = {
	{"private", MS_PRIVATE},
	{"rprivate", MS_PRIVATE | MS_REC},
	{"shared", MS_SHARED},
	{"rshared", MS_SHARED | MS_REC},
	{"slave", MS_SLAVE},
	{"rslave", MS_SLAVE | MS_REC},
	{"unbindable", MS_UNBINDABLE},
	{"runbindable", MS_UNBINDABLE | MS_REC},
};

static const struct {
	const char *name;
	size_t offset;
} switch_options[] = {
	{"bind", offsetof(struct mount_options, bind)},
	{"remount", offsetof(struct mount_options, remount)},
	{"tmpcopyup", offsetof(struct mount_options, copy_up)},
};

/* For mount(8), or for messages of the kernel: nothing is to be done. */
static const char *const empty_options[] = {"defaults", "loud", "silent"};

#define N(table) (sizeof(table) / sizeof *(table))

static const struct mount_change *find_attribute(const char *name)
{
	for (size_t i = 0; i < N(attribute_options); i++)
		if (strcmp(attribute_options[i].name, name) == 0)
			return &attribute_options[i].change;
	return NULL;
}

/* The later option undoes what an earlier one has said of the same attribute. */
static void add_change(struct mount_change *to, const struct mount_change *change)
{
	to->set = (to->set & ~change->clear) | change->set;
	to->clear = (to->clear & ~change->set) | change->clear;
}

static bool apply_attribute(struct mount_options *options, const char *name)
{
	const struct mount_change *change = find_attribute(name);

	if (change != NULL) {
		add_change(&options->own, change);
		return true;
	}
	change = *name == 'r' ? find_attribute(name + 1) : NULL;
	if (change == NULL)
		return false;
	add_change(&options->all, change);
	return true;
}

static bool apply_switch(struct mount_options *options, const char *name)
{
	for (size_t i = 0; i < N(switch_options); i++) {
		if (strcmp(switch_options[i].name, name) != 0)
			continue;
		*(bool *)((char *)options + switch_options[i].offset) = true;
		return true;
	}
	for (size_t i = 0; i < N(empty_options); i++)
		if (strcmp(empty_options[i], name) == 0)
			return true;
	if (strcmp(name, "rbind") != 0)
		return false;
	options->bind = options->recursive = true;
	return true;
}

/* Appends to the data that is for the file system. */
static bool append_data(struct mount_options *options, const char *text)
{
	size_t length = options->data != NULL ? strlen(options->data) : 0;
	char *data = realloc(options->data, length + 1 + strlen(text) + 1);

	if (data == NULL)
		return false;
	options->data = data;
	if (length > 0)
		data[length++] = ',';
	strcpy(data + length, text);
	return true;
}

static bool apply(struct mount_options *options, const char *name)
{
	unsigned long propagation = mount_propagation_parse(name);

	if (propagation != 0)
		options->propagation = propagation;
	else if (!apply_switch(options, name) && !apply_attribute(options, name))
		return append_data(options, name);
	return true;
}

bool mount_options_parse(struct mount_options *out, char *const *options, struct agent_error *error)
{
	struct mount_options parsed = {0};

	for (size_t i = 0; options[i] != NULL; i++) {
		if (apply(&parsed, options[i]))
			continue;
		mount_options_clear(&parsed);
		return agent_error_set(error, AGENT_CODE_FAILED, "options: out of memory");
	}
	*out = parsed;
	return true;
}

void mount_options_clear(struct mount_options *options)
{
	free(options->data);
	options->data = NULL;
}

unsigned long mount_propagation_parse(const char *name)
{
	for (size_t i = 0; i < N(propagation_options); i++)
		if (strcmp(propagation_options[i].name, name) == 0)
			return propagation_options[i].flags;
	return 0;
}
