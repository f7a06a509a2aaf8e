/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs the checks of this host. */
#include "container/fitness.h"

#include <stdarg.h>

static const char *const level_names[] = {
	[FITNESS_OK] = "ok",
	[FITNESS_WARNING] = "warning",
	[FITNESS_MISSING] = "missing",
};

const char *fitness_level_name(enum fitness_level level)
{
	return level_names[level];
}

void finding_set(struct finding *finding, enum fitness_level level, const char *remedy,
	const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	finding->level = level;
	finding->text = g_strdup_vprintf(format, arguments);
	finding->remedy = level != FITNESS_OK ? g_strdup(remedy) : NULL;
	va_end(arguments);
}

static void finding_free(struct finding *finding)
{
	g_free(finding->text);
	g_free(finding->remedy);
	g_free(finding);
}

static void look_all(
	const struct fitness *fitness, const struct fitness_check *checks, GPtrArray *findings)
{
	for (; checks->name != NULL; checks++) {
		struct finding *finding = g_new0(struct finding, 1);

		finding->name = checks->name;
		checks->look(fitness, finding);
		g_ptr_array_add(findings, finding);
	}
}

/* Without a bundle: what the administrator has set. */
static void look_configuration(
	const struct settings *settings, struct fitness *fitness, GPtrArray *findings)
{
	const struct vm_lookup lookup = {
		.sysconf = settings->sysconf_directory,
		.defaults = settings->defaults_directory,
	};
	g_autoptr(GError) error = NULL;
	struct finding *finding = g_new0(struct finding, 1);

	finding->name = "configuration";
	fitness->config = vm_config_load(&lookup, NULL, &error);
	if (fitness->config != NULL)
		finding_set(finding, FITNESS_OK, NULL, "%s", fitness->config->source);
	else
		finding_set(finding, FITNESS_MISSING,
			"mend the file, or remove it and use the installed one; "
			"see cc-oci-runtime-vm.json(5)",
			"%s", error->message);
	g_ptr_array_add(findings, finding);
}

GPtrArray *fitness_check_all(const struct settings *settings)
{
	GPtrArray *findings = g_ptr_array_new_with_free_func((GDestroyNotify)finding_free);
	struct fitness fitness = {.settings = settings};

	look_all(&fitness, fitness_host_checks, findings);
	look_configuration(settings, &fitness, findings);
	if (fitness.config != NULL)
		look_all(&fitness, fitness_vm_checks, findings);
	vm_config_free(fitness.config);
	return findings;
}
