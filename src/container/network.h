/* SPDX-License-Identifier: GPL-2.0-only */
/* The network namespace that a container's shim and VM sit in. */
#pragma once

#include <glib.h>
#include <sys/types.h>

#include "oci/spec.h"

/*
 * What config.json asks for. *out_fd: the namespace given by path, else -1; *out_new: a new one,
 * which the shim makes. Neither: the caller's own, the host's. Nothing in a namespace is changed.
 */
gboolean network_open(const struct oci_spec *spec, int *out_fd, gboolean *out_new,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The namespace of a process, such as a shim; -1 on error. */
int network_of_process(pid_t pid, GError **error) G_GNUC_WARN_UNUSED_RESULT;
