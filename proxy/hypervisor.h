/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * QEMU as our child: started with its four sockets, its output logged, its end reported.
 *
 * It is killed by the kernel when we die. Its last words on stderr are kept, since they say best
 * why it ended.
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

#include "proxy/logfile.h"

enum hypervisor_socket {
	HYPERVISOR_QMP,
	HYPERVISOR_CONTROL,
	HYPERVISOR_TTY,
	HYPERVISOR_CONSOLE,
	HYPERVISOR_SOCKETS,
};

/* The names of the sockets in requests and records. */
extern const char *const hypervisor_socket_names[HYPERVISOR_SOCKETS];

/* A descriptor of ours, and its number in the hypervisor (base/hypervisor.h). */
struct hypervisor_descriptor {
	int fd;
	int number;
};

struct hypervisor;

/* It is gone and reaped, words: "exit status 1: qemu-system-x86_64: …". Called once. */
typedef void (*hypervisor_ended_func)(const char *words, void *data);

struct hypervisor_config {
	/* argv[0] is a path, or a name to be found on PATH. */
	const char *const *argv;
	/* Its ends of the sockets (HYPERVISOR_FD_*), -1 for those that it makes itself. */
	int sockets[HYPERVISOR_SOCKETS];
	/* What else it gets. */
	const struct hypervisor_descriptor *descriptors;
	gsize n_descriptors;
	struct logfile *log;
	hypervisor_ended_func ended;
	void *data;
};

/*
 * Executes it, in our working directory. The descriptors and the log remain the caller's. The
 * caller frees, which kills and reaps what still runs.
 */
struct hypervisor *hypervisor_start(
	const struct hypervisor_config *config, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void hypervisor_free(struct hypervisor *hypervisor);

pid_t hypervisor_pid(const struct hypervisor *hypervisor);
/* What it said last on stderr, as one line; "" for nothing. The caller frees. */
char *hypervisor_last_words(const struct hypervisor *hypervisor);

/* SIGKILL; `ended` follows, at the latest after TIMEOUT_PROCESS_EXIT_MS. */
void hypervisor_kill(struct hypervisor *hypervisor);
