/* SPDX-License-Identifier: GPL-2.0-only */
/* How a process gets its CPU and its I/O: scheduler, I/O priority, affinity. */
#pragma once

#include <stdbool.h>

#include "agent/error.h"
#include "agent/spec.h"

/* Reads scheduler, ioPriority and execCPUAffinity of a process. */
bool schedule_parse(struct process_spec *out, const json_t *process, struct agent_error *error);

/* Of the calling process; what is not given stays as it is. Needs CAP_SYS_NICE. */
bool schedule_apply(const struct process_spec *spec, struct agent_error *error);
/* Binds it to the CPUs of a list such as "0-3,7"; NULL and "": as it is. */
bool schedule_bind(const char *cpus, struct agent_error *error);
