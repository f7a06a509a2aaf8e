/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Keeps a template's files from being changed: the immutable attribute (FS_IOC_SETFLAGS), where the
 * file system and our rights have it.
 *
 * QEMU opens the memory's file for writing, though it maps it private, so the attribute is taken
 * off while one does. Whoever starts one holds a shared lock on the template's directory for as
 * long; the last of them, who gets it exclusively, puts the attribute back.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "vm/snapshot-private.h"
#include "vm/snapshot-store.h"

enum {
	/* Somebody is putting it back, which takes microseconds. */
	LOCK_TRIES = 200,
	LOCK_RETRY_US = 500,
};

static void set_immutable(int fd, gboolean immutable)
{
	int flags = 0;
	int wanted;

	/* What a file system cannot do is left undone: the files are checked before each use. */
	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0)
		return;
	wanted = immutable ? flags | FS_IMMUTABLE_FL : flags & ~FS_IMMUTABLE_FL;
	if (wanted != flags)
		(void)ioctl(fd, FS_IOC_SETFLAGS, &wanted);
}

gboolean snapshot_open_memory(struct vm_snapshot *snapshot, GError **error)
{
	const struct timespec pause = {.tv_nsec = LOCK_RETRY_US * 1000};

	for (int i = 0; flock(snapshot->directory, LOCK_SH | LOCK_NB) < 0; i++) {
		if (errno != EWOULDBLOCK || i == LOCK_TRIES) {
			error_set_errno(error, errno, "lock the template");
			return FALSE;
		}
		(void)nanosleep(&pause, NULL);
	}
	set_immutable(snapshot->ram, FALSE);
	return TRUE;
}

/* An upgrade that fails loses the lock as well (flock(2)): the last to try gets it. */
static void seal_memory(const struct vm_snapshot *snapshot)
{
	if (snapshot->directory >= 0 && snapshot->ram >= 0 &&
		flock(snapshot->directory, LOCK_EX | LOCK_NB) == 0)
		set_immutable(snapshot->ram, TRUE);
}

void vm_snapshot_clear(struct vm_snapshot *snapshot)
{
	seal_memory(snapshot);
	fd_clear(&snapshot->state);
	fd_clear(&snapshot->ram);
	fd_clear(&snapshot->directory);
	g_clear_pointer(&snapshot->checksum, g_free);
}

/* Each of a template's files that is there. */
static void set_all_immutable(const char *path, gboolean immutable)
{
	static const char *const names[] = {SNAPSHOT_RAM, SNAPSHOT_STATE, SNAPSHOT_META};

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *file = g_build_filename(path, names[i], NULL);
		auto_fd int fd =
			open(file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

		if (fd >= 0)
			set_immutable(fd, immutable);
	}
}

void snapshot_seal(const char *path)
{
	set_all_immutable(path, TRUE);
}

gboolean snapshot_remove(const char *path, GError **error)
{
	set_all_immutable(path, FALSE);
	return file_remove_tree(path, error);
}
