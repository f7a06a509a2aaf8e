/* SPDX-License-Identifier: GPL-2.0-only */
/* Lists a container's processes. */
#include "agent/ps.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "agent/boot.h"
#include "agent/cleanup.h"
#include "agent/file.h"

enum {
	/* So that the answer fits into a frame whatever the container does. */
	PROCESSES_MAX = 4096,
	COMMAND_MAX = 4096,
	COMMANDS_MAX = 256 << 10,
	/* Pid namespaces nest to 32 (pid_namespaces(7)). */
	NAMESPACES_MAX = 33,
};

struct listing {
	/* The container's cgroup, below the root of the hierarchy. */
	const char *cgroup;
	/* How many pid namespaces the container's is within, itself included. */
	size_t depth;
	/* CLOCK_REALTIME at boot. */
	int64_t boot_ms;
	json_t *processes;
	/* What is left for command lines. */
	size_t text_left;
};

/* The fields of /proc/PID/stat that are shown; proc(5) has their numbers. */
struct stat_fields {
	char name[64];
	char state;
	int ppid;
	int pgid;
	int sid;
	int tty;
	unsigned long long user_ticks;
	unsigned long long system_ticks;
	long nice;
	long threads;
	unsigned long long start_ticks;
	unsigned long long virtual_size;
	long resident_pages;
};

static bool read_proc(pid_t pid, const char *name, char *out, size_t size)
{
	struct agent_error ignored;
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
	return file_read(path, out, size, &ignored);
}

/* In the cgroup or in one below it: "0::/c1\n", "0::/c1/x\n". */
static bool is_member(pid_t pid, const char *cgroup)
{
	size_t length = strlen(cgroup);
	char text[4096];

	return read_proc(pid, "cgroup", text, sizeof text) && strncmp(text, "0::", 3) == 0 &&
	       strncmp(text + 3, cgroup, length) == 0 &&
	       (text[3 + length] == '\n' || text[3 + length] == '/');
}

/* The value of a line of /proc/PID/status, behind "Name:"; the caller's. NULL: none. */
static char *status_value(pid_t pid, const char *name)
{
	size_t length = strlen(name);
	char path[64];
	FILE *file;
	char *line = NULL;
	size_t size = 0;
	bool found = false;

	snprintf(path, sizeof path, "/proc/%d/status", pid);
	file = fopen(path, "re");
	while (file != NULL && !found && getline(&line, &size, file) > 0)
		found = strncmp(line, name, length) == 0 && line[length] == ':';
	if (file != NULL)
		fclose(file);
	if (!found) {
		free(line);
		return NULL;
	}
	memmove(line, line + length + 1, strlen(line + length + 1) + 1);
	return line;
}

/* The number of a process, its group or its session in each of its namespaces, outermost first. */
static size_t read_numbers(pid_t pid, const char *name, int numbers[NAMESPACES_MAX])
{
	AUTO_FREE char *value = status_value(pid, name);
	const char *at = value;
	size_t n = 0;
	int used;

	while (at != NULL && n < NAMESPACES_MAX && sscanf(at, " %d%n", &numbers[n], &used) == 1) {
		at += used;
		n++;
	}
	return n;
}

/* That number as the container sees it: 0 for what is outside. */
static int own_number(pid_t pid, const char *name, size_t depth)
{
	int numbers[NAMESPACES_MAX];

	return pid > 0 && read_numbers(pid, name, numbers) >= depth ? numbers[depth - 1] : 0;
}

/* The effective one: the second of "real effective saved file". */
static int64_t effective_id(pid_t pid, const char *name)
{
	AUTO_FREE char *value = status_value(pid, name);
	unsigned id;

	return value != NULL && sscanf(value, " %*u %u", &id) == 1 ? (int64_t)id : -1;
}

static bool parse_stat(char *text, struct stat_fields *out)
{
	char *open = strchr(text, '(');
	char *close = strrchr(text, ')');

	if (open == NULL || close == NULL || close < open)
		return false;
	*close = '\0';
	snprintf(out->name, sizeof out->name, "%s", open + 1);
	return sscanf(close + 1,
		       " %c %d %d %d %d %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d %*d %ld %ld %*d "
		       "%llu %llu %ld",
		       &out->state, &out->ppid, &out->pgid, &out->sid, &out->tty, &out->user_ticks,
		       &out->system_ticks, &out->nice, &out->threads, &out->start_ticks,
		       &out->virtual_size, &out->resident_pages) == 12;
}

static int64_t milliseconds(unsigned long long ticks)
{
	return (int64_t)(ticks * 1000 / (unsigned long long)sysconf(_SC_CLK_TCK));
}

/* Text of a process: it may be anything, and JSON must be UTF-8. */
static json_t *make_text(char *text, size_t length)
{
	json_t *string;

	for (size_t i = 0; i < length; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			text[i] = text[i] == '\0' ? ' ' : '?';
	string = json_stringn(text, length);
	if (string != NULL)
		return string;
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)text[i] > 0x7f)
			text[i] = '?';
	return json_stringn(text, length);
}

/* The arguments with spaces between, or "[name]" of a process without any. */
static json_t *make_command(struct listing *listing, pid_t pid, const char *name)
{
	char path[64];
	char text[COMMAND_MAX];
	FILE *file;
	size_t most = listing->text_left < sizeof text ? listing->text_left : sizeof text;
	size_t length = 0;

	snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
	file = fopen(path, "re");
	if (file != NULL) {
		length = fread(text, 1, most, file);
		fclose(file);
	}
	while (length > 0 && text[length - 1] == '\0')
		length--;
	if (length == 0)
		length = (size_t)snprintf(text, sizeof text, "[%s]", name);
	else
		listing->text_left -= length;
	return make_text(text, length);
}

/* NULL when it has ended meanwhile. */
static json_t *describe(struct listing *listing, pid_t pid, const struct stat_fields *stat)
{
	const char state[] = {stat->state, '\0'};
	size_t depth = listing->depth;
	char *name = strdup(stat->name);
	json_int_t uid = effective_id(pid, "Uid");
	json_int_t gid = effective_id(pid, "Gid");
	json_t *process;

	if (uid < 0 || gid < 0 || name == NULL) {
		free(name);
		return NULL;
	}
	process = json_pack("{s:i s:i s:i s:i s:I s:I s:s s:i s:i s:i s:I s:I s:I s:I s:o s:o}",
		"pid", own_number(pid, "NSpid", depth), "ppid",
		own_number(stat->ppid, "NSpid", depth), "pgid", own_number(pid, "NSpgid", depth),
		"sid", own_number(pid, "NSsid", depth), "uid", uid, "gid", gid, "state", state,
		"tty", stat->tty, "nice", (int)stat->nice, "threads", (int)stat->threads, "cpuMs",
		(json_int_t)milliseconds(stat->user_ticks + stat->system_ticks), "startMs",
		(json_int_t)(listing->boot_ms + milliseconds(stat->start_ticks)), "virtual",
		(json_int_t)stat->virtual_size, "resident",
		(json_int_t)stat->resident_pages * sysconf(_SC_PAGESIZE), "name",
		make_text(name, strlen(name)), "command", make_command(listing, pid, stat->name));
	free(name);
	return process;
}

/* One that ends meanwhile is passed over. */
static bool add_process(struct listing *listing, pid_t pid, struct agent_error *error)
{
	char text[1024];
	struct stat_fields stat;
	json_t *process;

	if (!is_member(pid, listing->cgroup) || !read_proc(pid, "stat", text, sizeof text) ||
		!parse_stat(text, &stat))
		return true;
	process = describe(listing, pid, &stat);
	return process == NULL || json_array_append_new(listing->processes, process) == 0 ||
	       agent_error_set(error, AGENT_CODE_FAILED, "out of memory");
}

static bool add_all(struct listing *listing, struct agent_error *error)
{
	DIR *directory = opendir("/proc");
	bool done = directory != NULL;

	if (directory == NULL)
		return agent_error_set(error, AGENT_CODE_FAILED, "/proc cannot be read");
	for (const struct dirent *entry; done && (entry = readdir(directory)) != NULL;) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid > 0 && json_array_size(listing->processes) < PROCESSES_MAX)
			done = add_process(listing, pid, error);
	}
	closedir(directory);
	return done;
}

static int64_t clock_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The init tells how deep the container's namespace is; without one, it is the guest's own. */
static size_t namespace_depth(const struct container *container)
{
	int pids[NAMESPACES_MAX];
	size_t depth = 0;

	if (container->init != NULL && container->init->pid > 0)
		depth = read_numbers(container->init->pid, "NSpid", pids);
	return depth > 0 ? depth : 1;
}

json_t *ps_list(const struct container *container, struct agent_error *error)
{
	struct listing listing = {
		.cgroup = container->cgroup + strlen(CGROUP_DIRECTORY),
		.depth = namespace_depth(container),
		.boot_ms = clock_ms(CLOCK_REALTIME) - clock_ms(CLOCK_BOOTTIME),
		.processes = json_array(),
		.text_left = COMMANDS_MAX,
	};

	if (listing.processes == NULL) {
		agent_error_set(error, AGENT_CODE_FAILED, "out of memory");
		return NULL;
	}
	if (!add_all(&listing, error)) {
		json_decref(listing.processes);
		return NULL;
	}
	return json_pack("{s:o}", "processes", listing.processes);
}
