/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads and follows the logs of a VM. */
#include "container/logs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/interrupt.h"
#include "container/container.h"
#include "container/directory.h"
#include "oci/id.h"

struct source {
	char *path;
	/* -1: not there (yet). */
	int fd;
};

enum {
	SOURCES_MAX = 2,
};

struct reading {
	const struct logs_request *request;
	struct source sources[SOURCES_MAX];
	int n_sources;
	/* The one whose words came last. */
	const struct source *last;
	/* inotify(7) on the directory, and the end of the proxy; -1: does not run. */
	int changes;
	int end;
};

static const struct {
	enum logs_source source;
	const char *name;
} files[SOURCES_MAX] = {
	{LOGS_HYPERVISOR, "hypervisor.log"},
	{LOGS_CONSOLE, "console.log"},
};

static int open_file(const char *path)
{
	return open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK);
}

/* Hands on all that is in the file from where it was left. */
static gboolean drain(struct reading *reading, const struct source *source, int fd, GError **error)
{
	char data[16384];

	for (;;) {
		gssize got = read(fd, data, sizeof data);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			error_set_errno(error, errno, "%s", source->path);
			return FALSE;
		}
		if (got == 0)
			return TRUE;
		if (!reading->request->put(
			    reading->last != source ? source->path : NULL, data, (gsize)got, error))
			return FALSE;
		reading->last = source;
	}
}

/* Whether the log has been begun anew: its path is another file than ours. */
static gboolean is_another(const struct source *source)
{
	struct stat ours;
	struct stat theirs;

	return stat(source->path, &theirs) == 0 &&
	       (source->fd < 0 || fstat(source->fd, &ours) < 0 || ours.st_ino != theirs.st_ino);
}

static gboolean read_source(struct reading *reading, struct source *source, GError **error)
{
	if (source->fd >= 0 && !drain(reading, source, source->fd, error))
		return FALSE;
	if (!is_another(source))
		return TRUE;
	/* Once more: nothing is added to it any longer. */
	if (source->fd >= 0 && !drain(reading, source, source->fd, error))
		return FALSE;
	fd_clear(&source->fd);
	source->fd = open_file(source->path);
	return source->fd < 0 || drain(reading, source, source->fd, error);
}

static gboolean read_all(struct reading *reading, GError **error)
{
	for (int i = 0; i < reading->n_sources; i++)
		if (!read_source(reading, &reading->sources[i], error))
			return FALSE;
	return TRUE;
}

/* What a log held before it was begun anew, the last time. */
static gboolean read_old(struct reading *reading, GError **error)
{
	for (int i = 0; i < reading->n_sources; i++) {
		const struct source *source = &reading->sources[i];
		g_autofree char *path = g_strconcat(source->path, ".old", NULL);
		auto_fd int fd = open_file(path);

		if (fd >= 0 && !drain(reading, source, fd, error))
			return FALSE;
	}
	return TRUE;
}

static void open_sources(struct reading *reading, const char *directory)
{
	for (int i = 0; i < SOURCES_MAX; i++) {
		struct source *source = &reading->sources[reading->n_sources];

		if (!(reading->request->sources & (int)files[i].source))
			continue;
		*source = (struct source){
			.path = g_build_filename(directory, files[i].name, NULL),
			.fd = -1,
		};
		reading->n_sources++;
	}
}

static gboolean watch(struct reading *reading, const char *directory, GError **error)
{
	reading->changes = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (reading->changes >= 0 && inotify_add_watch(reading->changes, directory,
					     IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_ONLYDIR) >= 0)
		return TRUE;
	error_set_errno(error, errno, "watch %s", directory);
	return FALSE;
}

/* What has changed does not matter: all is looked at. */
static void drop_changes(int fd)
{
	char events[4096];

	while (read(fd, events, sizeof events) > 0)
		;
}

/* FALSE: told to stop. Waits without a deadline while the VM runs: that may be for ever. */
static gboolean wait_for_more(const struct reading *reading, gboolean *out_ended)
{
	struct pollfd entries[] = {
		{.fd = reading->changes, .events = POLLIN},
		{.fd = reading->end, .events = POLLIN},
	};

	(void)interrupt_poll(entries, G_N_ELEMENTS(entries), -1);
	if (interrupt_signal() != 0)
		return FALSE;
	drop_changes(reading->changes);
	*out_ended = entries[1].revents != 0;
	return TRUE;
}

static gboolean follow(struct reading *reading, const char *directory,
	const struct process_ref *proxy, GError **error)
{
	gboolean ended = FALSE;

	if (!watch(reading, directory, error))
		return FALSE;
	reading->end = (int)syscall(SYS_pidfd_open, proxy->pid, 0);
	/* Looked at after opening: if it is the right one now, the descriptor is its. */
	if (reading->end < 0 || !process_is_alive(proxy))
		ended = TRUE;
	do {
		if (!read_all(reading, error))
			return FALSE;
	} while (!ended && wait_for_more(reading, &ended));
	return !ended || read_all(reading, error);
}

/* Where the logs are, the caller's; *out_proxy is whose end ends them. */
static char *find_directory(const struct settings *settings, const char *id,
	struct process_ref *out_proxy, GError **error)
{
	g_autoptr(GError) cause = NULL;
	g_autoptr(oci_state) state = container_state(settings, id, &cause);
	g_autofree char *kept = NULL;

	if (state != NULL) {
		*out_proxy = state->proxy;
		return *state->logs != '\0' ? g_strdup(state->logs)
					    : directory_path(settings, state->sandbox);
	}
	if (g_error_matches(cause, CC_ERROR, CC_ERROR_NOT_FOUND) &&
		settings->hypervisor_log_directory != NULL) {
		kept = directory_logs_path(settings, id);
		if (access(kept, R_OK | X_OK) == 0)
			return g_steal_pointer(&kept);
	}
	g_propagate_error(error, g_steal_pointer(&cause));
	return NULL;
}

static void reading_clear(struct reading *reading)
{
	for (int i = 0; i < reading->n_sources; i++) {
		g_free(reading->sources[i].path);
		fd_clear(&reading->sources[i].fd);
	}
	fd_clear(&reading->changes);
	fd_clear(&reading->end);
}

gboolean logs_read(
	const struct settings *settings, const struct logs_request *request, GError **error)
{
	struct reading reading = {.request = request, .changes = -1, .end = -1};
	struct process_ref proxy = {0};
	g_autofree char *directory = find_directory(settings, request->id, &proxy, error);
	gboolean done;

	if (directory == NULL)
		return FALSE;
	open_sources(&reading, directory);
	done = read_old(&reading, error) &&
	       (request->follow ? follow(&reading, directory, &proxy, error)
				: read_all(&reading, error));
	reading_clear(&reading);
	return done;
}
