/* SPDX-License-Identifier: GPL-2.0-only */
/* Looks at the host: its kernel, its rights, our own programs, networks, cgroups. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "cgroup/hierarchy.h"
#include "container/fitness.h"

/* close_range(2) and pidfds are used, mount_setattr(2) where it is there. */
enum {
	LINUX_MAJOR = 5,
	LINUX_MINOR = 9,
};

static void look_linux(const struct fitness *fitness, struct finding *finding)
{
	struct utsname name;
	int major = 0;
	int minor = 0;

	(void)fitness;
	uname(&name);
	(void)sscanf(name.release, "%d.%d", &major, &minor);

	gboolean good = major > LINUX_MAJOR || (major == LINUX_MAJOR && minor >= LINUX_MINOR);

	finding_set(finding, good ? FITNESS_OK : FITNESS_MISSING, "use Linux 5.9 or newer",
		"Linux %s", name.release);
}

static void look_rights(const struct fitness *fitness, struct finding *finding)
{
	(void)fitness;
	if (geteuid() == 0)
		finding_set(finding, FITNESS_OK, NULL, "root");
	else
		finding_set(finding, FITNESS_WARNING,
			"run containers as root; this check has looked as far as it could",
			"user %u: mounts and network namespaces need root", (guint)geteuid());
}

gboolean fitness_can_make(const char *directory)
{
	g_autofree char *path = g_strdup(directory);

	while (access(path, F_OK) < 0 && strcmp(path, "/") != 0) {
		char *above = g_path_get_dirname(path);

		g_free(path);
		path = above;
	}
	return access(path, W_OK | X_OK) == 0;
}

static void look_root(const struct fitness *fitness, struct finding *finding)
{
	if (fitness_can_make(fitness->settings->root))
		finding_set(finding, FITNESS_OK, NULL, "%s", fitness->settings->root);
	else
		finding_set(finding, FITNESS_MISSING,
			"name another directory with --root, or call as root", "%s: %s",
			fitness->settings->root, g_strerror(errno));
}

static void look_programs(const struct fitness *fitness, struct finding *finding)
{
	const char *paths[] = {fitness->settings->proxy_path, fitness->settings->shim_path};

	for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
		if (access(paths[i], X_OK) == 0)
			continue;
		finding_set(finding, FITNESS_MISSING, "install it: make install", "%s: %s",
			paths[i], g_strerror(errno));
		return;
	}
	finding_set(finding, FITNESS_OK, NULL, "%s, %s", paths[0], paths[1]);
}

static void look_device(
	const char *path, const char *use, const char *remedy, struct finding *finding)
{
	auto_fd int fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (fd >= 0)
		finding_set(finding, FITNESS_OK, NULL, "%s", path);
	else
		finding_set(finding, FITNESS_WARNING, errno == EACCES ? "call as root" : remedy,
			"%s: %s: %s", path, g_strerror(errno), use);
}

static void look_tun(const struct fitness *fitness, struct finding *finding)
{
	(void)fitness;
	look_device("/dev/net/tun", "no link of a network namespace reaches a guest",
		"modprobe tun, as root", finding);
}

static void look_vhost(const struct fitness *fitness, struct finding *finding)
{
	(void)fitness;
	look_device(
		"/dev/vhost-net", "networks are slower", "modprobe vhost_net, as root", finding);
}

static void look_passt(const struct fitness *fitness, struct finding *finding)
{
	g_autofree char *path = g_find_program_in_path("passt");

	(void)fitness;
	if (path != NULL)
		finding_set(finding, FITNESS_OK, NULL, "%s", path);
	else
		finding_set(finding, FITNESS_WARNING, "install the package passt",
			"no passt: a network without root is QEMU's own, which is slower");
}

static char *describe(const GPtrArray *hierarchies)
{
	guint unified = 0;

	for (guint i = 0; i < hierarchies->len; i++)
		if (((const struct cgroup_hierarchy *)hierarchies->pdata[i])->unified)
			unified++;
	if (unified == hierarchies->len)
		return g_strdup("version 2");
	return g_strdup(unified > 0 ? "version 1, and 2 beside it" : "version 1");
}

static void look_cgroups(const struct fitness *fitness, struct finding *finding)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) hierarchies = cgroup_hierarchies_load(&error);
	g_autofree char *text = NULL;

	(void)fitness;
	if (hierarchies == NULL || hierarchies->len == 0) {
		finding_set(finding, FITNESS_WARNING, "mount a cgroup hierarchy at /sys/fs/cgroup",
			"%s: nothing on the host is limited or accounted",
			error != NULL ? error->message : "none mounted");
		return;
	}
	text = describe(hierarchies);

	const struct cgroup_hierarchy *first = hierarchies->pdata[0];

	if (access(first->mount, W_OK) == 0)
		finding_set(finding, FITNESS_OK, NULL, "%s", text);
	else
		finding_set(finding, FITNESS_WARNING, "call as root, or mount it writable",
			"%s, but %s: %s", text, first->mount, g_strerror(errno));
}

const struct fitness_check fitness_host_checks[] = {
	{"linux", look_linux},
	{"rights", look_rights},
	{"root", look_root},
	{"programs", look_programs},
	{"cgroups", look_cgroups},
	{"tun", look_tun},
	{"vhost-net", look_vhost},
	{"passt", look_passt},
	{NULL},
};
