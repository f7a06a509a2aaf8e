/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * `linux.resources` of config.json, and the document of `update --resources` (runtime-spec,
 * config-linux.md, "Control groups").
 *
 * Ranges and the rules between members are checked here; errors name the JSON path. The types of
 * what is not read here, and what cannot be honoured, are the table's (oci/fields.h). Engines write
 * 0 for what was not asked for, so 0 means "not given", as in runc; -1 means "no limit".
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

/* A weight or rate of one block device. */
struct oci_io_limit {
	guint major;
	guint minor;
	/* Bytes or operations a second; a weight. */
	gint64 value;
};

struct oci_io_limits {
	struct oci_io_limit *items;
	gsize n;
};

/* The arrays of linux.resources.blockIO. */
enum oci_io_kind {
	OCI_IO_READ_BPS,
	OCI_IO_WRITE_BPS,
	OCI_IO_READ_IOPS,
	OCI_IO_WRITE_IOPS,
	OCI_IO_WEIGHT,
	OCI_IO_KINDS,
};

struct oci_priority {
	char *interface;
	guint32 value;
};

struct oci_resources {
	/* Bytes. `memory_swap` counts memory and swap. */
	gint64 memory_limit;
	gint64 memory_reservation;
	gint64 memory_swap;
	/* 0 to 100; -1: not given. */
	gint64 memory_swappiness;
	gboolean check_before_update;
	gint64 cpu_shares;
	/* Microseconds. */
	gint64 cpu_quota;
	gint64 cpu_period;
	gint64 cpu_burst;
	/* 0 or 1; -1: not given. */
	gint64 cpu_idle;
	/* "0-3,7"; NULL: not given. */
	char *cpuset_cpus;
	char *cpuset_mems;
	gint64 pids_limit;
	gint64 io_weight;
	struct oci_io_limits io[OCI_IO_KINDS];
	/* 0: not given. */
	guint32 network_class;
	struct oci_priority *priorities;
	gsize n_priorities;
};

/*
 * resources: the object, or NULL for none. path: where it stands, "linux.resources" or "". Each
 * member is checked by itself. The caller frees.
 */
struct oci_resources *oci_resources_parse(
	JsonObject *resources, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What the members may be together; errors name them below the path. */
gboolean oci_resources_check(const struct oci_resources *resources, const char *path,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* That of a whole config.json, checked. */
struct oci_resources *oci_resources_of_document(
	JsonObject *document, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void oci_resources_free(struct oci_resources *resources);
typedef struct oci_resources oci_resources;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(oci_resources, oci_resources_free)

/*
 * The numbers of a list such as "0-3,7" (cpuset(7), "List format"), as guint, ascending and each
 * once. An error does not name the place.
 */
GArray *oci_cpu_list_parse(const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
