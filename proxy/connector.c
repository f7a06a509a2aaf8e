/* SPDX-License-Identifier: GPL-2.0-only */
/* Waits for sockets by inotify(7) and connects to them. */
#include "proxy/connector.h"

#include <errno.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/timeouts.h"
#include "proxy/watch.h"

enum {
	/* Between bind(2), which inotify tells, and listen(2), which nothing tells. */
	RETRY_MS = 5,
};

struct connector {
	char *paths[HYPERVISOR_SOCKETS];
	int inotify;
	struct watch watch;
	guint retry_timer;
	guint deadline_timer;
	const struct connector_events *events;
	void *data;
};

static void stop(struct connector *connector)
{
	watch_clear(&connector->watch);
	timer_clear(&connector->retry_timer);
	timer_clear(&connector->deadline_timer);
}

/* Tries one; a socket that is not there yet, or not listening yet, is left for later. */
static gboolean try_one(struct connector *connector, enum hypervisor_socket socket, GError **error)
{
	const char *path = connector->paths[socket];
	g_autofree char *directory = g_path_get_dirname(path);
	g_autofree char *name = g_path_get_basename(path);
	g_autoptr(GError) cause = NULL;
	int fd = fd_connect_at(directory, name, &cause);

	if (fd >= 0) {
		g_clear_pointer(&connector->paths[socket], g_free);
		connector->events->connected(socket, fd, connector->data);
		return TRUE;
	}
	if (g_error_matches(cause, CC_ERROR, CC_ERROR_NOT_FOUND))
		return TRUE;
	g_propagate_error(error, g_steal_pointer(&cause));
	return FALSE;
}

static gboolean on_retry(void *data);

static void try_all(struct connector *connector)
{
	g_autoptr(GError) error = NULL;
	gboolean missing = FALSE;
	gboolean made = FALSE;

	for (int i = 0; i < HYPERVISOR_SOCKETS; i++) {
		if (connector->paths[i] != NULL && !try_one(connector, i, &error)) {
			stop(connector);
			connector->events->failed(error, connector->data);
			return;
		}
		if (connector->paths[i] == NULL)
			continue;
		missing = TRUE;
		made = made || access(connector->paths[i], F_OK) == 0;
	}
	if (!missing)
		stop(connector);
	else if (made && connector->retry_timer == 0)
		connector->retry_timer = g_timeout_add(RETRY_MS, on_retry, connector);
}

static gboolean on_retry(void *data)
{
	struct connector *connector = data;

	connector->retry_timer = 0;
	try_all(connector);
	return G_SOURCE_REMOVE;
}

static void on_inotify(GIOCondition condition, void *data)
{
	struct connector *connector = data;
	char events[4096];

	(void)condition;
	if (read(connector->inotify, events, sizeof events) > 0)
		try_all(connector);
}

static gboolean on_deadline(void *data)
{
	struct connector *connector = data;
	g_autoptr(GError) error = NULL;

	connector->deadline_timer = 0;
	for (int i = 0; i < HYPERVISOR_SOCKETS && error == NULL; i++)
		if (connector->paths[i] != NULL)
			g_set_error(&error, CC_ERROR, CC_ERROR_TIMEOUT,
				"the hypervisor did not make its %s socket %s",
				hypervisor_socket_names[i], connector->paths[i]);
	stop(connector);
	connector->events->failed(error, connector->data);
	return G_SOURCE_REMOVE;
}

/* The first look is from the main loop too, so that no event comes before `new` has returned. */
static gboolean watch_directories(struct connector *connector, GError **error)
{
	for (int i = 0; i < HYPERVISOR_SOCKETS; i++) {
		if (connector->paths[i] == NULL)
			continue;

		g_autofree char *directory = g_path_get_dirname(connector->paths[i]);

		if (inotify_add_watch(connector->inotify, directory, IN_CREATE | IN_MOVED_TO) < 0) {
			error_set_errno(error, errno, "watch %s", directory);
			return FALSE;
		}
		if (connector->retry_timer == 0)
			connector->retry_timer = g_timeout_add(0, on_retry, connector);
	}
	return TRUE;
}

struct connector *connector_new(char *const paths[HYPERVISOR_SOCKETS],
	const struct connector_events *events, void *data, GError **error)
{
	struct connector *connector = g_new0(struct connector, 1);

	connector->events = events;
	connector->data = data;
	for (int i = 0; i < HYPERVISOR_SOCKETS; i++)
		connector->paths[i] = g_strdup(paths[i]);
	connector->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (connector->inotify < 0) {
		error_set_errno(error, errno, "inotify");
		connector_free(connector);
		return NULL;
	}
	if (!watch_directories(connector, error)) {
		connector_free(connector);
		return NULL;
	}
	if (connector->retry_timer != 0) {
		watch_init(&connector->watch, connector->inotify, G_IO_IN, on_inotify, connector);
		connector->deadline_timer =
			g_timeout_add(TIMEOUT_HYPERVISOR_SOCKET_MS, on_deadline, connector);
	}
	return connector;
}

void connector_free(struct connector *connector)
{
	if (connector == NULL)
		return;
	stop(connector);
	fd_clear(&connector->inotify);
	for (int i = 0; i < HYPERVISOR_SOCKETS; i++)
		g_free(connector->paths[i]);
	g_free(connector);
}
