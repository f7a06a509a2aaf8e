/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A container's virtual machine: what it is made of, and its start, as a clone of a template or by
 * a boot. What comes after does not know which it was.
 */
#pragma once

#include <glib.h>

#include "container/settings.h"
#include "oci/spec.h"
#include "sandbox/sandbox.h"
#include "vm/snapshot-store.h"

/*
 * The configuration for a bundle: of vm.json, then the annotations of the spec (which may be NULL),
 * then the command line; large enough for the spec's limits. Nothing in it is left to be chosen.
 * The caller frees.
 */
struct vm_config *guest_config(const struct settings *settings, const char *bundle,
	const struct oci_spec *spec, GError **error) G_GNUC_WARN_UNUSED_RESULT;

struct guest {
	/* To be filled in; kept, not copied. */
	const struct settings *settings;
	const struct vm_config *config;
	const char *bundle;
	/* Of the container. */
	const char *name;
	/* NULL: none. */
	const char *hostname;
	/* The state directory, which is there; all paths are absolute. */
	const char *directory;
	const char *log_directory;
	/* To start it in; -1: the caller's. */
	int network_namespace;
	/* Its network device. */
	struct vm_nic nic;
	/* As for sandbox_spawn. */
	const GArray *cgroups;
	/* It is to become this template. */
	const struct vm_draft *draft;

	/* The rest is made by the calls below. */
	struct vm_args *args;
	char *share_directory;
	/* NULL: it cannot have a template, or is not to. */
	char *key;
	/* It is a clone; the template is open until the clone has come up. */
	gboolean cloned;
	struct vm_snapshot template;
	struct sandbox *sandbox;
	struct process_ref proxy;
};

#define GUEST_INIT                                                                                 \
	{                                                                                          \
		.network_namespace = -1, .template = VM_SNAPSHOT_INIT                              \
	}

/*
 * Finds the key, which does not depend on name and directories, where the VM can have a template;
 * where it cannot, that is an error if one is required.
 */
gboolean guest_find_key(struct guest *guest, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Expands the arguments, and finds the key. */
gboolean guest_prepare(struct guest *guest, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Starts the VM; a template that is damaged, or of no use, is dropped with a warning. */
gboolean guest_launch(struct guest *guest, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Waits for the agent. */
gboolean guest_wait_ready(struct guest *guest, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/*
 * After an error of guest_wait_ready: when it was a clone's, and may be the template's, drops that
 * with a warning, and boots in its place: proxy and connection are new, its share is empty. FALSE
 * with that error, or with another.
 */
gboolean guest_boot_instead(
	struct guest *guest, GError *cause, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether it has been booted for want of a template, which somebody might make. */
gboolean guest_wants_template(const struct guest *guest);

/* Ends the VM and its proxy, if they are there. */
void guest_end(struct guest *guest);
/* Frees what it holds; the VM goes on if it was told to (sandbox_own). */
void guest_clear(struct guest *guest);
