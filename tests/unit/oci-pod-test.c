/* SPDX-License-Identifier: GPL-2.0-only */
/* What annotations say of a container's pod. */
#include "runner.h"

#include "base/error.h"
#include "oci/annotations.h"
#include "oci/pod.h"

/* "NAME=VALUE NAME=VALUE"; the caller's. */
static GHashTable *annotations(const char *text)
{
	GHashTable *table = oci_annotations_new();
	g_auto(GStrv) words = g_strsplit(text, " ", -1);

	for (char **word = words; *word != NULL; word++) {
		g_auto(GStrv) pair = g_strsplit(*word, "=", 2);

		if (pair[0] != NULL && pair[1] != NULL)
			g_hash_table_insert(table, g_strdup(pair[0]), g_strdup(pair[1]));
	}
	return table;
}

static const struct {
	const char *annotations;
	enum oci_pod_role role;
	const char *sandbox;
} good[] = {
	{"", OCI_POD_NONE, NULL},
	{"io.kubernetes.cri.sandbox-id=p1", OCI_POD_NONE, NULL},
	{"io.kubernetes.cri.container-type=sandbox io.kubernetes.cri.sandbox-id=p1",
		OCI_POD_SANDBOX, NULL},
	{"io.kubernetes.cri.container-type=container io.kubernetes.cri.sandbox-id=p1",
		OCI_POD_MEMBER, "p1"},
	{"io.kubernetes.cri-o.ContainerType=container io.kubernetes.cri-o.SandboxID=p1 "
	 "io.kubernetes.cri-o.SandboxName=k8s",
		OCI_POD_MEMBER, "p1"},
	{"io.kubernetes.cri-o.ContainerType=container io.kubernetes.cri-o.SandboxName=k8s",
		OCI_POD_MEMBER, "k8s"},
	{"ocid/container_type=sandbox ocid/sandbox_name=k8s", OCI_POD_SANDBOX, NULL},
	{"ocid/container_type=container ocid/sandbox_name=k8s", OCI_POD_MEMBER, "k8s"},
};

TEST(pod_is_read_from_the_words_of_each_engine)
{
	g_autoptr(GHashTable) table = annotations(good[_i].annotations);
	g_autoptr(GError) error = NULL;
	struct oci_pod pod;

	test_succeeds(oci_pod_parse(table, &pod, &error), error);
	ck_assert_int_eq(pod.role, good[_i].role);
	ck_assert_pstr_eq(pod.sandbox, good[_i].sandbox);
}

static const struct {
	const char *annotations;
	const char *error;
} bad[] = {
	{"io.kubernetes.cri.container-type=pod",
		"annotations[\"io.kubernetes.cri.container-type\"]: \"pod\" is neither \"sandbox\" "
		"nor \"container\""},
	{"io.kubernetes.cri.container-type=container io.kubernetes.cri.sandbox-id=",
		"annotations: \"io.kubernetes.cri.sandbox-id\" is missing, which names the sandbox "
		"of a container"},
	{"ocid/container_type=container io.kubernetes.cri.sandbox-id=p1",
		"annotations: \"ocid/sandbox_id\" is missing, which names the sandbox of a "
		"container"},
};

TEST(pod_that_is_not_whole_is_refused)
{
	g_autoptr(GHashTable) table = annotations(bad[_i].annotations);
	g_autoptr(GError) error = NULL;
	struct oci_pod pod;

	ck_assert(!oci_pod_parse(table, &pod, &error));
	test_error_is(error, CC_ERROR_INVALID, bad[_i].error);
}

TEST(a_pods_sum_is_what_its_vm_is_made_for)
{
	g_autoptr(GHashTable) sums = annotations("io.kubernetes.cri.sandbox-memory=1073741824 "
						 "io.kubernetes.cri.sandbox-cpu-quota=0");
	g_autoptr(GHashTable) wrong = annotations("io.kubernetes.cri.sandbox-cpu-period=x");
	struct oci_resources resources = {.memory_limit = 5, .cpu_quota = 900};
	GError *unexpected = NULL;
	g_autoptr(GError) error = NULL;

	test_succeeds(oci_pod_resources(sums, &resources, &unexpected), unexpected);
	ck_assert_int_eq(resources.memory_limit, 1 << 30);
	ck_assert_int_eq(resources.cpu_quota, 900);
	ck_assert_int_eq(resources.cpu_period, 0);
	ck_assert(!oci_pod_resources(wrong, &resources, &error));
	test_error_is(error, CC_ERROR_INVALID,
		"annotations[\"io.kubernetes.cri.sandbox-cpu-period\"]: expected a number, found "
		"\"x\"");
}

static const struct test tests[] = {
	RUN(a_pods_sum_is_what_its_vm_is_made_for),
	RUN_EACH(pod_is_read_from_the_words_of_each_engine, G_N_ELEMENTS(good)),
	RUN_EACH(pod_that_is_not_whole_is_refused, G_N_ELEMENTS(bad)),
};

TEST_MAIN("oci-pod", tests)
