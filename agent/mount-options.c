/* SPDX-License-Identifier: GPL-2.0-only */
/* Parses mount options by a table. */
#include "agent/mount-options.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

struct option {
	const char *name;
	unsigned long set;
	unsigned long clear;
};

static const struct option flag_options[] = {
	{"async", 0, MS_SYNCHRONOUS},
	{"atime", 0, MS_NOATIME},
	{"bind", MS_BIND, 0},
	{"defaults", 0, 0},
	{"dev", 0, MS_NODEV},
	{"diratime", 0, MS_NODIRATIME},
	{"dirsync", MS_DIRSYNC, 0},
	{"exec", 0, MS_NOEXEC},
	{"lazytime", MS_LAZYTIME, 0},
	{"noatime", MS_NOATIME, 0},
	{"nodev", MS_NODEV, 0},
	{"nodiratime", MS_NODIRATIME, 0},
	{"noexec", MS_NOEXEC, 0},
	{"norelatime", 0, MS_RELATIME},
	{"nostrictatime", 0, MS_STRICTATIME},
	{"nosuid", MS_NOSUID, 0},
	{"rbind", MS_BIND | MS_REC, 0},
	{"relatime", MS_RELATIME, 0},
	{"remount", MS_REMOUNT, 0},
	{"ro", MS_RDONLY, 0},
	{"rw", 0, MS_RDONLY},
	{"strictatime", MS_STRICTATIME, 0},
	{"suid", 0, MS_NOSUID},
	{"sync", MS_SYNCHRONOUS, 0},
	/* Podman's: the image's files are copied into the tmpfs. Not done yet, and not the
	   kernel's. */
	{"tmpcopyup", 0, 0},
};

static const struct option propagation_options[] = {
	{"private", MS_PRIVATE, 0},
	{"rprivate", MS_PRIVATE | MS_REC, 0},
	{"shared", MS_SHARED, 0},
	{"rshared", MS_SHARED | MS_REC, 0},
	{"slave", MS_SLAVE, 0},
	{"rslave", MS_SLAVE | MS_REC, 0},
	{"unbindable", MS_UNBINDABLE, 0},
	{"runbindable", MS_UNBINDABLE | MS_REC, 0},
};

#define N(table) (sizeof(table) / sizeof *(table))

static const struct option *find(const struct option *table, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
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
	const struct option *option = find(flag_options, N(flag_options), name);

	if (option != NULL) {
		options->flags = (options->flags & ~option->clear) | option->set;
		return true;
	}
	option = find(propagation_options, N(propagation_options), name);
	if (option != NULL) {
		options->propagation = option->set;
		return true;
	}
	return append_data(options, name);
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
	const struct option *option = find(propagation_options, N(propagation_options), name);

	return option != NULL ? option->set : 0;
}
