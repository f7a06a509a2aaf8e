/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every field of config.json (runtime-spec 1.2, and what later 1.x have added): its type, its
 * bounds, and what becomes of it. docs/oci-coverage.md is this table for people; a test holds the
 * two together. What a line says is what happens: oci/coverage.c walks a document by it.
 */
#pragma once

#include <glib.h>

enum oci_type {
	OCI_STRING,
	OCI_BOOLEAN,
	/* A whole number; those of 64 bits without a sign come as negative ones beyond INT64_MAX.
	 */
	OCI_INTEGER,
	OCI_OBJECT,
	/* An array of objects, whose fields are at `path[]`. */
	OCI_OBJECTS,
	OCI_STRINGS,
	OCI_INTEGERS,
	/* An object of any names whose values are strings. */
	OCI_STRING_MAP,
	/* An object of any names whose values are objects, with fields at `path{}`. */
	OCI_OBJECT_MAP,
	/* Checked where it is read, or of no use to us whatever it is. */
	OCI_ANY,
};

enum oci_coverage {
	OCI_IN_GUEST,
	OCI_ON_HOST,
	OCI_IN_BOTH,
	/* With a value that asks for something it is an error. */
	OCI_REFUSED,
	/* With such a value it is a warning, once. */
	OCI_WARNED,
};

struct oci_field {
	/* "process.rlimits[].type", "linux.timeOffsets{}.secs". */
	const char *path;
	enum oci_type type;
	enum oci_coverage coverage;
	/* Of numbers; both 0: any. */
	gint64 least;
	gint64 most;
	gboolean required;
	/* What a string, or each of several, may be; NULL: anything. */
	const char *const *values;
	/* Others are warned of and left out, as the specification wants it. */
	gboolean lenient;
	/* Why it is refused, or what the warning says. */
	const char *reason;
};

/* Of one section each; a field without a path ends them. */
extern const struct oci_field oci_fields_root[];
extern const struct oci_field oci_fields_process[];
extern const struct oci_field oci_fields_linux[];
extern const struct oci_field oci_fields_seccomp[];
extern const struct oci_field oci_fields_resources[];

/* All of them, NULL at the end. */
extern const struct oci_field *const oci_fields[];

/* The field at a path such as "linux.seccomp.syscalls[].action"; NULL: none. */
const struct oci_field *oci_field_find(const char *path);

/* "guest", "host", "guest and host", "refused", "warned". */
const char *oci_coverage_name(enum oci_coverage coverage);
