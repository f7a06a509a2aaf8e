/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether what a vm_config names is there. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "vm/config.h"

/* NULL path: not given, fine. */
static gboolean check_file(const struct vm_config *config, const char *key, const char *path,
	int access_mode, GError **error)
{
	struct stat status;

	if (path == NULL)
		return TRUE;
	if (stat(path, &status) < 0 || access(path, access_mode) < 0) {
		error_set_errno(error, errno, "%s: vm.%s: %s", config->source, key, path);
		return FALSE;
	}
	if (!S_ISREG(status.st_mode)) {
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "%s: vm.%s: %s: not a regular file",
			config->source, key, path);
		return FALSE;
	}
	return TRUE;
}

static gboolean find_hypervisor(struct vm_config *config, GError **error)
{
	if (strchr(config->hypervisor_path, '/') != NULL)
		return TRUE;

	char *found = g_find_program_in_path(config->hypervisor_path);

	if (found == NULL) {
		g_set_error(error, CC_ERROR, CC_ERROR_NOT_FOUND,
			"%s: vm.path: %s: not found on PATH", config->source,
			config->hypervisor_path);
		return FALSE;
	}
	g_free(config->hypervisor_path);
	config->hypervisor_path = found;
	return TRUE;
}

gboolean vm_config_check_files(struct vm_config *config, GError **error)
{
	return find_hypervisor(config, error) &&
	       check_file(config, "path", config->hypervisor_path, X_OK, error) &&
	       check_file(config, "kernel.path", config->kernel_path, R_OK, error) &&
	       check_file(config, "initrd", config->initrd_path, R_OK, error) &&
	       check_file(config, "image", config->image_path, R_OK, error);
}
