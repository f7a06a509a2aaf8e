/* SPDX-License-Identifier: GPL-2.0-only */
/* The agent's log is the kernel's: it reaches the console, which the host writes to console.log. */
#pragma once

/* One line, at error level so that a quiet console shows it; stderr where there is no kmsg. */
void agent_log(const char *format, ...) __attribute__((format(printf, 1, 2)));
