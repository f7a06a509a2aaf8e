/* SPDX-License-Identifier: GPL-2.0-only */
/* `tmpcopyup`: what the image has where a tmpfs will lie is copied into it. */
#pragma once

#include <stdbool.h>

#include "agent/error.h"

/*
 * Copies what is in the directory `from` (O_PATH) into `to`, with owners, modes and times, links as
 * links; other mounts in it are left out, and the directory's own mode and owner are not taken.
 */
bool copy_up(int from, int to, struct agent_error *error);
