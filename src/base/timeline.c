/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads a trace file's events and draws them. */
#include "base/timeline.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"

enum {
	NAME_COLUMNS = 34,
	INDENT = 2,
	NESTING_MAX = 8,
};

struct span {
	gint64 pid;
	char *name;
	/* Microseconds. */
	gdouble begin;
	gdouble duration;
};

struct timeline {
	/* struct span *. */
	GPtrArray *spans;
	/* gint64 pid to char *name. */
	GHashTable *names;
	/* gint64 pid to struct span *, its first. */
	GHashTable *first;
};

static void span_free(gpointer data)
{
	struct span *span = data;

	g_free(span->name);
	g_free(span);
}

static void timeline_init(struct timeline *timeline)
{
	timeline->spans = g_ptr_array_new_with_free_func(span_free);
	timeline->names = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
	timeline->first = g_hash_table_new(g_int64_hash, g_int64_equal);
}

static void timeline_clear(struct timeline *timeline)
{
	g_hash_table_unref(timeline->first);
	g_hash_table_unref(timeline->names);
	g_ptr_array_unref(timeline->spans);
}

/* ---- reading */

/* A time may be written as a whole number. */
static gboolean read_time(
	JsonObject *event, const char *member, gdouble *out_microseconds, GError **error)
{
	JsonNode *node = json_object_get_member(event, member);
	GType type = node != NULL && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_value_type(node)
								 : G_TYPE_INVALID;

	if (type == G_TYPE_DOUBLE || type == G_TYPE_INT64) {
		*out_microseconds = json_node_get_double(node);
		if (*out_microseconds >= 0)
			return TRUE;
	}
	g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "%s: expected a time", member);
	return FALSE;
}

static gboolean take_name(struct timeline *timeline, JsonObject *event, gint64 pid, GError **error)
{
	JsonObject *arguments;
	const char *name;

	if (!json_require_object(event, "", "args", &arguments, error) ||
		!json_require_string(arguments, "args", "name", &name, error))
		return FALSE;
	g_hash_table_replace(timeline->names, g_memdup2(&pid, sizeof pid), g_strdup(name));
	return TRUE;
}

static gboolean take_span(
	struct timeline *timeline, JsonObject *event, const char *name, gint64 pid, GError **error)
{
	struct span span = {.pid = pid};

	if (!read_time(event, "ts", &span.begin, error) ||
		!read_time(event, "dur", &span.duration, error))
		return FALSE;
	span.name = g_strdup(name);
	g_ptr_array_add(timeline->spans, g_memdup2(&span, sizeof span));
	return TRUE;
}

/* Kinds of events that are not ours are passed over. */
static gboolean take_event(struct timeline *timeline, JsonObject *event, GError **error)
{
	const char *kind;
	const char *name;
	gint64 pid;

	if (!json_require_string(event, "", "ph", &kind, error) ||
		!json_require_string(event, "", "name", &name, error) ||
		!json_require_integer(event, "", "pid", 0, G_MAXINT64, &pid, error))
		return FALSE;
	if (strcmp(kind, "M") == 0 && strcmp(name, "process_name") == 0)
		return take_name(timeline, event, pid, error);
	if (strcmp(kind, "X") == 0)
		return take_span(timeline, event, name, pid, error);
	return TRUE;
}

/* The line without blanks, the comma behind it, and the array's brackets. */
static void strip(const char **line, gsize *length)
{
	while (*length > 0 && strchr(" \t\r[", **line) != NULL)
		++*line, --*length;
	while (*length > 0 && strchr(" \t\r,]", (*line)[*length - 1]) != NULL)
		--*length;
}

static gboolean read_events(struct timeline *timeline, const char *text, gsize size, GError **error)
{
	const char *end = text + size;
	guint number = 1;

	for (const char *line = text; line < end; number++) {
		const char *newline = memchr(line, '\n', (gsize)(end - line));
		const char *next = newline != NULL ? newline + 1 : end;
		gsize length = (gsize)((newline != NULL ? newline : end) - line);

		strip(&line, &length);
		if (length > 0) {
			g_autoptr(JsonNode) event = json_parse_object(line, length, error);

			if (event == NULL ||
				!take_event(timeline, json_node_get_object(event), error)) {
				g_prefix_error(error, "%u: ", number);
				return FALSE;
			}
		}
		line = next;
	}
	return TRUE;
}

/* ---- drawing */

static gint compare_times(const struct span *a, const struct span *b)
{
	if (a->begin != b->begin)
		return a->begin < b->begin ? -1 : 1;
	/* What encloses comes first. */
	return a->duration > b->duration ? -1 : a->duration < b->duration;
}

static gint compare_spans(gconstpointer a, gconstpointer b)
{
	return compare_times(*(struct span *const *)a, *(struct span *const *)b);
}

/* By process, in the order in which they began; then by time. */
static gint compare_groups(gconstpointer a, gconstpointer b, gpointer data)
{
	const struct span *left = *(struct span *const *)a;
	const struct span *right = *(struct span *const *)b;
	GHashTable *first = data;

	if (left->pid == right->pid)
		return compare_times(left, right);

	gint order = compare_times(
		g_hash_table_lookup(first, &left->pid), g_hash_table_lookup(first, &right->pid));

	return order != 0 ? order : left->pid < right->pid ? -1 : 1;
}

static void sort(struct timeline *timeline)
{
	g_ptr_array_sort(timeline->spans, compare_spans);
	for (guint i = 0; i < timeline->spans->len; i++) {
		struct span *span = timeline->spans->pdata[i];

		if (!g_hash_table_contains(timeline->first, &span->pid))
			g_hash_table_insert(timeline->first, &span->pid, span);
	}
	g_ptr_array_sort_with_data(timeline->spans, compare_groups, timeline->first);
}

struct drawing {
	GString *out;
	guint width;
	/* Microseconds of the whole. */
	gdouble begin;
	gdouble length;
	/* The ends of the spans that enclose the next one. */
	gdouble enclosing[NESTING_MAX];
	guint depth;
};

static void measure(const struct timeline *timeline, struct drawing *drawing)
{
	gdouble end = 0;

	drawing->begin = G_MAXDOUBLE;
	for (guint i = 0; i < timeline->spans->len; i++) {
		const struct span *span = timeline->spans->pdata[i];

		drawing->begin = MIN(drawing->begin, span->begin);
		end = MAX(end, span->begin + span->duration);
	}
	drawing->length = end - drawing->begin;
}

static guint column(const struct drawing *drawing, gdouble time)
{
	gdouble share = drawing->length > 0 ? (time - drawing->begin) / drawing->length : 0;

	return MIN((guint)(share * drawing->width), drawing->width - 1);
}

static void draw_bar(const struct drawing *drawing, const struct span *span)
{
	guint from = column(drawing, span->begin);
	guint to = column(drawing, span->begin + span->duration);

	for (guint i = 0; i < from; i++)
		g_string_append_c(drawing->out, ' ');
	for (guint i = from; i <= to; i++)
		g_string_append_c(drawing->out, from == to ? '|' : '=');
	g_string_append_c(drawing->out, '\n');
}

static void nest(struct drawing *drawing, const struct span *span)
{
	gdouble end = span->begin + span->duration;

	while (drawing->depth > 0 && drawing->enclosing[drawing->depth - 1] < end)
		drawing->depth--;
	if (drawing->depth < NESTING_MAX - 1)
		drawing->enclosing[drawing->depth++] = end;
}

static void draw_span(struct drawing *drawing, const struct span *span)
{
	nest(drawing, span);

	int indent = (int)drawing->depth * INDENT;

	g_string_append_printf(drawing->out, "%*s%-*s %9.1f %9.1f  ", indent, "",
		NAME_COLUMNS - indent, span->name, (span->begin - drawing->begin) / 1000,
		span->duration / 1000);
	draw_bar(drawing, span);
}

static void draw_process(
	struct drawing *drawing, const struct timeline *timeline, const struct span *span)
{
	const char *name = g_hash_table_lookup(timeline->names, &span->pid);

	drawing->depth = 0;
	g_string_append_printf(drawing->out, "%s (%" G_GINT64_FORMAT ")\n",
		name != NULL ? name : "process", span->pid);
}

static void draw(struct drawing *drawing, const struct timeline *timeline)
{
	gint64 pid = -1;

	g_string_append_printf(drawing->out, "%-*s %9s %9s\n", NAME_COLUMNS, "", "begin ms", "ms");
	for (guint i = 0; i < timeline->spans->len; i++) {
		const struct span *span = timeline->spans->pdata[i];

		if (span->pid != pid)
			draw_process(drawing, timeline, span);
		pid = span->pid;
		draw_span(drawing, span);
	}
}

char *timeline_chart(const char *text, gsize size, const char *file, guint width, GError **error)
{
	struct drawing drawing = {.width = width};
	struct timeline timeline;
	gboolean good;

	timeline_init(&timeline);
	good = read_events(&timeline, text, size, error);
	if (!good) {
		g_prefix_error(error, "%s:", file);
	} else {
		sort(&timeline);
		drawing.out = g_string_new(NULL);
		measure(&timeline, &drawing);
		draw(&drawing, &timeline);
	}
	timeline_clear(&timeline);
	return good ? g_string_free(drawing.out, FALSE) : NULL;
}
