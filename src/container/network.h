/* SPDX-License-Identifier: GPL-2.0-only */
/* The network namespace that a container's shim and VM sit in, and what the VM gets from it. */
#pragma once

#include <glib.h>
#include <sys/types.h>

#include "oci/spec.h"
#include "sandbox/sandbox.h"
#include "vm/config.h"

/*
 * What config.json asks for. *out_fd: the namespace given by path, else -1; *out_new: a new one,
 * which the shim makes. Neither: the caller's own, the host's. Nothing in a namespace is changed.
 */
gboolean network_open(const struct oci_spec *spec, int *out_fd, gboolean *out_new,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The namespace of a process, such as a shim; -1 on error. */
int network_of_process(pid_t pid, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * Whether the namespace is the host's: our own, or that of the host's first process. Nothing in it
 * is ever changed.
 */
gboolean network_is_host(int namespace);

/* What the VM gets, with the proxy in that namespace; -1: one of its own. accel is not AUTO. */
struct vm_nic network_choose(const struct vm_config *vm, int namespace);

/* Gives the guest what its namespace has by now. */
gboolean network_connect(struct sandbox *sandbox, const struct oci_spec *spec,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * After the end of a VM whose proxy was killed: removes what it has left in the namespace that
 * config.json names, where there is one. id: the container's. Failures are warnings.
 */
void network_sweep(const struct oci_spec *spec, const char *id);
