/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads the files of a cgroup v2 (Documentation/admin-guide/cgroup-v2.rst). */
#include "agent/stats.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/cleanup.h"
#include "agent/file.h"

enum {
	FILE_SIZE_MAX = 16 << 10,
	LINES_MAX = 256,
};

/* Files with one number, or "max" for -1. */
static const struct {
	const char *section;
	const char *member;
	const char *file;
} numbers[] = {
	{"memory", "current", "memory.current"},
	{"memory", "max", "memory.max"},
	{"memory", "peak", "memory.peak"},
	{"memory", "swap", "memory.swap.current"},
	{"memory", "swapMax", "memory.swap.max"},
	{"pids", "current", "pids.current"},
	{"pids", "max", "pids.max"},
};

/* Files with a line "KEY NUMBER" each. */
static const struct {
	const char *section;
	const char *member;
	const char *file;
} tables[] = {
	{"cpu", "stat", "cpu.stat"},
	{"memory", "stat", "memory.stat"},
	{"memory", "events", "memory.events"},
	{"pids", "events", "pids.events"},
};

static bool read_text(const char *directory, const char *file, char text[FILE_SIZE_MAX])
{
	AUTO_FREE char *path = NULL;
	struct agent_error missing;

	return asprintf(&path, "%s/%s", directory, file) >= 0 &&
	       file_read(path, text, FILE_SIZE_MAX, &missing);
}

/* The object in an object, made if need be; borrowed. */
static json_t *section(json_t *object, const char *name)
{
	json_t *inner = json_object_get(object, name);

	if (inner != NULL)
		return inner;
	json_object_set_new(object, name, json_object());
	return json_object_get(object, name);
}

static json_t *parse_number(const char *text)
{
	if (strncmp(text, "max", 3) == 0)
		return json_integer(-1);
	return json_integer((json_int_t)strtoull(text, NULL, 10));
}

static void collect_numbers(json_t *figures, const char *directory, char text[FILE_SIZE_MAX])
{
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		if (read_text(directory, numbers[i].file, text))
			json_object_set_new(section(figures, numbers[i].section), numbers[i].member,
				parse_number(text));
}

/* "KEY NUMBER\n" or, of io.stat, "KEY=NUMBER KEY=NUMBER". */
static json_t *parse_table(char *text, const char *separators, const char *between)
{
	json_t *table = json_object();
	char *rest;
	int lines = 0;

	for (char *line = strtok_r(text, separators, &rest); line != NULL && lines < LINES_MAX;
		line = strtok_r(NULL, separators, &rest), lines++) {
		char *number = strpbrk(line, between);

		if (number == NULL)
			continue;
		*number++ = '\0';
		json_object_set_new(table, line, parse_number(number));
	}
	return table;
}

static void collect_tables(json_t *figures, const char *directory, char text[FILE_SIZE_MAX])
{
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		if (read_text(directory, tables[i].file, text))
			json_object_set_new(section(figures, tables[i].section), tables[i].member,
				parse_table(text, "\n", " "));
}

/* A line a device: "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0". */
static void collect_io(json_t *figures, const char *directory, char text[FILE_SIZE_MAX])
{
	json_t *devices;
	char *rest;

	if (!read_text(directory, "io.stat", text))
		return;
	devices = json_array();
	for (char *line = strtok_r(text, "\n", &rest); line != NULL;
		line = strtok_r(NULL, "\n", &rest)) {
		unsigned major;
		unsigned minor;
		json_t *device;

		if (sscanf(line, "%u:%u", &major, &minor) != 2)
			continue;
		device = parse_table(line, " ", "=");
		json_object_set_new(device, "major", json_integer(major));
		json_object_set_new(device, "minor", json_integer(minor));
		json_array_append_new(devices, device);
	}
	json_object_set_new(figures, "io", devices);
}

/* Of each page size that the guest has: hugetlb.2MB.current and the like. */
static void collect_hugepages(json_t *figures, const char *directory, char text[FILE_SIZE_MAX])
{
	static const char suffix[] = ".current";
	DIR *files = opendir(directory);

	if (files == NULL)
		return;
	for (const struct dirent *entry; (entry = readdir(files)) != NULL;) {
		char size[32];
		char name[64];
		size_t length = strlen(entry->d_name);
		json_t *pages;

		if (length < sizeof suffix || length >= sizeof name ||
			strcmp(entry->d_name + length - strlen(suffix), suffix) != 0 ||
			sscanf(entry->d_name, "hugetlb.%31[0-9KMGB]", size) != 1 ||
			strstr(entry->d_name, "rsvd") != NULL ||
			!read_text(directory, entry->d_name, text))
			continue;
		pages = section(section(figures, "hugetlb"), size);
		json_object_set_new(pages, "current", parse_number(text));
		snprintf(name, sizeof name, "hugetlb.%s.max", size);
		if (read_text(directory, name, text))
			json_object_set_new(pages, "max", parse_number(text));
	}
	closedir(files);
}

/* Of the whole guest, in bytes: what is not the container's is the VM's own. */
static void collect_guest(json_t *figures, char text[FILE_SIZE_MAX])
{
	static const struct {
		const char *key;
		const char *member;
	} lines[] = {{"MemTotal:", "total"}, {"MemFree:", "free"}, {"MemAvailable:", "available"}};

	if (!read_text("/proc", "meminfo", text))
		return;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		const char *line = strstr(text, lines[i].key);

		if (line != NULL)
			json_object_set_new(section(figures, "guest"), lines[i].member,
				json_integer(
					strtoll(line + strlen(lines[i].key), NULL, 10) * 1024));
	}
}

json_t *stats_collect(const char *directory, struct agent_error *error)
{
	json_t *figures = json_object();
	AUTO_FREE char *text = malloc(FILE_SIZE_MAX);

	if (figures == NULL || text == NULL) {
		json_decref(figures);
		agent_error_set(error, AGENT_CODE_FAILED, "out of memory");
		return NULL;
	}
	collect_numbers(figures, directory, text);
	collect_tables(figures, directory, text);
	collect_io(figures, directory, text);
	collect_hugepages(figures, directory, text);
	collect_guest(figures, text);
	return figures;
}
