/* SPDX-License-Identifier: GPL-2.0-only */
/* The host's cgroups: found, planned, and made in a directory that is none. */
#include "runner.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "cgroup/apply.h"
#include "cgroup/hierarchy.h"
#include "cgroup/systemd.h"

/* ---- hierarchies */

#define V1(mount, options) "30 20 0:25 / " mount " rw,nosuid - cgroup cgroup rw," options "\n"

static const char hybrid_mounts[] = "20 1 8:1 / / rw - ext4 /dev/sda1 rw\n" V1(
	"/c/cpu,cpuacct", "cpu,cpuacct") V1("/c/memory", "memory") V1("/again/memory", "memory")
	V1("/c/systemd", "xattr,name=systemd") "31 20 0:41 / /c/with\\040blank rw shared:5 - "
					       "cgroup2 cgroup2 rw,nsdelegate\n";
static const char hybrid_own[] =
	"5:cpu,cpuacct:/\n4:memory:/user/a\n1:name=systemd:/user.slice/x\n0::/user.slice/x.scope\n";

TEST(hybrid_hierarchies_are_found)
{
	g_autoptr(GPtrArray) list = cgroup_hierarchies_parse(hybrid_mounts, hybrid_own);
	const struct cgroup_hierarchy *const *hierarchies = (gpointer)list->pdata;

	ck_assert_uint_eq(list->len, 4);
	ck_assert_str_eq(hierarchies[0]->mount, "/c/cpu,cpuacct");
	ck_assert_str_eq(hierarchies[0]->own, "/");
	ck_assert(cgroup_has_controller(hierarchies[0]->controllers, "cpuacct"));
	ck_assert(!cgroup_has_controller(hierarchies[0]->controllers, "rw"));
	ck_assert_str_eq(hierarchies[1]->mount, "/c/memory");
	ck_assert_str_eq(hierarchies[1]->own, "/user/a");
	ck_assert_str_eq(hierarchies[2]->own, "/user.slice/x");
	ck_assert(hierarchies[3]->unified);
	ck_assert_str_eq(hierarchies[3]->mount, "/c/with blank");
	ck_assert_str_eq(hierarchies[3]->own, "/user.slice/x.scope");
	ck_assert_ptr_null(hierarchies[3]->controllers[0]);
}

/* A container's own view: the mount shows a part of the hierarchy. */
TEST(own_cgroup_is_seen_through_the_mount)
{
	g_autoptr(GPtrArray) list = cgroup_hierarchies_parse(
		"1 2 0:3 /docker/x /c/memory rw - cgroup cgroup rw,memory\n"
		"1 2 0:3 /other /c/pids rw - cgroup cgroup rw,pids\n",
		"3:memory:/docker/x/y\n2:pids:/docker/x\n");
	const struct cgroup_hierarchy *const *hierarchies = (gpointer)list->pdata;

	ck_assert_str_eq(hierarchies[0]->own, "/y");
	ck_assert_str_eq(hierarchies[1]->own, "/");
}

TEST(garbage_is_no_hierarchy)
{
	g_autoptr(GPtrArray) list = cgroup_hierarchies_parse(
		"\n - \nx - cgroup\n1 2 3 / /m rw - cgroup2\n", "0::\n::\n\n");

	ck_assert_uint_eq(list->len, 0);
}

/* ---- places */

static const struct {
	const char *cgroups_path;
	const char *memory;
	const char *unified;
} places_of[] = {
	/* runc's rules: absolute from the mount, relative to our own. */
	{NULL, "/c/memory/user/a/id", "/c/with blank/user.slice/id"},
	{"/docker/x", "/c/memory/docker/x", "/c/with blank/docker/x"},
	{"p/x", "/c/memory/user/a/p/x", "/c/with blank/user.slice/p/x"},
	{"/../../x", "/c/memory/x", "/c/with blank/x"},
	{"../../x", "/c/memory/user/a/x", "/c/with blank/user.slice/x"},
	{"a:b:c", "/c/memory/user/a/a:b:c", "/c/with blank/user.slice/a:b:c"},
};

TEST(places_follow_the_path)
{
	g_autoptr(GPtrArray) hierarchies = cgroup_hierarchies_parse(hybrid_mounts, hybrid_own);
	g_autoptr(GPtrArray) places = cgroup_places(hierarchies, places_of[_i].cgroups_path, "id");
	const struct cgroup_place *unified = places->pdata[3];

	ck_assert_uint_eq(places->len, 4);
	ck_assert_str_eq(cgroup_place_of(places, "memory")->path, places_of[_i].memory);
	ck_assert_str_eq(unified->path, places_of[_i].unified);
	ck_assert_ptr_null(cgroup_place_of(places, "rdma"));
}

static const struct {
	const char *cgroups_path;
	const char *slice;
	const char *name;
	const char *memory;
	const char *error;
} units[] = {
	{NULL, "system.slice", "cc-oci-runtime-id.scope",
		"/c/memory/system.slice/cc-oci-runtime-id.scope", NULL},
	{"system.slice:docker:abc", "system.slice", "docker-abc.scope",
		"/c/memory/system.slice/docker-abc.scope", NULL},
	{"a-b-c.slice:cri:x", "a-b-c.slice", "cri-x.scope",
		"/c/memory/a.slice/a-b.slice/a-b-c.slice/cri-x.scope", NULL},
	{"-.slice:p:n", "-.slice", "p-n.scope", "/c/memory/p-n.scope", NULL},
	{"::n", "system.slice", "n.scope", "/c/memory/system.slice/n.scope", NULL},
	{"a.slice::a-b.slice", "a.slice", "a-b.slice", "/c/memory/a.slice/a-b.slice", NULL},
	{"/docker/x", .error = "linux.cgroupsPath: expected SLICE:PREFIX:NAME with "
			       "--systemd-cgroup, found \"/docker/x\""},
	{"system:docker:abc",
		.error = "linux.cgroupsPath: expected the name of a slice, found \"system\""},
	{"a--b.slice:p:n",
		.error = "linux.cgroupsPath: expected the name of a slice, found \"a--b.slice\""},
	{".slice:p:n",
		.error = "linux.cgroupsPath: expected the name of a slice, found \".slice\""},
	{"a.slice:../p:n", .error = "linux.cgroupsPath: expected names without a slash, found "
				    "\"a.slice:../p:n\""},
};

TEST(units_follow_the_path)
{
	g_autoptr(GError) error = NULL;
	struct cgroup_unit unit = {NULL};

	if (units[_i].error != NULL) {
		ck_assert(!cgroup_unit_parse(units[_i].cgroups_path, "id", &unit, &error));
		test_error_is(error, CC_ERROR_INVALID, units[_i].error);
		return;
	}
	test_succeeds(cgroup_unit_parse(units[_i].cgroups_path, "id", &unit, &error), error);
	g_autoptr(GPtrArray) hierarchies = cgroup_hierarchies_parse(hybrid_mounts, hybrid_own);
	g_autoptr(GPtrArray) places = cgroup_places_of_unit(hierarchies, &unit);

	ck_assert_str_eq(unit.slice, units[_i].slice);
	ck_assert_str_eq(unit.name, units[_i].name);
	ck_assert_str_eq(cgroup_place_of(places, "memory")->path, units[_i].memory);
	cgroup_unit_clear(&unit);
}

/* ---- limits */

static GPtrArray *places_v1(void)
{
	g_autoptr(GPtrArray) hierarchies =
		cgroup_hierarchies_parse(V1("/m", "memory") V1("/p", "cpu") V1("/s", "cpuset")
						 V1("/b", "blkio") V1("/n", "net_cls,net_prio"),
			"");

	return cgroup_places(hierarchies, "/x", "id");
}

static GPtrArray *places_v2(void)
{
	g_autofree char *mount = g_strdup(test_directory());
	g_autofree char *line = g_strdup_printf("1 2 0:3 / %s rw - cgroup2 cgroup2 rw\n", mount);
	g_autofree char *controllers =
		test_write_file("cgroup.controllers", "cpuset cpu io memory pids\n");
	g_autoptr(GPtrArray) hierarchies = cgroup_hierarchies_parse(line, "0::/\n");

	return cgroup_places(hierarchies, "/x", "id");
}

static char *describe(const GPtrArray *writes, const char *prefix)
{
	GString *list = g_string_new(NULL);

	for (guint i = 0; i < writes->len; i++) {
		const struct cgroup_write *write = writes->pdata[i];

		g_string_append_printf(list, "%s%s/%s=%s", list->len > 0 ? ";" : "",
			write->directory + strlen(prefix), write->file, write->value);
		if (write->fallback != NULL)
			g_string_append_printf(list, "|%s", write->fallback);
		if (write->other_file != NULL)
			g_string_append_printf(
				list, "|%s=%s", write->other_file, write->other_value);
	}
	return g_string_free(list, FALSE);
}

static struct oci_io_limit one_limit[] = {{8, 0, 1000}};

static const struct {
	struct oci_resources resources;
	const char *v1;
	const char *v2;
} limits[] = {
	{{.memory_limit = 0, .memory_swappiness = -1}, "", ""},
	/* The VM's memory and the allowance, in bytes: 256 + 128 MiB. */
	{{.memory_limit = 1000, .memory_swappiness = -1}, "/m/x/memory.limit_in_bytes=402653184",
		"/x/memory.max=402653184"},
	{{.memory_limit = 1000, .memory_swap = 5000, .memory_swappiness = -1},
		"/m/x/memory.limit_in_bytes=402653184;/m/x/memory.memsw.limit_in_bytes=402657184",
		"/x/memory.max=402653184;/x/memory.swap.max=4000"},
	{{.memory_limit = -1, .memory_swappiness = -1},
		"/m/x/memory.limit_in_bytes=-1;/m/x/memory.memsw.limit_in_bytes=-1",
		"/x/memory.max=max;/x/memory.swap.max=max"},
	{{.memory_reservation = 5, .memory_swappiness = 0},
		"/m/x/memory.soft_limit_in_bytes=5;/m/x/memory.swappiness=0", "/x/memory.low=5"},
	{{.memory_swappiness = -1, .cpuset_cpus = (char *)"0-1", .cpuset_mems = (char *)"0"},
		"/s/x/cpuset.cpus=0-1;/s/x/cpuset.mems=0", "/x/cpuset.cpus=0-1;/x/cpuset.mems=0"},
	{{.memory_swappiness = -1,
		 .io_weight = 1000,
		 .io = {[OCI_IO_WRITE_BPS] = {one_limit, 1}, [OCI_IO_WEIGHT] = {one_limit, 1}}},
		"/b/x/blkio.bfq.weight=1000|blkio.weight=1000;"
		"/b/x/blkio.bfq.weight_device=8:0 1000|blkio.weight_device=8:0 1000;"
		"/b/x/blkio.throttle.write_bps_device=8:0 1000",
		"/x/io.bfq.weight=1000|io.weight=10000;/x/io.bfq.weight=8:0 1000|io.weight=8:0 "
		"10000;"
		"/x/io.max=8:0 wbps=1000"},
	{{.memory_swappiness = -1, .network_class = 7}, "/n/x/net_cls.classid=7", ""},
};

TEST(limits_of_the_host)
{
	const struct cgroup_vm vm = {.memory_mib = 256};
	g_autoptr(GPtrArray) v1 = places_v1();
	g_autoptr(GPtrArray) v2 = places_v2();
	g_autoptr(GPtrArray) writes_v1 = cgroup_limits(v1, &limits[_i].resources, &vm);
	g_autoptr(GPtrArray) writes_v2 = cgroup_limits(v2, &limits[_i].resources, &vm);
	g_autofree char *text_v1 = describe(writes_v1, "");
	g_autofree char *text_v2 = describe(writes_v2, test_directory());

	ck_assert_str_eq(text_v1, limits[_i].v1);
	ck_assert_str_eq(text_v2, limits[_i].v2);
}

/* Translated code is memory of the hypervisor's. */
TEST(an_emulated_vm_has_a_larger_allowance)
{
	const struct cgroup_vm vm = {.memory_mib = 256, .emulated = TRUE};
	const struct oci_resources resources = {.memory_limit = 1, .memory_swappiness = -1};
	g_autoptr(GPtrArray) places = places_v1();
	g_autoptr(GPtrArray) writes = cgroup_limits(places, &resources, &vm);
	g_autofree char *text = describe(writes, "");

	ck_assert_str_eq(text, "/m/x/memory.limit_in_bytes=536870912");
}

static const struct {
	struct oci_resources resources;
	const char *v1;
	const char *v2;
} cpu_limits[] = {
	{{.cpu_idle = -1}, "", ""},
	{{.cpu_idle = -1, .cpu_quota = 50000}, "/p/x/cpu.cfs_quota_us=75000|50000",
		"/x/cpu.max=75000 100000"},
	{{.cpu_idle = -1, .cpu_quota = 50000, .cpu_period = 20000},
		"/p/x/cpu.cfs_period_us=20000;/p/x/cpu.cfs_quota_us=55000|50000",
		"/x/cpu.max=55000 20000"},
	{{.cpu_idle = -1, .cpu_quota = -1}, "/p/x/cpu.cfs_quota_us=-1", "/x/cpu.max=max 100000"},
	{{.cpu_idle = -1, .cpu_shares = 1024, .cpu_burst = 10},
		"/p/x/cpu.shares=1024;/p/x/cpu.cfs_burst_us=10",
		"/x/cpu.weight=39;/x/cpu.max.burst=10"},
	{{.cpu_idle = 1, .cpu_shares = 1024}, "/p/x/cpu.idle=1", "/x/cpu.idle=1"},
};

TEST(limits_of_the_host_cpu)
{
	g_autoptr(GPtrArray) v1 = places_v1();
	g_autoptr(GPtrArray) v2 = places_v2();
	g_autoptr(GPtrArray) writes_v1 = cgroup_limits_of_cpu(v1, &cpu_limits[_i].resources);
	g_autoptr(GPtrArray) writes_v2 = cgroup_limits_of_cpu(v2, &cpu_limits[_i].resources);
	g_autofree char *text_v1 = describe(writes_v1, "");
	g_autofree char *text_v2 = describe(writes_v2, test_directory());

	ck_assert_str_eq(text_v1, cpu_limits[_i].v1);
	ck_assert_str_eq(text_v2, cpu_limits[_i].v2);
}

/* ---- in a directory that behaves as far as files do */

static void make_directory(const char *name)
{
	g_autofree char *path = test_path(name);

	ck_assert_int_eq(g_mkdir_with_parents(path, 0755), 0);
}

static void has_text(const char *name, const char *text)
{
	g_autofree char *path = test_path(name);
	g_autofree char *content = NULL;

	ck_assert_msg(g_file_get_contents(path, &content, NULL, NULL), "%s", path);
	ck_assert_str_eq(content, text);
}

static void write_text(const char *name, const char *text)
{
	g_free(test_write_file(name, text));
}

TEST(cpuset_is_inherited_level_by_level)
{
	g_autofree char *line =
		g_strdup_printf("1 2 0:3 / %s rw - cgroup cgroup rw,cpuset\n", test_directory());
	g_autoptr(GPtrArray) hierarchies = cgroup_hierarchies_parse(line, "1:cpuset:/\n");
	g_autoptr(GPtrArray) places = cgroup_places(hierarchies, "/a/b", "id");
	GError *error = NULL;

	/* A real one makes these files with the directory. */
	make_directory("a/b");
	write_text("cpuset.cpus", "0-3\n");
	write_text("cpuset.mems", "0\n");
	write_text("a/cpuset.cpus", "1\n");
	write_text("a/cpuset.mems", "\n");
	write_text("a/b/cpuset.cpus", "");
	write_text("a/b/cpuset.mems", "");
	test_succeeds(cgroup_make(places, &error), error);
	has_text("a/cpuset.cpus", "1\n");
	has_text("a/cpuset.mems", "0\n");
	has_text("a/b/cpuset.cpus", "1\n");
	has_text("a/b/cpuset.mems", "0\n");
}

TEST(a_unified_parent_hands_controllers_down)
{
	g_autofree char *controllers = test_write_file("cgroup.controllers", "memory\n");
	g_autofree char *line =
		g_strdup_printf("1 2 0:3 / %s rw - cgroup2 cgroup2 rw\n", test_directory());
	g_autoptr(GPtrArray) hierarchies = cgroup_hierarchies_parse(line, "0::/\n");
	g_autoptr(GPtrArray) places = cgroup_places(hierarchies, "/a/b", "id");
	GError *error = NULL;

	write_text("cgroup.subtree_control", "");
	make_directory("a/b");
	write_text("a/cgroup.subtree_control", "");
	write_text("a/b/cgroup.subtree_control", "");
	test_succeeds(cgroup_make(places, &error), error);
	has_text("cgroup.subtree_control", "+memory");
	has_text("a/cgroup.subtree_control", "+memory");
	has_text("a/b/cgroup.subtree_control", "");
}

TEST(a_cgroup_that_cannot_be_made_is_an_error)
{
	g_autoptr(GPtrArray) hierarchies = cgroup_hierarchies_parse(
		"1 2 0:3 / /dev/null rw - cgroup cgroup rw,memory\n", "1:memory:/\n");
	g_autoptr(GPtrArray) places = cgroup_places(hierarchies, "/x", "id");
	g_autoptr(GError) error = NULL;

	ck_assert(!cgroup_make(places, &error));
	ck_assert_ptr_nonnull(strstr(error->message, "make the cgroup /dev/null/x"));
}

TEST(limits_are_written_and_their_refusal_told)
{
	g_autoptr(GPtrArray) places = places_v2();
	const struct cgroup_vm vm = {.memory_mib = 1};
	const struct oci_resources resources = {
		.memory_limit = 5, .memory_swappiness = -1, .cpuset_cpus = (char *)"9"};
	g_autoptr(GPtrArray) writes = cgroup_limits(places, &resources, &vm);
	g_autoptr(GError) error = NULL;
	g_autofree char *words = NULL;

	make_directory("x");
	write_text("x/memory.max", "");
	ck_assert(!cgroup_write_all(writes, &error));
	has_text("x/memory.max", "135266304");
	words = g_strdup_printf("linux.resources.cpu.cpus: write \"9\" to %s/x/cpuset.cpus: "
				"No such file or directory",
		test_directory());
	test_error_is(error, CC_ERROR_NOT_FOUND, words);
}

TEST(members_are_opened_where_there_are_any)
{
	g_autoptr(GPtrArray) directories = g_ptr_array_new_with_free_func(g_free);
	GError *error = NULL;
	GArray *members;

	write_text("cgroup.procs", "");
	g_ptr_array_add(directories, g_strdup(test_directory()));
	g_ptr_array_add(directories, test_path("gone"));
	members = cgroup_open_members(directories, &error);
	test_succeeds(members != NULL, error);
	ck_assert_uint_eq(members->len, 1);
	test_succeeds(cgroup_move(members, 4711, &error), error);
	has_text("cgroup.procs", "4711");
	cgroup_close_members(members);
}

TEST(directories_are_removed_with_those_below)
{
	g_autoptr(GPtrArray) directories = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *path = test_path("x");
	GError *error = NULL;

	make_directory("x/below/deeper");
	g_ptr_array_add(directories, test_path("gone"));
	g_ptr_array_add(directories, g_strdup(path));
	test_succeeds(cgroup_remove(directories, &error), error);
	ck_assert_int_eq(access(path, F_OK), -1);
}

/* A sysfs has its directories from the kernel. */
TEST(a_cgroup_that_may_not_be_made_is_left_out)
{
	g_autoptr(GPtrArray) hierarchies = cgroup_hierarchies_parse(
		"1 2 0:3 / /sys/kernel rw - cgroup cgroup rw,memory\n", "1:memory:/\n");
	g_autoptr(GPtrArray) places = cgroup_places(hierarchies, "/x", "id");
	GError *error = NULL;

	test_succeeds(cgroup_make(places, &error), error);
	ck_assert_uint_eq(places->len, 0);
}

/* ---- systemd */

TEST(systemd_is_asked_for_a_scope)
{
	const struct cgroup_unit unit = {(char *)"a.slice", (char *)"p-n.scope"};
	const struct cgroup_vm vm = {.memory_mib = 256};
	const struct oci_resources resources = {
		.memory_limit = 1, .cpu_quota = 50000, .cpu_shares = 1024};
	g_autoptr(GVariant) arguments =
		g_variant_ref_sink(cgroup_systemd_arguments(&unit, 42, &resources, &vm));
	g_autofree char *text = g_variant_print(arguments, FALSE);

	ck_assert_str_eq(g_variant_get_type_string(arguments), "(ssa(sv)a(sa(sv)))");
	ck_assert_str_eq(text,
		"('p-n.scope', 'replace', [('Description', <'cc-oci-runtime container "
		"p-n.scope'>), "
		"('Slice', <'a.slice'>), ('Delegate', <true>), ('PIDs', <[uint32 42]>), "
		"('DefaultDependencies', <false>), ('CPUAccounting', <true>), "
		"('MemoryAccounting', <true>), ('IOAccounting', <true>), "
		"('TasksAccounting', <true>), ('MemoryMax', <uint64 402653184>), ('CPUWeight', "
		"<uint64 39>), "
		"('CPUQuotaPerSecUSec', <uint64 750000>)], [])");
}

TEST(a_host_without_systemd_says_so)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GError) unexpected = NULL;
	g_autofree char *nothing = test_path("none");
	g_autofree char *words = g_strdup_printf(
		"--systemd-cgroup: systemd is not the init system here (no %s)", nothing);

	ck_assert(!cgroup_systemd_check(nothing, &error));
	test_error_is(error, CC_ERROR_FAILED, words);
	test_succeeds(cgroup_systemd_check(test_directory(), &unexpected), unexpected);
}

static const struct test tests[] = {
	RUN(hybrid_hierarchies_are_found),
	RUN(own_cgroup_is_seen_through_the_mount),
	RUN(garbage_is_no_hierarchy),
	RUN_EACH(places_follow_the_path, G_N_ELEMENTS(places_of)),
	RUN_EACH(units_follow_the_path, G_N_ELEMENTS(units)),
	RUN_EACH(limits_of_the_host, G_N_ELEMENTS(limits)),
	RUN(an_emulated_vm_has_a_larger_allowance),
	RUN_EACH(limits_of_the_host_cpu, G_N_ELEMENTS(cpu_limits)),
	RUN(cpuset_is_inherited_level_by_level),
	RUN(a_unified_parent_hands_controllers_down),
	RUN(a_cgroup_that_cannot_be_made_is_an_error),
	RUN(a_cgroup_that_may_not_be_made_is_left_out),
	RUN(limits_are_written_and_their_refusal_told),
	RUN(members_are_opened_where_there_are_any),
	RUN(directories_are_removed_with_those_below),
	RUN(systemd_is_asked_for_a_scope),
	RUN(a_host_without_systemd_says_so),
};

TEST_MAIN("cgroup", tests)
