/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a container is in a pod, as the annotations of its engine say: containerd's CRI plugin
 * (pkg/cri/annotations), CRI-O and podman (pkg/annotations), and CRI-O's predecessor ocid.
 */
#pragma once

#include <glib.h>

#include "oci/resources.h"

enum oci_pod_role {
	/* No pod is spoken of: a container with a VM of its own. */
	OCI_POD_NONE,
	/* The container whose VM is the pod's. */
	OCI_POD_SANDBOX,
	/* A container that lives in the VM of the pod's sandbox. */
	OCI_POD_MEMBER,
};

struct oci_pod {
	enum oci_pod_role role;
	/* Of a member: the annotation that names its sandbox, and its value, an id or a name. The
	 * value belongs to the annotations. */
	const char *annotation;
	const char *sandbox;
};

/* annotations: names and values, both char *. Errors name the annotation. */
gboolean oci_pod_parse(
	GHashTable *annotations, struct oci_pod *out_pod, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * What a sandbox's annotations say of all that its pod may use (containerd's CRI plugin), where
 * that is more than the sandbox's own: in bytes and µs. The VM is made for it. Errors name the
 * annotation.
 */
gboolean oci_pod_resources(GHashTable *annotations, struct oci_resources *resources,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;
