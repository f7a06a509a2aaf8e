/* SPDX-License-Identifier: GPL-2.0-only */
/* Whole files and trees. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"

gboolean file_read(const char *path, gsize most, char **out_data, gsize *out_size, GError **error)
{
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0) {
		error_set_errno(error, errno, "%s", path);
		return FALSE;
	}

	g_autoptr(GByteArray) content = g_byte_array_new();

	for (;;) {
		guint8 chunk[16384];
		gssize got = read(fd, chunk, sizeof chunk);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			error_set_errno(error, errno, "%s", path);
			return FALSE;
		}
		if (got == 0)
			break;
		g_byte_array_append(content, chunk, (guint)got);
		if (content->len > most) {
			g_set_error(error, CC_ERROR, CC_ERROR_INVALID,
				"%s: larger than %" G_GSIZE_FORMAT " bytes", path, most);
			return FALSE;
		}
	}
	*out_size = content->len;
	g_byte_array_append(content, (const guint8 *)"", 1);
	*out_data = (char *)g_byte_array_free(g_steal_pointer(&content), FALSE);
	return TRUE;
}

gboolean file_write_atomic(
	const char *path, const void *data, gsize size, mode_t mode, GError **error)
{
	g_autofree char *temporary = g_strdup_printf("%s.XXXXXX", path);
	auto_fd int fd = g_mkstemp_full(temporary, O_RDWR | O_CLOEXEC, (int)mode);

	if (fd < 0) {
		error_set_errno(error, errno, "create %s", temporary);
		return FALSE;
	}
	if (!fd_write_all(fd, data, size, error)) {
		g_prefix_error(error, "%s: ", temporary);
	} else if (rename(temporary, path) < 0) {
		error_set_errno(error, errno, "rename %s to %s", temporary, path);
	} else {
		return TRUE;
	}
	(void)unlink(temporary);
	return FALSE;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *where)
{
	(void)status;
	(void)where;

	int flags = type == FTW_DP ? AT_REMOVEDIR : 0;

	return unlinkat(AT_FDCWD, path, flags) < 0 && errno != ENOENT ? -1 : 0;
}

gboolean file_remove_tree(const char *path, GError **error)
{
	enum { DESCRIPTORS = 16 };

	if (nftw(path, remove_entry, DESCRIPTORS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) < 0 &&
		errno != ENOENT) {
		error_set_errno(error, errno, "remove %s", path);
		return FALSE;
	}
	return TRUE;
}
