/* SPDX-License-Identifier: GPL-2.0-only */
/* The foreground: waiting for a process of ours, and being its stand-in for signals. */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/interrupt.h"
#include "container/container.h"

/* What we are told is told to the process: all but what is ours, or cannot be caught. */
static void forwarded_signals(sigset_t *out_set)
{
	static const int kept[] = {
		SIGCHLD,
		SIGCONT,
		SIGTSTP,
		SIGTTIN,
		SIGTTOU,
		SIGPIPE,
		SIGILL,
		SIGTRAP,
		SIGBUS,
		SIGFPE,
		SIGSEGV,
		SIGSYS,
		SIGKILL,
		SIGSTOP,
	};

	sigfillset(out_set);
	for (gsize i = 0; i < G_N_ELEMENTS(kept); i++)
		sigdelset(out_set, kept[i]);
}

/* TRUE when it has ended; *out_status as a shell counts. */
static gboolean reap(pid_t pid, int *out_status)
{
	int status;
	pid_t got;

	do
		got = waitpid(pid, &status, WNOHANG);
	while (got < 0 && errno == EINTR);
	if (got == 0)
		return FALSE;
	*out_status = got < 0		  ? 128 + SIGKILL
		      : WIFEXITED(status) ? WEXITSTATUS(status)
					  : 128 + WTERMSIG(status);
	return TRUE;
}

int container_wait(const struct process_ref *shim)
{
	sigset_t set;
	int status;

	forwarded_signals(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	/* One that came while we were not looking. */
	if (interrupt_signal() != 0)
		(void)kill(shim->pid, interrupt_signal());
	while (!reap(shim->pid, &status)) {
		int number;

		/* As long as the process runs, there is nothing else to do. */
		if (sigwait(&set, &number) == 0 && number != SIGCHLD)
			(void)kill(shim->pid, number);
	}
	return status;
}
