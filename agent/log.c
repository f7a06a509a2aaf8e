/* SPDX-License-Identifier: GPL-2.0-only */
/* Writes to /dev/kmsg. It is opened anew each time: what is logged is rare. */
#include "agent/log.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "agent/cleanup.h"

/* printk's level "error": the last one that `quiet` lets through. */
#define LEVEL "<3>"

void agent_log(const char *format, ...)
{
	char line[1200] = LEVEL "cc-agent: ";
	size_t length = strlen(line);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line + length, sizeof line - length - 1, format, arguments);
	va_end(arguments);
	strcat(line, "\n");

	AUTO_CLOSE int kmsg = open("/dev/kmsg", O_WRONLY | O_CLOEXEC | O_NOCTTY);

	if (kmsg < 0 || write(kmsg, line, strlen(line)) < 0)
		fputs(line + strlen(LEVEL), stderr);
}
