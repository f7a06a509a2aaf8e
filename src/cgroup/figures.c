/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads counters of cgroups v1 and v2. */
#include "cgroup/figures.h"

#include <string.h>

#include "base/file.h"

enum {
	FILE_SIZE_MAX = 16 << 10,
	NS_PER_US = 1000,
};

/* v1 says "no limit" as the largest number of whole pages. */
#define NO_LIMIT (G_GINT64_CONSTANT(1) << 62)

static char *read_text(const char *directory, const char *file)
{
	g_autofree char *path = g_build_filename(directory, file, NULL);
	char *text = NULL;
	gsize size;

	return file_read(path, FILE_SIZE_MAX, &text, &size, NULL) ? g_strchomp(text) : NULL;
}

/* The number in the file, if there is one. */
static void read_number(const char *directory, const char *file, gint64 *out_number)
{
	g_autofree char *text = read_text(directory, file);

	if (text != NULL)
		(void)g_ascii_string_to_signed(text, 10, 0, G_MAXINT64, out_number, NULL);
}

/* v2's cpu.stat: "usage_usec N" is its first line. */
static void read_cpu_stat(const char *directory, gint64 *out_number)
{
	static const char key[] = "usage_usec ";
	g_autofree char *text = read_text(directory, "cpu.stat");
	const char *line = text != NULL ? strstr(text, key) : NULL;

	if (line != NULL)
		*out_number = g_ascii_strtoll(line + strlen(key), NULL, 10) * NS_PER_US;
}

void cgroup_figures_read(const GPtrArray *directories, struct cgroup_figures *out_figures)
{
	static const struct {
		const char *file;
		gsize offset;
	} files[] = {
		{"memory.usage_in_bytes", G_STRUCT_OFFSET(struct cgroup_figures, memory_usage)},
		{"memory.current", G_STRUCT_OFFSET(struct cgroup_figures, memory_usage)},
		{"memory.limit_in_bytes", G_STRUCT_OFFSET(struct cgroup_figures, memory_limit)},
		{"memory.max", G_STRUCT_OFFSET(struct cgroup_figures, memory_limit)},
		{"memory.max_usage_in_bytes", G_STRUCT_OFFSET(struct cgroup_figures, memory_peak)},
		{"memory.peak", G_STRUCT_OFFSET(struct cgroup_figures, memory_peak)},
		{"cpuacct.usage", G_STRUCT_OFFSET(struct cgroup_figures, cpu_total)},
		{"pids.current", G_STRUCT_OFFSET(struct cgroup_figures, pids)},
	};

	*out_figures = (struct cgroup_figures){-1, -1, -1, -1, -1};
	for (guint i = 0; i < directories->len; i++) {
		const char *directory = directories->pdata[i];

		for (gsize j = 0; j < G_N_ELEMENTS(files); j++)
			read_number(directory, files[j].file,
				&G_STRUCT_MEMBER(gint64, out_figures, files[j].offset));
		/* Beside v1, the v2 hierarchy counts CPU time too: the same. */
		if (out_figures->cpu_total < 0)
			read_cpu_stat(directory, &out_figures->cpu_total);
	}
	if (out_figures->memory_limit >= NO_LIMIT)
		out_figures->memory_limit = -1;
}
