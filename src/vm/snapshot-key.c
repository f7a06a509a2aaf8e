/* SPDX-License-Identifier: GPL-2.0-only */
/* The key of a template. */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#include "base/error.h"
#include "vm/snapshot.h"

/* Of the form of what is saved; a new number makes all templates new. */
#define FORM "1"

/* Where QEMU finds, by itself, firmware that the command line does not name. */
static const char *const firmware_directories[] = {"/usr/share/qemu", "/usr/share/seabios"};

/* A part of the key: its length keeps it apart from the next. */
static void add(GChecksum *checksum, const char *part)
{
	g_autofree char *length = g_strdup_printf("%" G_GSIZE_FORMAT ":", strlen(part));

	g_checksum_update(checksum, (const guchar *)length, -1);
	g_checksum_update(checksum, (const guchar *)part, -1);
}

/* Which file it is, and in which version: a replaced or rewritten one is another. */
static void add_identity(GChecksum *checksum, const struct stat *status)
{
	g_autofree char *identity = g_strdup_printf("%ju:%ju:%jd:%jd.%09ld",
		(uintmax_t)status->st_dev, (uintmax_t)status->st_ino, (intmax_t)status->st_size,
		(intmax_t)status->st_mtim.tv_sec, status->st_mtim.tv_nsec);

	add(checksum, identity);
}

/* Every argument that is the path of a file stands for what is in it: kernel, initramfs, firmware.
 */
static void add_argument(GChecksum *checksum, const char *argument)
{
	struct stat status;

	add(checksum, argument);
	if (*argument == '/' && stat(argument, &status) == 0 && S_ISREG(status.st_mode))
		add_identity(checksum, &status);
}

/* A package that brings other firmware changes the directory. */
static void add_firmware(GChecksum *checksum)
{
	struct stat status;

	for (gsize i = 0; i < G_N_ELEMENTS(firmware_directories); i++)
		if (stat(firmware_directories[i], &status) == 0)
			add_identity(checksum, &status);
}

/* With `-cpu host` and the like, the guest has found the processor's own features. */
static void add_processor(GChecksum *checksum)
{
#if defined(__x86_64__) || defined(__i386__)
	static const guint leaves[] = {0, 1, 7};

	for (gsize i = 0; i < G_N_ELEMENTS(leaves); i++) {
		guint registers[4] = {0};

		__cpuid_count(leaves[i], 0, registers[0], registers[1], registers[2], registers[3]);
		/* Of leaf 1, EBX has the number of the processor that was asked. */
		if (leaves[i] == 1)
			registers[1] = 0;
		g_checksum_update(checksum, (const guchar *)registers, sizeof registers);
	}
#else
	(void)checksum;
#endif
}

static gboolean add_hypervisor(GChecksum *checksum, const char *path, GError **error)
{
	struct stat status;

	if (stat(path, &status) < 0) {
		error_set_errno(error, errno, "%s", path);
		return FALSE;
	}
	add(checksum, path);
	add_identity(checksum, &status);
	return TRUE;
}

/* The host's kernel is a part of KVM. */
static void add_host(GChecksum *checksum)
{
	struct utsname host;

	if (uname(&host) == 0) {
		add(checksum, host.machine);
		add(checksum, host.release);
	}
	add_processor(checksum);
}

char *vm_snapshot_key(
	const struct vm_args *args, enum vm_accel accel, guint32 agent_version, GError **error)
{
	g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
	g_autofree char *version = g_strdup_printf("%u", agent_version);

	add(checksum, FORM);
	add(checksum, PACKAGE_VERSION);
	add(checksum, version);
	add(checksum, vm_accel_name(accel));
	if (!add_hypervisor(checksum, args->shape[0], error))
		return NULL;
	for (char **argument = args->shape + 1; *argument != NULL; argument++)
		add_argument(checksum, *argument);
	add_firmware(checksum);
	add_host(checksum);
	return g_strdup(g_checksum_get_string(checksum));
}
