/* SPDX-License-Identifier: GPL-2.0-only */
/* The shim's work: bytes, signals and sizes between the engine's descriptors and the process. */
#pragma once

#include "wire/handover.h"

/* Blocks the signals that relay_run forwards, and no others; ignores SIGPIPE. */
void relay_block_signals(void);

/*
 * Relays until the process has ended and its output is written. Takes over the link. Returns the
 * exit status for the shim: the process's, or 128 + SIGKILL when the VM went away with it.
 */
int relay_run(const struct handover *handover, int link);
