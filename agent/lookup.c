/* SPDX-License-Identifier: GPL-2.0-only */
/* Finds programs by PATH, and records in passwd and group. */
#include "agent/lookup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/cleanup.h"

const char *lookup_variable(char *const *env, const char *name)
{
	size_t length = strlen(name);

	for (; *env != NULL; env++)
		if (strncmp(*env, name, length) == 0 && (*env)[length] == '=')
			return *env + length + 1;
	return NULL;
}

/* 0, or why the caller cannot execute the file. */
static int check_program(const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return errno;
	/* Root may execute what has one x bit at least: access(2) alone knows that for files only.
	 */
	if (!S_ISREG(status.st_mode) || (status.st_mode & 0111) == 0)
		return EACCES;
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 ? errno : 0;
}

static bool refuse(const char *name, int reason, struct agent_error *error)
{
	char words[AGENT_ERRNO_TEXT_SIZE];

	agent_errno_text(reason, words);
	if (reason == ENOENT || reason == ENOTDIR)
		return agent_error_set(error, AGENT_CODE_EXEC_NOT_FOUND,
			"exec: \"%s\": stat %s: %s", name, name, words);
	return agent_error_set(error, AGENT_CODE_EXEC_DENIED, "exec: \"%s\": %s", name, words);
}

/* The first directory of PATH that has the program. An empty entry means the current one. */
static char *search(const char *name, const char *path)
{
	for (;;) {
		int length = (int)strcspn(path, ":");
		char *candidate;

		if (asprintf(&candidate, "%.*s/%s", length > 0 ? length : 1,
			    length > 0 ? path : ".", name) < 0)
			return NULL;
		if (check_program(candidate) == 0)
			return candidate;
		free(candidate);
		if (path[length] == '\0')
			return NULL;
		path += length + 1;
	}
}

char *lookup_program(const char *name, char *const *env, struct agent_error *error)
{
	const char *path = lookup_variable(env, "PATH");
	char *found;

	if (strchr(name, '/') != NULL) {
		int reason = check_program(name);

		if (reason == 0)
			return strdup(name);
		refuse(name, reason, error);
		return NULL;
	}
	found = *name != '\0' && path != NULL ? search(name, path) : NULL;
	if (found == NULL)
		agent_error_set(error, AGENT_CODE_EXEC_NOT_FOUND,
			"exec: \"%s\": executable file not found in $PATH", name);
	return found;
}

static size_t split(char *line, char *fields[LOOKUP_FIELDS_MAX])
{
	size_t n = 0;

	line[strcspn(line, "\n")] = '\0';
	while (n < LOOKUP_FIELDS_MAX) {
		fields[n] = strsep(&line, ":");
		if (fields[n] == NULL)
			break;
		n++;
	}
	return n;
}

size_t lookup_record(int file, unsigned key, const char *value, char line[LOOKUP_LINE_MAX],
	char *fields[LOOKUP_FIELDS_MAX])
{
	int copy = fcntl(file, F_DUPFD_CLOEXEC, 0);
	FILE *stream = copy >= 0 ? fdopen(copy, "r") : NULL;
	size_t n = 0;

	if (stream == NULL) {
		if (copy >= 0)
			close(copy);
		return 0;
	}
	while (fgets(line, LOOKUP_LINE_MAX, stream) != NULL) {
		n = split(line, fields);
		if (n > key && strcmp(fields[key], value) == 0)
			break;
		n = 0;
	}
	fclose(stream);
	return n;
}

char *lookup_home(uid_t uid)
{
	char line[LOOKUP_LINE_MAX];
	char *fields[LOOKUP_FIELDS_MAX];
	char text[sizeof "4294967295"];
	/* O_NONBLOCK: the container may have made a FIFO of it. */
	AUTO_CLOSE int passwd = open("/etc/passwd", O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	snprintf(text, sizeof text, "%u", uid);
	if (passwd >= 0 && lookup_record(passwd, 2, text, line, fields) > 5 && *fields[5] != '\0')
		return strdup(fields[5]);
	return strdup("/");
}
