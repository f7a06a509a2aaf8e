/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The `vm` object: which hypervisor, kernel, initramfs or image, and how large.
 *
 * Look-up, first found: `vm` in config.json; vm.json in the bundle; in $sysconfdir/cc-oci-runtime;
 * in $datadir/defaults/cc-oci-runtime. Both shapes are accepted, the proposed one of Clear
 * Containers and the one of the runtime-spec's config-vm.md. Relative paths in a vm.json are
 * relative to that file's directory; in config.json, to the bundle.
 */
#pragma once

#include <glib.h>

#include "oci/spec.h"
#include "vm/accel.h"
#include "vm/network.h"

/* The annotations of config.json that go before `machine`, `accel` and `network`. */
#define VM_ANNOTATION_MACHINE  "cc-oci-runtime.machine"
#define VM_ANNOTATION_ACCEL    "cc-oci-runtime.accel"
#define VM_ANNOTATION_TEMPLATE "cc-oci-runtime.template"
#define VM_ANNOTATION_NETWORK  "cc-oci-runtime.network"
/* Ports of the host that are published in a user network (vm_network_parse_ports). */
#define VM_ANNOTATION_PORTS "cc-oci-runtime.ports"

/* The directories to look in; any may be NULL. */
struct vm_lookup {
	const char *bundle;
	const char *sysconf;
	const char *defaults;
};

/* Whether a VM is cloned from a template. */
enum vm_template_mode {
	/* Not said: as AUTO. */
	VM_TEMPLATE_UNSET,
	/* When there is one; else it boots, and one is made for the next. */
	VM_TEMPLATE_AUTO,
	VM_TEMPLATE_NEVER,
	/* Else it fails. */
	VM_TEMPLATE_REQUIRE,
};

struct vm_config {
	/* The file (or "BUNDLE/config.json") that it came from. */
	char *source;
	/* A name without a slash is searched on PATH. */
	char *hypervisor_path;
	/* From hypervisor.parameters: appended to the command line. Never NULL. */
	GStrv hypervisor_parameters;
	char *kernel_path;
	/* One string, as for -append; "" when none. */
	char *kernel_parameters;
	/* NULL when not given. */
	char *initrd_path;
	char *image_path;
	/* "auto", or QEMU's name of a machine type. */
	char *machine;
	enum vm_accel accel;
	enum vm_network network;
	/* Published ports of a user network; NULL: none. */
	GStrv ports;
	/* A machine that takes devices while it runs. */
	gboolean hotplug;
	guint memory_mib;
	guint cpus;
	/* What a container's limits may make of them; 0: what the host has. */
	guint memory_max_mib;
	guint cpus_max;
	/* Milliseconds. */
	gint64 agent_timeout;
	enum vm_template_mode template_mode;
	/* Where templates are kept; NULL when not given. */
	char *template_directory;
	/* What they may take there, together. */
	guint template_limit_mib;
};

/* "auto", "never", "require"; FALSE with an error for another word. */
gboolean vm_template_mode_parse(const char *name, enum vm_template_mode *out_mode,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Reads the first `vm` object there is. The caller frees. Checks types, not files. */
struct vm_config *vm_config_load(const struct vm_lookup *lookup, const struct oci_spec *spec,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* From one document's `vm` object; directory: what relative paths are relative to. */
struct vm_config *vm_config_from_json(JsonObject *vm, const char *source, const char *directory,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The hypervisor (then absolute), kernel, initramfs and image are there; errors name each. */
gboolean vm_config_check_files(struct vm_config *config, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void vm_config_free(struct vm_config *config);
typedef struct vm_config vm_config;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(vm_config, vm_config_free)

/* The first existing of the look-up's directories' `name`; NULL: none. The caller frees. */
char *vm_lookup_find(const struct vm_lookup *lookup, const char *name);
