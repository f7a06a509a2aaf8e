/* SPDX-License-Identifier: GPL-2.0-only */
/* A subcommand: a table entry, and what all of them need to read their options. */
#pragma once

#include <glib.h>

#include "container/settings.h"

struct command {
	const char *name;
	/* Behind the name in the usage line. */
	const char *arguments;
	const char *summary;
	/*
	 * argv[0] is the name. Returns the exit status for the program; -1 with an error, which
	 * main prints.
	 */
	int (*run)(const struct command *command, const struct settings *settings, int argc,
		char **argv, GError **error);
};

extern const struct command command_check;
extern const struct command command_checkpoint;
extern const struct command command_console;
extern const struct command command_create;
extern const struct command command_delete;
extern const struct command command_events;
extern const struct command command_exec;
extern const struct command command_features;
extern const struct command command_kill;
extern const struct command command_list;
extern const struct command command_logs;
extern const struct command command_ps;
extern const struct command command_pause;
extern const struct command command_resume;
extern const struct command command_restore;
extern const struct command command_run;
extern const struct command command_update;
extern const struct command command_spec;
extern const struct command command_start;
extern const struct command command_state;
extern const struct command command_template;
extern const struct command command_trace;
extern const struct command command_version;

enum command_parsed {
	COMMAND_GO,
	/* --help was asked for and has been printed. */
	COMMAND_HELPED,
	COMMAND_FAILED,
};

/*
 * Reads the options in front of the arguments (as runc, none behind them) and checks that between
 * least and most arguments (-1: any number) remain: argv[1] to argv[argc - 1].
 */
enum command_parsed command_parse(const struct command *command, const GOptionEntry *entries,
	int least, int most, int *argc, char ***argv, GError **error);

/* The version text, as runc prints it: name, spec. */
void command_print_version(void);
