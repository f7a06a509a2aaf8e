/* SPDX-License-Identifier: GPL-2.0-only */
/* Filters and sends messages for the service manager. */
#include "proxy/notify.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"

/*
 * What a container may say (sd_notify(3), "Well-known assignments"). Not among them: MAINPID,
 * FDSTORE and their kin, which are about the host; MONOTONIC_USEC, by a clock that is the guest's.
 */
static const char *const allowed[] = {
	"READY=",
	"RELOADING=",
	"STOPPING=",
	"STATUS=",
	"ERRNO=",
	"BUSERROR=",
	"EXIT_STATUS=",
	"WATCHDOG=",
	"WATCHDOG_USEC=",
	"EXTEND_TIMEOUT_USEC=",
	"X_",
};

struct receiver {
	struct sockaddr_un address;
	pid_t pid;
};

struct notify {
	struct logfile *log;
	int fd;
	/* Container to struct receiver. */
	GHashTable *receivers;
};

struct notify *notify_new(struct logfile *log)
{
	struct notify *notify = g_new0(struct notify, 1);

	notify->log = log;
	notify->fd = -1;
	notify->receivers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return notify;
}

void notify_free(struct notify *notify)
{
	if (notify == NULL)
		return;
	fd_clear(&notify->fd);
	g_hash_table_unref(notify->receivers);
	g_free(notify);
}

static gboolean open_socket(struct notify *notify, GError **error)
{
	if (notify->fd >= 0)
		return TRUE;
	notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (notify->fd >= 0)
		return TRUE;
	error_set_errno(error, errno, "make a socket");
	return FALSE;
}

gboolean notify_add(
	struct notify *notify, const char *container, const char *path, gint64 pid, GError **error)
{
	struct receiver receiver = {.address.sun_family = AF_UNIX, .pid = (pid_t)pid};

	if (*path != '/' || strlen(path) >= sizeof receiver.address.sun_path) {
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID,
			"socket \"%s\": not an absolute path of less than %zu bytes", path,
			sizeof receiver.address.sun_path);
		return FALSE;
	}
	if (!g_hash_table_contains(notify->receivers, container) &&
		g_hash_table_size(notify->receivers) >= NOTIFY_CONTAINERS_MAX) {
		g_set_error(error, CC_ERROR, CC_ERROR_FAILED, "too many containers");
		return FALSE;
	}
	if (!open_socket(notify, error))
		return FALSE;
	strcpy(receiver.address.sun_path, path);
	g_hash_table_insert(
		notify->receivers, g_strdup(container), g_memdup2(&receiver, sizeof receiver));
	return TRUE;
}

static gboolean may_pass(const char *line)
{
	for (gsize i = 0; i < G_N_ELEMENTS(allowed); i++)
		if (g_str_has_prefix(line, allowed[i]))
			return TRUE;
	return FALSE;
}

char *notify_filter(const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	GString *passed = g_string_new(NULL);

	for (char **line = lines; *line != NULL; line++)
		if (may_pass(*line))
			g_string_append_printf(passed, "%s%s", passed->len > 0 ? "\n" : "", *line);
	return g_string_free(passed, FALSE);
}

/*
 * The service manager looks at the sender: with NotifyAccess=main it hears the unit's main process
 * alone, for which we may speak as root.
 */
static gboolean send_as(
	const struct notify *notify, struct receiver *receiver, const char *text, gboolean with_pid)
{
	struct iovec data = {.iov_base = (void *)text, .iov_len = strlen(text)};
	struct ucred sender = {.pid = receiver->pid, .uid = geteuid(), .gid = getegid()};
	union {
		char bytes[CMSG_SPACE(sizeof sender)];
		struct cmsghdr header;
	} control = {.header = {
			     .cmsg_len = CMSG_LEN(sizeof sender),
			     .cmsg_level = SOL_SOCKET,
			     .cmsg_type = SCM_CREDENTIALS,
		     }};
	struct msghdr message = {
		.msg_name = &receiver->address,
		.msg_namelen = sizeof receiver->address,
		.msg_iov = &data,
		.msg_iovlen = 1,
	};

	memcpy(CMSG_DATA(&control.header), &sender, sizeof sender);
	if (with_pid) {
		message.msg_control = &control;
		message.msg_controllen = sizeof control;
	}
	return sendmsg(notify->fd, &message, MSG_NOSIGNAL) >= 0;
}

void notify_pass(struct notify *notify, const char *container, const char *text)
{
	struct receiver *receiver = g_hash_table_lookup(notify->receivers, container);
	g_autofree char *passed = notify_filter(text);

	if (receiver == NULL || *passed == '\0')
		return;
	if (receiver->pid != 0 && send_as(notify, receiver, passed, TRUE))
		return;
	if (!send_as(notify, receiver, passed, FALSE))
		logfile_note(notify->log, LOG_WARNING, "notify %s: %s", receiver->address.sun_path,
			g_strerror(errno));
}
