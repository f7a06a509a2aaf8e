/* SPDX-License-Identifier: GPL-2.0-only */
/* Takes memory until it is killed. */
#include "proxy/victim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/spawn.h"

enum {
	NUMBER_SIZE_MAX = 64,
	MIB = 1 << 20,
	/* Above what is in use when the limit is set. */
	MARGIN = MIB,
	/*
	 * What it takes before, so that the kernel, which goes by size too, prefers it to a
	 * hypervisor with a share of a template's memory; and what it asks for then.
	 */
	WEIGHT = 128 * MIB,
	APPETITE = 64 * MIB,
	/* Usage may grow between being read and being made the limit. */
	TRIES = 16,
};

/* The files of v2, else those of v1. */
static gboolean is_unified(const char *directory)
{
	g_autofree char *path = g_build_filename(directory, "memory.max", NULL);

	return access(path, F_OK) == 0;
}

static char *limit_file(const char *directory)
{
	return g_build_filename(
		directory, is_unified(directory) ? "memory.max" : "memory.limit_in_bytes", NULL);
}

static int write_text(const char *path, const char *text)
{
	auto_fd int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd >= 0 && write(fd, text, strlen(text)) > 0 ? 0 : errno;
}

char *victim_save(const char *directory, GError **error)
{
	g_autofree char *path = limit_file(directory);
	char *text = NULL;
	gsize size;

	return file_read(path, NUMBER_SIZE_MAX, &text, &size, error) ? g_strchomp(text) : NULL;
}

gboolean victim_restore(const char *directory, const char *limit, GError **error)
{
	g_autofree char *path = limit_file(directory);
	/* v1 says "none" as a number that it does not take back. */
	int failure = write_text(path, limit);

	if (failure == EINVAL)
		failure = write_text(path, "-1");
	if (failure == 0)
		return TRUE;
	error_set_errno(error, failure, "%s", path);
	return FALSE;
}

pid_t victim_start(const char *directory, GError **error)
{
	const char *const argv[] = {"cc-proxy", "--out-of-memory", directory, NULL};
	g_autofree char *path = g_build_filename(directory, "cgroup.procs", NULL);
	auto_fd int members = open(path, O_WRONLY | O_CLOEXEC);
	g_autoptr(GArray) cgroups = g_array_new(FALSE, FALSE, sizeof(int));
	struct spawn spawn = SPAWN_INIT;

	if (members < 0) {
		error_set_errno(error, errno, "%s", path);
		return -1;
	}
	g_array_append_val(cgroups, members);
	spawn.path = "/proc/self/exe";
	spawn.argv = argv;
	spawn.cgroups = cgroups;
	spawn.die_with_parent = TRUE;
	return spawn_process(&spawn, error);
}

/* What can be had back without a kill is no reason for one: caches go first. */
static void reclaim(const char *directory)
{
	g_autofree char *limit = g_build_filename(directory, "memory.limit_in_bytes", NULL);
	g_autofree char *unified = g_build_filename(directory, "memory.reclaim", NULL);

	/* v1: refused as busy, but not before all that could go has gone. v2 says how much. */
	if (is_unified(directory))
		(void)write_text(unified, "1G");
	else
		(void)write_text(limit, "0");
}

static gboolean read_usage(const char *directory, guint64 *out_usage)
{
	g_autofree char *path = g_build_filename(directory,
		is_unified(directory) ? "memory.current" : "memory.usage_in_bytes", NULL);
	g_autofree char *text = NULL;
	gsize size;

	return file_read(path, NUMBER_SIZE_MAX, &text, &size, NULL) &&
	       g_ascii_string_to_unsigned(g_strchomp(text), 10, 0, G_MAXINT64, out_usage, NULL);
}

static gboolean lower_limit(const char *directory)
{
	g_autofree char *path = limit_file(directory);
	guint64 usage;

	for (int i = 1; i <= TRIES; i++) {
		g_autofree char *text = NULL;

		if (!read_usage(directory, &usage))
			return FALSE;
		text = g_strdup_printf("%" G_GUINT64_FORMAT, usage + (guint64)i * MARGIN);
		if (write_text(path, text) == 0)
			return TRUE;
	}
	return FALSE;
}

static void take(char *memory, int size)
{
	for (int taken = 0; taken < size; taken += MIB) {
		memset(memory + taken, 1, MIB);
		/* Not to be swapped out instead. Without the right, it may be. */
		(void)mlock(memory + taken, MIB);
	}
}

void victim_run(const char *directory)
{
	char *memory;

	if (write_text("/proc/self/oom_score_adj", "1000") != 0)
		return;
	memory = mmap(NULL, WEIGHT + APPETITE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		-1, 0);
	if (memory == MAP_FAILED)
		return;
	take(memory, WEIGHT);
	reclaim(directory);
	if (lower_limit(directory))
		take(memory + WEIGHT, APPETITE);
}
