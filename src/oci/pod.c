/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads the annotations that make pods. */
#include "oci/pod.h"

#include <string.h>

#include "base/error.h"

/* One engine's words; the newer of an engine first. */
static const struct {
	const char *type;
	/* What names the sandbox, the better one first. */
	const char *sandbox[2];
} engines[] = {
	{"io.kubernetes.cri.container-type", {"io.kubernetes.cri.sandbox-id"}},
	{"io.kubernetes.cri-o.ContainerType",
		{"io.kubernetes.cri-o.SandboxID", "io.kubernetes.cri-o.SandboxName"}},
	{"ocid/container_type", {"ocid/sandbox_id", "ocid/sandbox_name"}},
};

static gboolean read_sandbox(
	GHashTable *annotations, gsize engine, struct oci_pod *pod, GError **error)
{
	for (gsize i = 0; i < G_N_ELEMENTS(engines[engine].sandbox); i++) {
		const char *name = engines[engine].sandbox[i];
		const char *value = name != NULL ? g_hash_table_lookup(annotations, name) : NULL;

		if (value == NULL || *value == '\0')
			continue;
		pod->annotation = name;
		pod->sandbox = value;
		return TRUE;
	}
	g_set_error(error, CC_ERROR, CC_ERROR_INVALID,
		"annotations: \"%s\" is missing, which names the sandbox of a container",
		engines[engine].sandbox[0]);
	return FALSE;
}

gboolean oci_pod_parse(GHashTable *annotations, struct oci_pod *out_pod, GError **error)
{
	struct oci_pod pod = {.role = OCI_POD_NONE};
	const char *type = NULL;
	gsize engine = 0;

	while (engine < G_N_ELEMENTS(engines) && type == NULL)
		type = g_hash_table_lookup(annotations, engines[engine++].type);
	if (type == NULL) {
		*out_pod = pod;
		return TRUE;
	}
	engine--;
	if (strcmp(type, "sandbox") == 0) {
		pod.role = OCI_POD_SANDBOX;
	} else if (strcmp(type, "container") == 0) {
		pod.role = OCI_POD_MEMBER;
		if (!read_sandbox(annotations, engine, &pod, error))
			return FALSE;
	} else {
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID,
			"annotations[\"%s\"]: \"%s\" is neither \"sandbox\" nor \"container\"",
			engines[engine].type, type);
		return FALSE;
	}
	*out_pod = pod;
	return TRUE;
}
