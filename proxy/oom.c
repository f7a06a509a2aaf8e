/* SPDX-License-Identifier: GPL-2.0-only */
/* Counts kills, and shows them in the host's cgroup. */
#include "proxy/oom.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/spawn.h"
#include "base/timeouts.h"
#include "proxy/victim.h"
#include "proxy/watch.h"

struct container {
	char *directory;
	guint64 kills;
	gboolean shown;
};

/* A victim under way. */
struct show {
	struct oom *oom;
	struct container *container;
	pid_t pid;
	int pidfd;
	struct watch watch;
	guint timer;
	/* The limit as it was before. */
	char *limit;
	/* The exit that waits for it. */
	char *process;
	char *id;
	int status;
};

struct oom {
	/* By id. */
	GHashTable *containers;
	GPtrArray *shows;
	struct logfile *log;
	const struct oom_events *events;
	void *data;
};

/* The id of a container's first process (docs/agent-protocol.md). */
#define INIT_PROCESS "init"

static void container_free(struct container *container)
{
	g_free(container->directory);
	g_free(container);
}

struct oom *oom_new(const struct oom_events *events, void *data)
{
	struct oom *oom = g_new0(struct oom, 1);

	oom->containers = g_hash_table_new_full(
		g_str_hash, g_str_equal, g_free, (GDestroyNotify)container_free);
	oom->shows = g_ptr_array_new();
	oom->events = events;
	oom->data = data;
	return oom;
}

void oom_set_log(struct oom *oom, struct logfile *log)
{
	oom->log = log;
}

gboolean oom_add(struct oom *oom, const char *container, const char *directory, GError **error)
{
	struct container *entry;

	if (g_hash_table_size(oom->containers) >= OOM_CONTAINERS_MAX) {
		g_set_error(error, CC_ERROR, CC_ERROR_FAILED, "too many containers");
		return FALSE;
	}
	if (g_hash_table_contains(oom->containers, container))
		return TRUE;
	entry = g_new0(struct container, 1);
	entry->directory = g_strdup(directory);
	g_hash_table_insert(oom->containers, g_strdup(container), entry);
	return TRUE;
}

void oom_count(struct oom *oom, const char *container, guint64 kills)
{
	struct container *entry = g_hash_table_lookup(oom->containers, container);

	if (entry == NULL || kills <= entry->kills)
		return;
	entry->kills = kills;
	logfile_note(oom->log, LOG_WARNING,
		"container %s: out of memory: %" G_GUINT64_FORMAT " processes killed so far",
		container, kills);
	oom->events->changed(oom->data);
}

guint64 oom_get_kills(const struct oom *oom, const char *container)
{
	const struct container *entry = g_hash_table_lookup(oom->containers, container);

	return entry != NULL ? entry->kills : 0;
}

static void show_free(struct show *show)
{
	g_free(show->limit);
	g_free(show->process);
	g_free(show->id);
	g_free(show);
}

/* With or without success: the exit is passed on. */
static void show_end(struct show *show)
{
	struct oom *oom = show->oom;
	g_autoptr(GError) error = NULL;

	watch_clear(&show->watch);
	timer_clear(&show->timer);
	fd_clear(&show->pidfd);
	if (!victim_restore(show->container->directory, show->limit, &error))
		logfile_note(oom->log, LOG_WARNING, "%s", error->message);
	g_ptr_array_remove_fast(oom->shows, show);
	oom->events->exited(show->id, show->process, show->status, oom->data);
	show_free(show);
}

static void on_victim_ended(GIOCondition condition, void *data)
{
	struct show *show = data;
	int status = 0;

	(void)condition;
	if (waitpid(show->pid, &status, WNOHANG) != show->pid)
		return;
	if (!WIFSIGNALED(status))
		logfile_note(show->oom->log, LOG_WARNING,
			"%s: the host's cgroup does not show that memory ran out",
			show->container->directory);
	show_end(show);
}

static gboolean on_victim_timeout(void *data)
{
	struct show *show = data;

	show->timer = 0;
	(void)kill(show->pid, SIGKILL);
	(void)waitpid(show->pid, NULL, 0);
	show_end(show);
	return G_SOURCE_REMOVE;
}

static gboolean begin(struct show *show, GError **error)
{
	show->limit = victim_save(show->container->directory, error);
	if (show->limit == NULL)
		return FALSE;
	show->pid = victim_start(show->container->directory, error);
	if (show->pid < 0)
		return FALSE;
	show->pidfd = (int)syscall(SYS_pidfd_open, show->pid, 0);
	if (show->pidfd < 0) {
		error_set_errno(error, errno, "pidfd_open");
		(void)kill(show->pid, SIGKILL);
		(void)waitpid(show->pid, NULL, 0);
		return FALSE;
	}
	watch_init(&show->watch, show->pidfd, G_IO_IN, on_victim_ended, show);
	show->timer = g_timeout_add(TIMEOUT_VICTIM_MS, on_victim_timeout, show);
	return TRUE;
}

/* FALSE: there is nothing to be shown, or it cannot be. */
static gboolean begin_show(struct oom *oom, const char *id, const char *process, int status)
{
	struct container *container = g_hash_table_lookup(oom->containers, id);
	g_autoptr(GError) error = NULL;
	struct show *show;

	if (container == NULL || container->kills == 0 || container->shown ||
		container->directory == NULL || strcmp(process, INIT_PROCESS) != 0)
		return FALSE;
	container->shown = TRUE;
	show = g_new0(struct show, 1);
	*show = (struct show){
		.oom = oom,
		.container = container,
		.pidfd = -1,
		.process = g_strdup(process),
		.id = g_strdup(id),
		.status = status,
	};
	if (begin(show, &error)) {
		g_ptr_array_add(oom->shows, show);
		return TRUE;
	}
	logfile_note(oom->log, LOG_WARNING, "out of memory is not shown: %s", error->message);
	show_free(show);
	return FALSE;
}

void oom_exit(struct oom *oom, const char *container, const char *process, int status)
{
	if (!begin_show(oom, container, process, status))
		oom->events->exited(container, process, status, oom->data);
}

void oom_finish(struct oom *oom)
{
	while (oom->shows->len > 0) {
		struct show *show = oom->shows->pdata[0];

		(void)kill(show->pid, SIGKILL);
		(void)waitpid(show->pid, NULL, 0);
		show_end(show);
	}
}

void oom_free(struct oom *oom)
{
	if (oom == NULL)
		return;
	oom_finish(oom);
	g_ptr_array_unref(oom->shows);
	g_hash_table_unref(oom->containers);
	g_free(oom);
}
