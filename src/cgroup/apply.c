/* SPDX-License-Identifier: GPL-2.0-only */
/* The system calls for cgroups of the host. */
#include "cgroup/apply.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/timeouts.h"
#include "cgroup/hierarchy.h"

enum {
	FILE_SIZE_MAX = 4096,
	/* Between two tries to remove a cgroup; the kernel tells of its emptiness in v2 alone. */
	REMOVE_RETRY_MS = 10,
};

/* 0 or an errno. */
static int write_file(const char *directory, const char *file, const char *value)
{
	g_autofree char *path = g_build_filename(directory, file, NULL);
	auto_fd int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		return errno;
	return 0;
}

/* A v1 cpuset is empty at first, and nobody can be in an empty one. */
static gboolean inherit_cpuset(const char *parent, const char *directory, GError **error)
{
	static const char *const files[] = {"cpuset.cpus", "cpuset.mems"};

	for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autofree char *from = g_build_filename(parent, files[i], NULL);
		g_autofree char *to = g_build_filename(directory, files[i], NULL);
		g_autofree char *text = NULL;
		g_autofree char *own = NULL;
		gsize size;
		int failure;

		if (!file_read(to, FILE_SIZE_MAX, &own, &size, error))
			return FALSE;
		if (*g_strstrip(own) != '\0')
			continue;
		if (!file_read(from, FILE_SIZE_MAX, &text, &size, error))
			return FALSE;
		failure = write_file(directory, files[i], text);
		if (failure != 0) {
			error_set_errno(error, failure, "%s", to);
			return FALSE;
		}
	}
	return TRUE;
}

/* In v2 a cgroup has the controllers that its parent hands down. What cannot be had is left. */
static void hand_down(const struct cgroup_place *place, const char *parent)
{
	for (char **name = place->controllers; *name != NULL; name++) {
		g_autofree char *enable = g_strconcat("+", *name, NULL);
		int failure = write_file(parent, "cgroup.subtree_control", enable);

		if (failure != 0)
			log_debug("%s: hand down the controller %s: %s", parent, *name,
				g_strerror(failure));
	}
}

static gboolean prepare(
	const struct cgroup_place *place, const char *parent, const char *directory, GError **error)
{
	return place->unified || !cgroup_has_controller(place->controllers, "cpuset") ||
	       inherit_cpuset(parent, directory, error);
}

/* Makes a place, level by level. *out_errno: what stood in the way. */
static gboolean make_place(const struct cgroup_place *place, int *out_errno, GError **error)
{
	g_auto(GStrv) names = g_strsplit(place->path + strlen(place->mount), "/", -1);
	g_autofree char *parent = g_strdup(place->mount);

	*out_errno = 0;
	for (char **name = names; *name != NULL; name++) {
		g_autofree char *directory = g_build_filename(parent, *name, NULL);

		if (**name == '\0')
			continue;
		if (place->unified)
			hand_down(place, parent);
		if (mkdir(directory, 0755) < 0 && errno != EEXIST) {
			*out_errno = errno;
			error_set_errno(error, errno, "make the cgroup %s", directory);
			return FALSE;
		}
		if (!prepare(place, parent, directory, error))
			return FALSE;
		g_free(parent);
		parent = g_steal_pointer(&directory);
	}
	return TRUE;
}

static gboolean is_denied(int number)
{
	return number == EROFS || number == EACCES || number == EPERM;
}

gboolean cgroup_make(GPtrArray *places, GError **error)
{
	gboolean warned = FALSE;
	int number;

	for (guint i = 0; i < places->len;) {
		g_autoptr(GError) cause = NULL;

		if (make_place(places->pdata[i], &number, &cause)) {
			i++;
			continue;
		}
		if (!is_denied(number)) {
			g_propagate_error(error, g_steal_pointer(&cause));
			return FALSE;
		}
		if (!warned)
			log_warning("%s: limits hold in the guest alone", cause->message);
		warned = TRUE;
		g_ptr_array_remove_index(places, i);
	}
	return TRUE;
}

static int write_limit(const struct cgroup_write *limit)
{
	int failure = write_file(limit->directory, limit->file, limit->value);

	if (failure == EINVAL && limit->fallback != NULL)
		failure = write_file(limit->directory, limit->file, limit->fallback);
	if (failure == ENOENT && limit->other_file != NULL)
		failure = write_file(limit->directory, limit->other_file, limit->other_value);
	return failure;
}

/*
 * Writes twice what depends on its neighbours (a memory limit must be below that of memory and
 * swap, whichever is raised or lowered first).
 */
gboolean cgroup_write_all(const GPtrArray *writes, GError **error)
{
	g_autofree int *failures = g_new0(int, writes->len + 1);

	for (int round = 0; round < 2; round++)
		for (guint i = 0; i < writes->len; i++)
			if (round == 0 || failures[i] != 0)
				failures[i] = write_limit(writes->pdata[i]);
	for (guint i = 0; i < writes->len; i++) {
		const struct cgroup_write *limit = writes->pdata[i];

		if (failures[i] == 0)
			continue;
		if (limit->required) {
			error_set_errno(error, failures[i], "%s: write \"%s\" to %s/%s",
				limit->origin, limit->value, limit->directory, limit->file);
			return FALSE;
		}
		log_warning("%s: not limited on the host: write \"%s\" to %s/%s: %s", limit->origin,
			limit->value, limit->directory, limit->file, g_strerror(failures[i]));
	}
	return TRUE;
}

GArray *cgroup_open_members(const GPtrArray *directories, GError **error)
{
	GArray *members = g_array_new(FALSE, FALSE, sizeof(int));

	for (guint i = 0; i < directories->len; i++) {
		g_autofree char *path =
			g_build_filename(directories->pdata[i], "cgroup.procs", NULL);
		int fd = open(path, O_WRONLY | O_CLOEXEC);

		if (fd >= 0) {
			g_array_append_val(members, fd);
		} else if (errno != ENOENT && errno != ENODEV) {
			error_set_errno(error, errno, "%s", path);
			cgroup_close_members(members);
			return NULL;
		}
	}
	return members;
}

void cgroup_close_members(GArray *members)
{
	if (members == NULL)
		return;
	for (guint i = 0; i < members->len; i++)
		close(g_array_index(members, int, i));
	g_array_unref(members);
}

gboolean cgroup_move(const GArray *members, pid_t pid, GError **error)
{
	g_autofree char *text = g_strdup_printf("%d", (int)pid);

	for (guint i = 0; i < members->len; i++) {
		if (write(g_array_index(members, int, i), text, strlen(text)) < 0) {
			error_set_errno(error, errno, "move process %s into its cgroup", text);
			return FALSE;
		}
	}
	return TRUE;
}

/* Removes it and what is below it, the deepest first. 0 or an errno. */
static int remove_directory(const char *path)
{
	g_autoptr(GDir) directory = NULL;
	const char *name;

	if (rmdir(path) == 0 || errno == ENOENT)
		return 0;
	directory = g_dir_open(path, 0, NULL);
	while (directory != NULL && (name = g_dir_read_name(directory)) != NULL) {
		g_autofree char *below = g_build_filename(path, name, NULL);
		struct stat status;

		if (lstat(below, &status) == 0 && S_ISDIR(status.st_mode))
			(void)remove_directory(below);
	}
	return rmdir(path) == 0 || errno == ENOENT ? 0 : errno;
}

static gboolean remove_when_empty(const char *path, gint64 deadline, GError **error)
{
	int failure;

	while ((failure = remove_directory(path)) == EBUSY && deadline_left(deadline) > 0)
		g_usleep(REMOVE_RETRY_MS * 1000);
	if (failure == 0)
		return TRUE;
	error_set_errno(error, failure, "remove the cgroup %s", path);
	return FALSE;
}

gboolean cgroup_remove(const GPtrArray *directories, GError **error)
{
	gint64 deadline = deadline_after(TIMEOUT_PROCESS_EXIT_MS);
	gboolean done = TRUE;

	/* All are tried; the first failure is the one that is told. */
	for (guint i = 0; i < directories->len; i++) {
		g_autoptr(GError) cause = NULL;

		if (remove_when_empty(directories->pdata[i], deadline, &cause))
			continue;
		if (done)
			g_propagate_error(error, g_steal_pointer(&cause));
		done = FALSE;
	}
	return done;
}
