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

static const struct {
	const char *name;
	gsize offset;
} sums[] = {
	{"io.kubernetes.cri.sandbox-memory", G_STRUCT_OFFSET(struct oci_resources, memory_limit)},
	{"io.kubernetes.cri.sandbox-cpu-quota", G_STRUCT_OFFSET(struct oci_resources, cpu_quota)},
	{"io.kubernetes.cri.sandbox-cpu-period", G_STRUCT_OFFSET(struct oci_resources, cpu_period)},
};

gboolean oci_pod_resources(GHashTable *annotations, struct oci_resources *resources, GError **error)
{
	for (gsize i = 0; i < G_N_ELEMENTS(sums); i++) {
		const char *text = g_hash_table_lookup(annotations, sums[i].name);
		gint64 *value = &G_STRUCT_MEMBER(gint64, resources, sums[i].offset);
		gint64 number = 0;

		if (text != NULL &&
			!g_ascii_string_to_signed(text, 10, -1, G_MAXINT64, &number, NULL)) {
			g_set_error(error, CC_ERROR, CC_ERROR_INVALID,
				"annotations[\"%s\"]: expected a number, found \"%s\"",
				sums[i].name, text);
			return FALSE;
		}
		*value = MAX(*value, number);
	}
	return TRUE;
}
