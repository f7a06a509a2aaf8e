/* SPDX-License-Identifier: GPL-2.0-only */
/* Finds network namespaces; changes none. */
#include "container/network.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>

#include "base/error.h"
#include "base/fd.h"

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
