/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the agent takes from a container's config.json: checked, in plain structs, before anything
 * is done. The strings are borrowed from the JSON, which a container_spec keeps a reference to.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "agent/capability.h"
#include "agent/error.h"
#include "agent/hook.h"
#include "agent/mount-options.h"
#include "agent/seccomp.h"

struct spec_rlimit {
	int resource;
	struct rlimit limit;
};

/* process.scheduler (sched_setattr(2)). */
struct spec_scheduler {
	bool given;
	unsigned policy;
	int nice;
	unsigned priority;
	uint64_t flags;
	uint64_t runtime;
	uint64_t deadline;
	uint64_t period;
};

struct process_spec {
	/* Holds the strings alive. */
	json_t *json;
	/* NULL-terminated; args has one at least. */
	char **args;
	char **env;
	const char *cwd;
	bool terminal;
	/* 0: unknown. */
	unsigned short rows;
	unsigned short columns;
	uid_t uid;
	gid_t gid;
	gid_t *groups;
	size_t n_groups;
	bool has_umask;
	mode_t umask;
	bool no_new_privileges;
	bool has_oom_score_adj;
	int oom_score_adj;
	struct capability_sets capabilities;
	struct spec_rlimit *rlimits;
	size_t n_rlimits;
	struct spec_scheduler scheduler;
	/* For ioprio_set(2); -1: not given. */
	int io_priority;
	/* execCPUAffinity: lists such as "0-3,7"; NULL: not given. */
	const char *initial_cpus;
	const char *final_cpus;
};

struct spec_mount {
	const char *destination;
	const char *type;
	const char *source;
	struct mount_options options;
};

struct spec_device {
	const char *path;
	mode_t mode;
	dev_t device;
	uid_t uid;
	gid_t gid;
};

/* A namespace of another container of the pod. */
struct spec_join {
	/* CLONE_NEW…, and its name in /proc/PID/ns. */
	int flag;
	const char *name;
	const char *container;
	/* The init of that container, once it has been looked up. */
	pid_t pid;
};

enum {
	SPEC_JOINS_MAX = 8,
};

/* A range of ids: those of the container, and what they are in the guest. */
struct id_map {
	uint32_t container;
	uint32_t guest;
	uint32_t size;
};

struct id_maps {
	struct id_map *maps;
	size_t n;
};

/* What the container's id is in the guest: without maps itself, and UINT32_MAX outside of them. */
uint32_t id_maps_find(const struct id_maps *maps, uint32_t id);

/* Of linux.timeOffsets, by the clock's name in /proc/PID/timens_offsets. */
struct spec_time_offset {
	const char *clock;
	int64_t seconds;
	int64_t nanoseconds;
};

struct container_spec {
	json_t *json;
	struct process_spec process;
	/* NULL: the VM's own. */
	const char *hostname;
	const char *domainname;
	bool read_only;
	/* Flags for mount(2) on "/"; 0: private. */
	unsigned long propagation;
	/* CLONE_NEW…, always with CLONE_NEWNS. */
	int namespaces;
	struct spec_join joins[SPEC_JOINS_MAX];
	size_t n_joins;
	/* A directory of the guest for NOTIFY_TARGET (notify.h); NULL: none. */
	const char *notify_directory;
	struct spec_mount *mounts;
	size_t n_mounts;
	struct spec_device *devices;
	size_t n_devices;
	char **masked_paths;
	char **read_only_paths;
	/* name → value, or NULL. */
	json_t *sysctl;
	/* None without a user namespace. */
	struct id_maps uid_maps;
	struct id_maps gid_maps;
	struct spec_time_offset time_offsets[2];
	size_t n_time_offsets;
	/* For personality(2); -1: as it is. */
	long personality;
	/* linux.seccomp, or NULL. */
	struct seccomp_filter *seccomp;
	struct hooks_spec hooks;
};

/* Take a reference to the JSON; on error nothing is left to clear. */
bool process_spec_parse(struct process_spec *out, json_t *process, struct agent_error *error);
bool container_spec_parse(struct container_spec *out, json_t *oci, struct agent_error *error);
/* Both bear a zeroed struct, and being called twice. */
void process_spec_clear(struct process_spec *spec);
void container_spec_clear(struct container_spec *spec);
