/* SPDX-License-Identifier: GPL-2.0-only */
/* The tables of `ps`. */
#include "runner.h"

#include <string.h>

#include "base/error.h"
#include "commands/ps-format.h"
#include "sandbox/processes.h"

enum {
	NOW = 100 * 1000,
};

static char shell_name[] = "sh";
static char shell_command[] = "sh -c true";
static char long_name[] = "a-name";
static char long_command[] = "a";

/* Half of its 100 seconds it has computed. */
static struct guest_process shell = {
	.pid = 1,
	.uid = 0,
	.state = 'S',
	.tty = 136 << 8,
	.threads = 1,
	.cpu_ms = 50 * 1000,
	.start_ms = 0,
	.virtual_size = 4096 * 1024,
	.resident_size = 2048,
	.name = shell_name,
	.command = shell_command,
};

static struct guest_process other = {
	.pid = 12345,
	.ppid = 1,
	.uid = 65534,
	.state = 'R',
	.nice = -5,
	.cpu_ms = 90061 * G_GINT64_CONSTANT(1000),
	.name = long_name,
	.command = long_command,
};

static char *table_of(const char *options, GError **error)
{
	g_auto(GStrv) words = *options != '\0' ? g_strsplit(options, " ", -1) : g_new0(char *, 1);
	g_autoptr(ps_format) format = ps_format_parse(words, error);
	g_autoptr(GPtrArray) processes = g_ptr_array_new();

	if (format == NULL)
		return NULL;
	g_ptr_array_add(processes, &shell);
	g_ptr_array_add(processes, &other);
	return ps_format_table(format, processes, NOW);
}

static const struct {
	const char *options;
	const char *table;
} tables[] = {
	{"-o pid,ppid,cmd", "  PID PPID CMD\n    1    0 sh -c true\n12345    1 a\n"},
	{"-opid,comm", "  PID COMMAND\n    1 sh\n12345 a-name\n"},
	{"-eo pid=", "    1\n12345\n"},
	{"-ef -o pid=X,s", "    X S\n    1 S\n12345 R\n"},
	{"o uid,tty,ni", "  UID TTY   NI\n    0 pts/0  0\n65534 ?     -5\n"},
	{"-o time,%cpu", "      TIME   %CPU\n  00:00:50   50.0\n1-01:01:01 9999.0\n"},
	{"-o vsz,rss,nlwp", " VSZ RSS NLWP\n4096   2    1\n   0   0    0\n"},
	{"-o comm,pid", "COMMAND   PID\nsh          1\na-name  12345\n"},
};

TEST(ps_prints_the_columns_asked_for)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *table = table_of(tables[_i].options, &error);

	test_succeeds(table != NULL, error);
	ck_assert_str_eq(table, tables[_i].table);
}

static const struct {
	const char *options;
	const char *titles;
} titles[] = {
	{"", "UID PID PPID C STIME TTY TIME CMD"},
	{"-ef", "UID PID PPID C STIME TTY TIME CMD"},
	{"-e -f", "UID PID PPID C STIME TTY TIME CMD"},
	{"aux", "USER PID %CPU VSZ RSS TTY STAT START TIME COMMAND"},
	{"-aux", "USER PID %CPU VSZ RSS TTY STAT START TIME COMMAND"},
};

TEST(ps_has_the_titles_of_its_form)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *table = table_of(titles[_i].options, &error);
	g_autoptr(GString) line = NULL;

	test_succeeds(table != NULL, error);
	line = g_string_new_len(table, (gssize)strcspn(table, "\n"));
	while (g_string_replace(line, "  ", " ", 0) > 0)
		;
	g_strchug(line->str);
	ck_assert_str_eq(line->str, titles[_i].titles);
}

static const struct {
	const char *options;
	const char *message;
} bad[] = {
	{"-Z", "ps: \"-Z\": unknown option \"Z\": e A a x w f u o are known"},
	{"--forest", "ps: \"--forest\": unknown option \"-\": e A a x w f u o are known"},
	{"-o none", "ps: -o: unknown column \"none\""},
	{"-o", "ps: -o: no columns"},
	{"-o ,", "ps: -o: no columns"},
};

TEST(ps_refuses_what_it_does_not_know)
{
	g_autoptr(GError) error = NULL;

	ck_assert_ptr_null(table_of(bad[_i].options, &error));
	test_error_is(error, CC_ERROR_INVALID, bad[_i].message);
}

static const struct test tests[] = {
	RUN_EACH(ps_prints_the_columns_asked_for, G_N_ELEMENTS(tables)),
	RUN_EACH(ps_has_the_titles_of_its_form, G_N_ELEMENTS(titles)),
	RUN_EACH(ps_refuses_what_it_does_not_know, G_N_ELEMENTS(bad)),
};

TEST_MAIN("commands-ps", tests)
