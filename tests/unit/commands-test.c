/* SPDX-License-Identifier: GPL-2.0-only */
/* Options and signal names of the command line. */
#include "runner.h"

#include <signal.h>

#include "base/error.h"
#include "commands/command.h"
#include "commands/signals.h"

static const struct {
	const char *text;
	int number;
} good_signals[] = {
	{"9", 9},
	{"KILL", 9},
	{"SIGKILL", 9},
	{"sigkill", 9},
	{"Term", 15},
	{"0", 0},
	{"1", 1},
	{"64", 64},
	{"RTMIN", 34},
	{"SIGRTMIN+3", 37},
	{"RTMAX", 64},
	{"SIGRTMAX-14", 50},
	{"IOT", SIGABRT},
	{"CHLD", SIGCHLD},
	{"poll", SIGIO},
};

static const char *const bad_signals[] = {
	"",
	"65",
	"RTMIN+-1",
	"RTMIN+31",
	"-9",
	"+9",
	"9x",
	"SIG",
	"SIGNONE",
	"RTMIN+31",
	"RTMAX-31",
	"RTMIN+",
	"RTMIN-1",
	"99999999999999999999",
	" 9",
};

TEST(signal_parse_reads_numbers_and_names)
{
	GError *error = NULL;
	int number = 0;

	test_succeeds(signal_parse(good_signals[_i].text, &number, &error), error);
	ck_assert_int_eq(number, good_signals[_i].number);
}

TEST(signal_parse_refuses_others)
{
	g_autoptr(GError) error = NULL;
	int number;

	ck_assert(!signal_parse(bad_signals[_i], &number, &error));
	ck_assert(g_error_matches(error, CC_ERROR, CC_ERROR_INVALID));
}

static const struct command command = {.name = "test", .arguments = "ID [X]"};

/* Parses argv, which ends with NULL, with one option --flag. */
static enum command_parsed parse(
	char **argv, int least, int most, int *out_argc, gboolean *out_flag, GError **error)
{
	const GOptionEntry entries[] = {
		{"flag", 'f', 0, G_OPTION_ARG_NONE, out_flag, "", NULL},
		{NULL},
	};

	*out_argc = (int)g_strv_length(argv);
	*out_flag = FALSE;
	return command_parse(&command, entries, least, most, out_argc, &argv, error);
}

TEST(command_parse_takes_options_before_the_arguments)
{
	char *argv[] = {(char *)"test", (char *)"--flag", (char *)"id", NULL};
	GError *error = NULL;
	gboolean flag;
	int argc;

	ck_assert_int_eq(parse(argv, 1, 1, &argc, &flag, &error), COMMAND_GO);
	ck_assert(flag);
	ck_assert_int_eq(argc, 2);
	ck_assert_str_eq(argv[1], "id");
}

TEST(command_parse_leaves_options_behind_the_arguments)
{
	char *argv[] = {(char *)"test", (char *)"id", (char *)"ls", (char *)"--flag", NULL};
	GError *error = NULL;
	gboolean flag;
	int argc;

	ck_assert_int_eq(parse(argv, 1, -1, &argc, &flag, &error), COMMAND_GO);
	ck_assert(!flag);
	ck_assert_int_eq(argc, 4);
	ck_assert_str_eq(argv[3], "--flag");
}

TEST(command_parse_drops_the_separator)
{
	char *argv[] = {(char *)"test", (char *)"--", (char *)"id", NULL};
	GError *error = NULL;
	gboolean flag;
	int argc;

	ck_assert_int_eq(parse(argv, 1, 1, &argc, &flag, &error), COMMAND_GO);
	ck_assert_str_eq(argv[1], "id");
}

TEST(command_parse_names_a_missing_argument)
{
	char *argv[] = {(char *)"test", NULL};
	g_autoptr(GError) error = NULL;
	gboolean flag;
	int argc;

	ck_assert_int_eq(parse(argv, 1, 1, &argc, &flag, &error), COMMAND_FAILED);
	test_error_is(error, CC_ERROR_INVALID,
		"test: an argument is missing; usage: cc-oci-runtime test [OPTION…] ID [X]");
}

TEST(command_parse_refuses_an_unknown_option)
{
	char *argv[] = {(char *)"test", (char *)"--none", (char *)"id", NULL};
	g_autoptr(GError) error = NULL;
	gboolean flag;
	int argc;

	ck_assert_int_eq(parse(argv, 1, 1, &argc, &flag, &error), COMMAND_FAILED);
	ck_assert_ptr_nonnull(error);
}

static const struct test tests[] = {
	RUN_EACH(signal_parse_reads_numbers_and_names, G_N_ELEMENTS(good_signals)),
	RUN_EACH(signal_parse_refuses_others, G_N_ELEMENTS(bad_signals)),
	RUN(command_parse_takes_options_before_the_arguments),
	RUN(command_parse_leaves_options_behind_the_arguments),
	RUN(command_parse_drops_the_separator),
	RUN(command_parse_names_a_missing_argument),
	RUN(command_parse_refuses_an_unknown_option),
};

TEST_MAIN("commands", tests)
