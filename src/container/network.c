/* SPDX-License-Identifier: GPL-2.0-only */
/* Finds network namespaces, and chooses what a VM gets from its own. */
#include "container/network.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/timeouts.h"
#include "net/join.h"

enum {
	/* Between two looks for a tap that is going. */
	TAP_LOOK_US = 20 * 1000,
};

static int open_namespace(const char *path, GError **error)
{
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0) {
		error_set_errno(error, errno, "network namespace %s", path);
		return -1;
	}
	if (ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNET) {
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "%s: not a network namespace", path);
		return -1;
	}
	return g_steal_fd(&fd);
}

gboolean network_open(const struct oci_spec *spec, int *out_fd, gboolean *out_new, GError **error)
{
	const struct oci_namespace *network = oci_spec_namespace(spec, "network");

	*out_fd = -1;
	*out_new = network != NULL && network->path == NULL;
	if (network == NULL || network->path == NULL)
		return TRUE;
	*out_fd = open_namespace(network->path, error);
	if (*out_fd >= 0)
		return TRUE;
	g_prefix_error(error,
		"%s/" OCI_CONFIG_NAME ": linux.namespaces[%" G_GSIZE_FORMAT "].path: ",
		spec->bundle, (gsize)(network - spec->namespaces));
	return FALSE;
}

int network_of_process(pid_t pid, GError **error)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/ns/net", (int)pid);

	return open_namespace(path, error);
}

/* otherwise: the answer where they cannot be compared. */
static gboolean is_same(int namespace, const char *path, gboolean otherwise)
{
	struct stat one;
	struct stat other;

	if (stat(path, &other) < 0 || fstat(namespace, &one) < 0)
		return otherwise;
	return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

gboolean network_is_host(int namespace)
{
	/* Who may not look at the first process's cannot be in it and have rights there either. */
	return is_same(namespace, "/proc/self/ns/net", TRUE) ||
	       is_same(namespace, "/proc/1/ns/net", FALSE);
}

static gboolean has_vhost(enum vm_accel accel)
{
	/* It is KVM that passes its interrupts and wake-ups. */
	return accel == VM_ACCEL_KVM && access("/dev/vhost-net", R_OK | W_OK) == 0;
}

struct vm_nic network_choose(const struct vm_config *vm, int namespace)
{
	struct vm_nic nic = {.netdev = VM_NETDEV_NONE, .queues = 1};

	if (vm->network == VM_NETWORK_NONE)
		return nic;
	if (vm->network == VM_NETWORK_USER || (namespace >= 0 && network_is_host(namespace))) {
		nic.netdev = VM_NETDEV_USER;
		nic.forwards = (const char *const *)vm->ports;
		return nic;
	}
	nic.netdev = VM_NETDEV_TAP;
	nic.vhost = has_vhost(vm->accel);
	nic.queues = vm_nic_queues(nic.vhost, vm->cpus);
	return nic;
}

/* The first name server of a resolv.conf, if it is one of 127.0.0.0/8; the caller frees. */
static char *loopback_server(const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line != NULL; line++) {
		g_auto(GStrv) words = g_strsplit_set(*line, " \t", -1);
		guint n = 0;

		/* Blanks between words make empty ones. */
		for (char **word = words; *word != NULL; word++)
			if (**word != '\0')
				words[n++] = *word;
		if (n < 2 || strcmp(words[0], "nameserver") != 0)
			continue;
		/* What listens on 127.0.0.1 is the container's own. */
		if (!g_str_has_prefix(words[1], "127.") || strcmp(words[1], "127.0.0.1") == 0)
			return NULL;
		return g_strdup(words[1]);
	}
	return NULL;
}

/* From the file that an engine mounts on /etc/resolv.conf. */
static char *network_resolver(const struct oci_spec *spec)
{
	enum { RESOLV_CONF_MAX = 64 << 10 };

	for (gsize i = 0; i < spec->n_mounts; i++) {
		const struct oci_mount *mount = &spec->mounts[i];
		g_autofree char *text = NULL;
		gsize size;

		if (!mount->is_bind || strcmp(mount->destination, "/etc/resolv.conf") != 0)
			continue;
		if (!file_read(mount->source, RESOLV_CONF_MAX, &text, &size, NULL))
			return NULL;
		return loopback_server(text);
	}
	return NULL;
}

gboolean network_connect(struct sandbox *sandbox, const struct oci_spec *spec, GError **error)
{
	g_autofree char *resolver = network_resolver(spec);

	if (sandbox_network(sandbox, resolver, error))
		return TRUE;
	g_prefix_error(error, "network: ");
	return FALSE;
}

/*
 * The tap goes with the last process that has it open: a hypervisor whose proxy was killed dies a
 * moment later. Of another VM, or one of the same name below another root, it stays. NULL when the
 * namespace cannot be read.
 */
static struct net_plan *read_abandoned(struct netlink *netlink, const char *id, GError **error)
{
	gint64 deadline = deadline_after(TIMEOUT_TAP_GONE_MS);

	for (;;) {
		g_autoptr(net_plan) plan = net_plan_read(netlink, error);
		const char *owner = plan != NULL ? net_plan_owner(plan) : NULL;

		if (owner == NULL || !g_str_has_prefix(id, owner) || deadline_left(deadline) <= 0)
			return g_steal_pointer(&plan);
		g_usleep(TAP_LOOK_US);
	}
}

static gboolean sweep_inside(const char *id, GError **error)
{
	g_autoptr(netlink_connection) netlink = netlink_open(0, error);
	g_autoptr(net_plan) plan = NULL;
	guint n;

	if (netlink == NULL)
		return FALSE;
	plan = read_abandoned(netlink, id, error);
	/* Another VM has it by now. */
	if (plan == NULL || net_plan_owner(plan) != NULL)
		return plan != NULL;
	if (!net_sweep(netlink, &n, error))
		return FALSE;
	if (n > 0)
		log_info("removed %u things from the network namespace", n);
	return TRUE;
}

void network_sweep(const struct oci_spec *spec, const char *id)
{
	g_autoptr(GError) error = NULL;
	auto_fd int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	auto_fd int namespace = -1;
	gboolean is_new;

	/* One that is gone has nothing of ours. */
	if (!network_open(spec, &namespace, &is_new, NULL) || namespace < 0 || own < 0 ||
		network_is_host(namespace) || setns(namespace, CLONE_NEWNET) < 0)
		return;
	if (!sweep_inside(id, &error))
		log_warning("network namespace: %s", error->message);
	if (setns(own, CLONE_NEWNET) < 0)
		g_error("cannot return to the network namespace: %s", g_strerror(errno));
}
