/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether this host can run containers, and how well: what `check` prints. Looks only; nothing is
 * made or changed, and root is not needed to look.
 */
#pragma once

#include <glib.h>

#include "container/settings.h"
#include "vm/config.h"

enum fitness_level {
	FITNESS_OK,
	/* It works without, but less well or not all of it. */
	FITNESS_WARNING,
	/* Without it no container runs. */
	FITNESS_MISSING,
};

struct finding {
	/* A word, as "kernel"; the table's. */
	const char *name;
	enum fitness_level level;
	/* What there is, in one line. */
	char *text;
	/* What to do; NULL when all is well. */
	char *remedy;
};

/* What the checks rest on. */
struct fitness {
	const struct settings *settings;
	/* NULL: it cannot be read, which is a finding. */
	struct vm_config *config;
};

struct fitness_check {
	const char *name;
	void (*look)(const struct fitness *fitness, struct finding *finding);
};

/* Those of the host itself, and those of the virtual machine; each ends with an empty entry. */
extern const struct fitness_check fitness_host_checks[];
extern const struct fitness_check fitness_vm_checks[];

/* Fills a finding in; for one that is not OK, with what to do. */
void finding_set(struct finding *finding, enum fitness_level level, const char *remedy,
	const char *format, ...) G_GNUC_PRINTF(4, 5);

/* Whether the directory, or the nearest above that is there, can be written to; FALSE with errno.
 */
gboolean fitness_can_make(const char *directory);

/* All checks, in their order; elements are struct finding *. The caller unrefs. */
GPtrArray *fitness_check_all(const struct settings *settings);
/* "ok", "warning", "missing". */
const char *fitness_level_name(enum fitness_level level);
