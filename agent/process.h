/* SPDX-License-Identifier: GPL-2.0-only */
/* A process of a container: its init or a further one, from the fork to the exit event. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "agent/error.h"
#include "agent/launch.h"
#include "agent/pollset.h"
#include "agent/stdio.h"
#include "agent/tty.h"

enum process_state {
	/* The child is on its way to its program. */
	PROCESS_PREPARING,
	/* It waits for START. */
	PROCESS_PREPARED,
	/* Its startContainer hooks run. */
	PROCESS_STARTING,
	PROCESS_RUNNING,
	/* There never was a program; `error` says why. */
	PROCESS_FAILED,
	/* It has exited, and its output is still on its way. */
	PROCESS_EXITED,
	/* All is sent. */
	PROCESS_ENDED,
};

struct process {
	struct process *next;
	char *id;
	enum process_state state;
	/* Waits in PROCESS_PREPARED for START. */
	bool wait;
	/* The child has reported that all but the exec is done. */
	bool reported;
	/* Its startContainer hooks have failed, `error` says why; it ends by itself. */
	bool start_failed;
	/* 0: reaped. */
	pid_t pid;
	/* The child's socket (launch.h); -1: its program runs, or it is gone. */
	int socket;
	/* 0 to 255; 128+N for a death by signal N. */
	int status;
	struct tty *tty;
	struct stdio stdio;
	struct agent_error error;
};

/* Attached to the tty channel and not launched yet. NULL on error. */
struct process *process_new(const char *id, struct tty *tty, uint64_t seq, uint64_t errors_seq,
	struct agent_error *error);
/* Kills a child that lives, detaches, frees. Bears NULL. */
void process_free(struct process *process);

/* Makes the pipes and starts the child; `launch` has all but those. */
bool process_launch(struct process *process, struct launch *launch, struct agent_error *error);
/* Lets a prepared one run; with_hooks: it is starting until it says that they are done. */
bool process_start(struct process *process, bool with_hooks, struct agent_error *error);
/* Gives up one that is not prepared in time, or that has failed. */
void process_kill(struct process *process);
bool process_signal(const struct process *process, int signal, struct agent_error *error);

/* Adds the child's socket. */
void process_poll(struct process *process, struct pollset *set);
/* Hears the child's reports; before its exit status is taken. */
void process_receive(struct process *process);
/* The status is wait(2)'s. */
void process_reaped(struct process *process, int wait_status);
/* The exit status as the host gets it. */
int process_exit_status(int wait_status);
