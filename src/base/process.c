/* SPDX-License-Identifier: GPL-2.0-only */
/* Processes by pid and start time. */
#include "base/process.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"

enum {
	STAT_SIZE_MAX = 4096,
};

/* Parses "pid (comm) state ppid … starttime"; comm may hold anything, so from its last ')'. */
static gboolean parse_stat(const char *stat, char *out_state, guint64 *out_start_time)
{
	const char *rest = strrchr(stat, ')');

	return rest != NULL &&
	       sscanf(rest + 1,
		       " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d "
		       "%*d %" G_GUINT64_FORMAT,
		       out_state, out_start_time) == 2;
}

gboolean process_ref_get(pid_t pid, struct process_ref *out_ref, GError **error)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/stat", (int)pid);
	g_autofree char *stat = NULL;
	gsize size;
	char state;
	guint64 start_time;

	if (!file_read(path, STAT_SIZE_MAX, &stat, &size, NULL) ||
		!parse_stat(stat, &state, &start_time) || state == 'Z' || state == 'X') {
		g_set_error(error, CC_ERROR, CC_ERROR_NOT_FOUND, "process %d is gone", (int)pid);
		return FALSE;
	}
	*out_ref = (struct process_ref){.pid = pid, .start_time = start_time};
	return TRUE;
}

JsonObject *process_ref_to_json(const struct process_ref *ref)
{
	JsonObject *object = json_object_new();

	json_object_set_int_member(object, "pid", ref->pid);
	json_object_set_int_member(object, "startTime", (gint64)ref->start_time);
	return object;
}

gboolean process_ref_parse(JsonObject *object, const char *path, const char *member,
	struct process_ref *out_ref, GError **error)
{
	g_autofree char *place = json_path(path, member);
	JsonObject *reference = NULL;
	gint64 pid = 0;
	gint64 start_time = 0;

	if (!json_require_object(object, path, member, &reference, error) ||
		!json_require_integer(reference, place, "pid", 0, G_MAXINT32, &pid, error) ||
		!json_require_integer(
			reference, place, "startTime", 0, G_MAXINT64, &start_time, error))
		return FALSE;
	*out_ref = (struct process_ref){.pid = (pid_t)pid, .start_time = (guint64)start_time};
	return TRUE;
}

gboolean process_is_alive(const struct process_ref *ref)
{
	struct process_ref now;

	return ref->pid > 0 && process_ref_get(ref->pid, &now, NULL) &&
	       now.start_time == ref->start_time;
}

/* A pidfd of that very process, or -1 when it is gone. */
static int open_pidfd(const struct process_ref *ref)
{
	if (ref->pid <= 0)
		return -1;

	auto_fd int fd = (int)syscall(SYS_pidfd_open, ref->pid, 0);

	/* Looked at after opening: if it is the right one now, the descriptor is its. */
	if (fd < 0 || !process_is_alive(ref))
		return -1;
	return g_steal_fd(&fd);
}

gboolean process_signal(const struct process_ref *ref, int signal)
{
	auto_fd int fd = open_pidfd(ref);

	return fd >= 0 && syscall(SYS_pidfd_send_signal, fd, signal, NULL, 0) == 0;
}

gboolean process_wait_gone(const struct process_ref *ref, gint64 deadline, GError **error)
{
	auto_fd int fd = open_pidfd(ref);

	if (fd < 0)
		return TRUE;
	if (!fd_wait(fd, POLLIN, deadline, error)) {
		g_prefix_error(error, "wait for the end of process %d: ", (int)ref->pid);
		return FALSE;
	}
	return TRUE;
}
