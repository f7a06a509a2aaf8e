/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads names and numbers of signals. The numbers are the guest's: Linux on the same processor. */
#include "commands/signals.h"

#include <signal.h>

#include "base/error.h"

/* The kernel's range of real-time signals; the C library keeps the first two for itself. */
enum {
	SIGNAL_RTMIN = 34,
	SIGNAL_MAX = 64,
};

static const struct {
	const char *name;
	int number;
} names[] = {
	{"HUP", SIGHUP},
	{"INT", SIGINT},
	{"QUIT", SIGQUIT},
	{"ILL", SIGILL},
	{"TRAP", SIGTRAP},
	{"ABRT", SIGABRT},
	{"IOT", SIGIOT},
	{"BUS", SIGBUS},
	{"FPE", SIGFPE},
	{"KILL", SIGKILL},
	{"USR1", SIGUSR1},
	{"SEGV", SIGSEGV},
	{"USR2", SIGUSR2},
	{"PIPE", SIGPIPE},
	{"ALRM", SIGALRM},
	{"TERM", SIGTERM},
	{"STKFLT", SIGSTKFLT},
	{"CHLD", SIGCHLD},
	{"CLD", SIGCHLD},
	{"CONT", SIGCONT},
	{"STOP", SIGSTOP},
	{"TSTP", SIGTSTP},
	{"TTIN", SIGTTIN},
	{"TTOU", SIGTTOU},
	{"URG", SIGURG},
	{"XCPU", SIGXCPU},
	{"XFSZ", SIGXFSZ},
	{"VTALRM", SIGVTALRM},
	{"PROF", SIGPROF},
	{"WINCH", SIGWINCH},
	{"IO", SIGIO},
	{"POLL", SIGPOLL},
	{"PWR", SIGPWR},
	{"SYS", SIGSYS},
	{"RTMIN", SIGNAL_RTMIN},
	{"RTMAX", SIGNAL_MAX},
};

static gboolean parse_bounded(const char *text, int base, int sign, int *out_number)
{
	guint64 number;

	if (!g_ascii_string_to_unsigned(text, 10, 0, SIGNAL_MAX, &number, NULL))
		return FALSE;
	*out_number = base + sign * (int)number;
	return *out_number >= 0 && *out_number <= SIGNAL_MAX;
}

static gboolean parse_name(const char *name, int *out_number)
{
	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		if (g_ascii_strcasecmp(name, names[i].name) != 0)
			continue;
		*out_number = names[i].number;
		return TRUE;
	}
	return FALSE;
}

static gboolean parse_realtime(const char *name, int *out_number)
{
	if (g_ascii_strncasecmp(name, "RTMIN+", 6) == 0)
		return parse_bounded(name + 6, SIGNAL_RTMIN, 1, out_number) &&
		       *out_number >= SIGNAL_RTMIN;
	if (g_ascii_strncasecmp(name, "RTMAX-", 6) == 0)
		return parse_bounded(name + 6, SIGNAL_MAX, -1, out_number) &&
		       *out_number >= SIGNAL_RTMIN;
	return FALSE;
}

gboolean signal_parse(const char *text, int *out_signal, GError **error)
{
	const char *name = g_ascii_strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;

	if (parse_bounded(text, 0, 1, out_signal) || parse_name(name, out_signal) ||
		parse_realtime(name, out_signal))
		return TRUE;
	g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "unknown signal \"%s\"", text);
	return FALSE;
}
