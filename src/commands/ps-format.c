/* SPDX-License-Identifier: GPL-2.0-only */
/* Columns of ps(1), and tables of them. */
#include "commands/ps-format.h"

#include <string.h>

#include "base/error.h"
#include "sandbox/processes.h"

/* Majors of terminals (Documentation/admin-guide/devices.txt). */
enum {
	MAJOR_TTY = 4,
	MAJOR_CONSOLE = 5,
	MAJOR_PTS_FIRST = 136,
	MAJOR_PTS_LAST = 143,
	DAY_MS = 24 * 60 * 60 * 1000,
};

/* A text of a process, the caller's. */
typedef char *(*column_text)(const struct guest_process *process, gint64 now);

struct column {
	const char *name;
	const char *title;
	gboolean right;
	column_text text;
};

struct ps_column {
	const struct column *column;
	char *title;
};

struct ps_format {
	/* struct ps_column, in their order. */
	GArray *columns;
};

static char *text_uid(const struct guest_process *process, gint64 now)
{
	(void)now;
	return g_strdup_printf("%u", process->uid);
}

static char *text_gid(const struct guest_process *process, gint64 now)
{
	(void)now;
	return g_strdup_printf("%u", process->gid);
}

static char *text_pid(const struct guest_process *process, gint64 now)
{
	(void)now;
	return g_strdup_printf("%d", process->pid);
}

static char *text_ppid(const struct guest_process *process, gint64 now)
{
	(void)now;
	return g_strdup_printf("%d", process->ppid);
}

static char *text_pgid(const struct guest_process *process, gint64 now)
{
	(void)now;
	return g_strdup_printf("%d", process->pgid);
}

static char *text_sid(const struct guest_process *process, gint64 now)
{
	(void)now;
	return g_strdup_printf("%d", process->sid);
}

static gint64 age(const struct guest_process *process, gint64 now)
{
	return MAX(now - process->start_ms, 1);
}

/* Of one processor, over its life. */
static double percent(const struct guest_process *process, gint64 now)
{
	return MIN(100.0 * (double)process->cpu_ms / (double)age(process, now), 9999.0);
}

static char *text_c(const struct guest_process *process, gint64 now)
{
	return g_strdup_printf("%d", (int)percent(process, now));
}

static char *text_cpu(const struct guest_process *process, gint64 now)
{
	return g_strdup_printf("%.1f", percent(process, now));
}

static char *text_start(const struct guest_process *process, gint64 now)
{
	g_autoptr(GDateTime) start = g_date_time_new_from_unix_local(process->start_ms / 1000);

	if (start == NULL)
		return g_strdup("?");
	return g_date_time_format(start, age(process, now) < DAY_MS ? "%H:%M" : "%b%d");
}

static char *text_tty(const struct guest_process *process, gint64 now)
{
	int major = process->tty >> 8 & 0xfff;
	int minor = (process->tty & 0xff) | (process->tty >> 12 & 0xfff00);

	(void)now;
	if (major >= MAJOR_PTS_FIRST && major <= MAJOR_PTS_LAST)
		return g_strdup_printf("pts/%d", (major - MAJOR_PTS_FIRST) * 256 + minor);
	if (major == MAJOR_TTY && minor < 64)
		return g_strdup_printf("tty%d", minor);
	return g_strdup(major == MAJOR_CONSOLE && minor == 1 ? "console" : "?");
}

/* [D-]HH:MM:SS */
static char *text_duration(gint64 seconds)
{
	int h = (int)(seconds / 3600 % 24);
	int m = (int)(seconds / 60 % 60);
	int s = (int)(seconds % 60);
	gint64 days = seconds / (DAY_MS / 1000);

	if (days > 0)
		return g_strdup_printf("%" G_GINT64_FORMAT "-%02d:%02d:%02d", days, h, m, s);
	return g_strdup_printf("%02d:%02d:%02d", h, m, s);
}

static char *text_time(const struct guest_process *process, gint64 now)
{
	(void)now;
	return text_duration(process->cpu_ms / 1000);
}

static char *text_elapsed(const struct guest_process *process, gint64 now)
{
	return text_duration(age(process, now) / 1000);
}

static char *text_virtual(const struct guest_process *process, gint64 now)
{
	(void)now;
	return g_strdup_printf("%" G_GINT64_FORMAT, process->virtual_size / 1024);
}

static char *text_resident(const struct guest_process *process, gint64 now)
{
	(void)now;
	return g_strdup_printf("%" G_GINT64_FORMAT, process->resident_size / 1024);
}

static char *text_state(const struct guest_process *process, gint64 now)
{
	(void)now;
	return g_strdup_printf("%c", process->state);
}

static char *text_threads(const struct guest_process *process, gint64 now)
{
	(void)now;
	return g_strdup_printf("%d", process->threads);
}

static char *text_nice(const struct guest_process *process, gint64 now)
{
	(void)now;
	return g_strdup_printf("%d", process->nice);
}

static char *text_name(const struct guest_process *process, gint64 now)
{
	(void)now;
	return g_strdup(process->name);
}

static char *text_command(const struct guest_process *process, gint64 now)
{
	(void)now;
	return g_strdup(process->command);
}

/* Users have numbers only: their names are in files of the guest's. */
static const struct column columns[] = {
	{"user", "USER", FALSE, text_uid},
	{"uid", "UID", TRUE, text_uid},
	{"gid", "GID", TRUE, text_gid},
	{"pid", "PID", TRUE, text_pid},
	{"ppid", "PPID", TRUE, text_ppid},
	{"pgid", "PGID", TRUE, text_pgid},
	{"pgrp", "PGRP", TRUE, text_pgid},
	{"sid", "SID", TRUE, text_sid},
	{"c", "C", TRUE, text_c},
	{"%cpu", "%CPU", TRUE, text_cpu},
	{"pcpu", "%CPU", TRUE, text_cpu},
	{"stime", "STIME", FALSE, text_start},
	{"start_time", "START", FALSE, text_start},
	{"etime", "ELAPSED", TRUE, text_elapsed},
	{"tty", "TTY", FALSE, text_tty},
	{"tt", "TT", FALSE, text_tty},
	{"time", "TIME", TRUE, text_time},
	{"cputime", "TIME", TRUE, text_time},
	{"vsz", "VSZ", TRUE, text_virtual},
	{"rss", "RSS", TRUE, text_resident},
	{"stat", "STAT", FALSE, text_state},
	{"state", "S", FALSE, text_state},
	{"s", "S", FALSE, text_state},
	{"nlwp", "NLWP", TRUE, text_threads},
	{"ni", "NI", TRUE, text_nice},
	{"nice", "NI", TRUE, text_nice},
	{"comm", "COMMAND", FALSE, text_name},
	{"ucmd", "CMD", FALSE, text_name},
	{"cmd", "CMD", FALSE, text_command},
	{"args", "COMMAND", FALSE, text_command},
	{"command", "COMMAND", FALSE, text_command},
};

#define COLUMNS_FULL "user=UID,pid,ppid,c,stime,tty,time,cmd"
#define COLUMNS_USER "user,pid,%cpu,vsz,rss,tty,stat,start_time,time,command"

static void column_clear(struct ps_column *column)
{
	g_free(column->title);
}

void ps_format_free(struct ps_format *format)
{
	if (format == NULL)
		return;
	g_array_unref(format->columns);
	g_free(format);
}

static struct ps_format *format_new(void)
{
	struct ps_format *format = g_new0(struct ps_format, 1);

	format->columns = g_array_new(FALSE, FALSE, sizeof(struct ps_column));
	g_array_set_clear_func(format->columns, (GDestroyNotify)column_clear);
	return format;
}

/* "NAME" or "NAME=TITLE", whose title may be empty. */
static gboolean add_column(struct ps_format *format, const char *item, GError **error)
{
	g_auto(GStrv) parts = g_strsplit(item, "=", 2);

	for (gsize i = 0; i < G_N_ELEMENTS(columns); i++) {
		if (strcmp(parts[0], columns[i].name) != 0)
			continue;

		struct ps_column column = {
			.column = &columns[i],
			.title = g_strdup(parts[1] != NULL ? parts[1] : columns[i].title),
		};

		g_array_append_val(format->columns, column);
		return TRUE;
	}
	g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "ps: -o: unknown column \"%s\"", parts[0]);
	return FALSE;
}

/* Takes the place of the columns that there were. */
static gboolean set_columns(struct ps_format *format, const char *list, GError **error)
{
	g_auto(GStrv) items = g_strsplit_set(list, ", ", -1);

	g_array_set_size(format->columns, 0);
	for (char **item = items; *item != NULL; item++)
		if (**item != '\0' && !add_column(format, *item, error))
			return FALSE;
	if (format->columns->len > 0)
		return TRUE;
	g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "ps: -o: no columns");
	return FALSE;
}

static gboolean refuse(const char *word, char letter, GError **error)
{
	g_set_error(error, CC_ERROR, CC_ERROR_INVALID,
		"ps: \"%s\": unknown option \"%c\": e A a x w f u o are known", word, letter);
	return FALSE;
}

/* One word of letters; *next is the one behind it, which -o may take. */
static gboolean parse_word(struct ps_format *format, const char *word, char ***next, GError **error)
{
	const char *letter = word + (*word == '-');

	for (; *letter != '\0'; letter++) {
		const char *list = letter[1] != '\0' ? letter + 1 : **next;

		switch (*letter) {
		case 'e':
		case 'A':
		case 'a':
		case 'x':
		case 'w':
			continue;
		case 'f':
			if (!set_columns(format, COLUMNS_FULL, error))
				return FALSE;
			continue;
		case 'u':
			if (!set_columns(format, COLUMNS_USER, error))
				return FALSE;
			continue;
		case 'o':
			*next += letter[1] == '\0' && list != NULL;
			return set_columns(format, list != NULL ? list : "", error);
		default:
			return refuse(word, *letter, error);
		}
	}
	return TRUE;
}

struct ps_format *ps_format_parse(char **options, GError **error)
{
	g_autoptr(ps_format) format = format_new();

	if (!set_columns(format, COLUMNS_FULL, error))
		return NULL;
	while (*options != NULL) {
		const char *word = *options++;

		if (!parse_word(format, word, &options, error))
			return NULL;
	}
	return g_steal_pointer(&format);
}

static const struct ps_column *column_at(const struct ps_format *format, guint index)
{
	return &g_array_index(format->columns, struct ps_column, index);
}

static gsize width_of(const char *text)
{
	glong length = g_utf8_strlen(text, -1);

	return (gsize)length;
}

/* All but the last column, when it is to the left, are filled up. */
static void append_cell(
	GString *table, const struct ps_format *format, guint index, const char *text, gsize width)
{
	gboolean right = column_at(format, index)->column->right;
	gboolean last = index + 1 == format->columns->len;
	gsize gap = width - width_of(text);

	if (right)
		g_string_append_printf(table, "%*s", (int)gap, "");
	g_string_append(table, text);
	if (!right && !last)
		g_string_append_printf(table, "%*s", (int)gap, "");
	g_string_append_c(table, last ? '\n' : ' ');
}

static char **make_row(
	const struct ps_format *format, const struct guest_process *process, gint64 now)
{
	char **row = g_new0(char *, format->columns->len + 1);

	for (guint i = 0; i < format->columns->len; i++)
		row[i] = column_at(format, i)->column->text(process, now);
	return row;
}

static char **make_titles(const struct ps_format *format)
{
	char **row = g_new0(char *, format->columns->len + 1);

	for (guint i = 0; i < format->columns->len; i++)
		row[i] = g_strdup(column_at(format, i)->title);
	return row;
}

static gboolean is_empty(char **row)
{
	for (; *row != NULL; row++)
		if (**row != '\0')
			return FALSE;
	return TRUE;
}

char *ps_format_table(const struct ps_format *format, const GPtrArray *processes, gint64 now)
{
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
	g_autofree gsize *widths = g_new0(gsize, format->columns->len);
	GString *table = g_string_new(NULL);

	g_ptr_array_add(rows, make_titles(format));
	for (guint i = 0; i < processes->len; i++)
		g_ptr_array_add(rows, make_row(format, processes->pdata[i], now));
	for (guint i = 0; i < rows->len; i++)
		for (guint j = 0; j < format->columns->len; j++)
			widths[j] = MAX(widths[j], width_of(((char **)rows->pdata[i])[j]));
	for (guint i = is_empty(rows->pdata[0]) ? 1 : 0; i < rows->len; i++)
		for (guint j = 0; j < format->columns->len; j++)
			append_cell(table, format, j, ((char **)rows->pdata[i])[j], widths[j]);
	return g_string_free(table, FALSE);
}
