/* SPDX-License-Identifier: GPL-2.0-only */
/* Saves and restores a guest by migration to and from a file. */
#include "proxy/template.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/hypervisor.h"
#include "base/json.h"

enum {
	ENTROPY_SIZE = 32,
	/* The guest's clock is late by no more than its answer took. */
	LATE_MS = 40,
	TELLINGS_MAX = 5,
};

#define STATE_NAME "state"

struct template
{
	struct qmp *qmp;
	gboolean begun;
	/* Restoring: the agent, and who it will be. */
	struct agent *agent;
	JsonObject *identity;
	/* When it was told, and how often. */
	gint64 told;
	guint tellings;
	/* Called once, then NULL. */
	void (*report)(const GError *error, void *data);
	void *data;
};

static void report(struct template *template, const GError *error)
{
	void (*function)(const GError *, void *) = g_steal_pointer(&template->report);

	if (function != NULL)
		function(error, template->data);
}

/*
 * A command's failure is the whole's; success is what events tell. Lateness is neither: whoever
 * waits for the guest, or for the file, has a deadline.
 */
static void on_reply(JsonNode *value, const GError *error, void *data)
{
	(void)value;
	if (error != NULL && !g_error_matches(error, CC_ERROR, CC_ERROR_TIMEOUT))
		report(data, error);
}

/* {"capabilities":[{"capability":NAME,"state":true},…]} */
static JsonObject *capabilities(void)
{
	static const char *const names[] = {"x-ignore-shared", "events"};
	JsonObject *object = json_object_new();
	JsonArray *array = json_array_new();

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		JsonObject *capability = json_object_new();

		json_object_set_string_member(capability, "capability", names[i]);
		json_object_set_boolean_member(capability, "state", TRUE);
		json_array_add_object_element(array, capability);
	}
	json_object_set_array_member(object, "capabilities", array);
	return object;
}

static JsonObject *one_member(const char *name, const char *value)
{
	JsonObject *object = json_object_new();

	json_object_set_string_member(object, name, value);
	return object;
}

struct template *template_new(struct qmp *qmp)
{
	struct template *template = g_new0(struct template, 1);

	template->qmp = qmp;
	return template;
}

/* A guest is restored or saved, once. */
static gboolean begin(struct template *template, void (*function)(const GError *error, void *data),
	void *data, GError **error)
{
	if (template->begun) {
		g_set_error(error, CC_ERROR, CC_ERROR_FAILED,
			"saved already, or comes out of a template itself");
		return FALSE;
	}
	template->begun = TRUE;
	template->report = function;
	template->data = data;
	return TRUE;
}

/* What the caller learns by the error is not reported as well. */
static gboolean queued(struct template *template, gboolean good)
{
	if (!good)
		template->report = NULL;
	return good;
}

gboolean template_restore(struct template *template, struct agent *agent, JsonObject *identity,
	void (*failed)(const GError *error, void *data), void *data, GError **error)
{
	g_autofree char *uri = g_strdup_printf("fd:%d", HYPERVISOR_FD_STATE);

	if (!begin(template, failed, data, error))
		return FALSE;
	template->agent = agent;
	template->identity = json_object_ref(identity);
	return queued(template, qmp_execute(template->qmp, "migrate-set-capabilities",
					capabilities(), on_reply, template, error) &&
					qmp_execute(template->qmp, "migrate-incoming",
						one_member("uri", uri), on_reply, template, error));
}

/* By its number QEMU would know the file for reading only: getfd gives it a name. */
gboolean template_save(
	struct template *template, int file, template_saved_func done, void *data, GError **error)
{
	auto_fd int state = file;

	if (!begin(template, done, data, error))
		return FALSE;
	return queued(template,
		qmp_execute(template->qmp, "migrate-set-capabilities", capabilities(), on_reply,
			template, error) &&
			qmp_execute_with(template->qmp, "getfd", one_member("fdname", STATE_NAME),
				g_steal_fd(&state), on_reply, template, error) &&
			qmp_execute(template->qmp, "migrate", one_member("uri", "fd:" STATE_NAME),
				on_reply, template, error));
}

/* ---- the new identity */

static char *make_entropy(void)
{
	guint8 bytes[ENTROPY_SIZE];
	char *text = g_malloc(2 * sizeof bytes + 1);

	/* So few bytes come whole, and without waiting: the host has long been up. */
	while (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
		g_assert(errno == EINTR);
	for (gsize i = 0; i < sizeof bytes; i++)
		g_snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	explicit_bzero(bytes, sizeof bytes);
	return text;
}

/* The time is read last: the guest's clock is as late as this message takes. */
static void tell_identity(struct template *template)
{
	JsonObject *identity = template->identity;
	g_autofree char *entropy = make_entropy();
	struct timespec now;

	json_object_set_string_member(identity, "entropy", entropy);
	clock_gettime(CLOCK_REALTIME, &now);
	json_object_set_int_member(
		identity, "time", (gint64)now.tv_sec * G_GINT64_CONSTANT(1000000000) + now.tv_nsec);

	g_autofree char *text = json_format_object(json_object_ref(identity), FALSE);

	template->told = g_get_monotonic_time();
	template->tellings++;
	agent_clone(template->agent, text);
	explicit_bzero(entropy, strlen(entropy));
	explicit_bzero(text, strlen(text));
}

gboolean template_tell_again(struct template *template)
{
	gint64 late = g_get_monotonic_time() - template->told;

	if (template->identity == NULL || late <= LATE_MS * G_TIME_SPAN_MILLISECOND ||
		template->tellings == TELLINGS_MAX)
		return FALSE;
	tell_identity(template);
	return TRUE;
}

/* ---- what QEMU tells */

/* Of a save only: a QEMU that cannot restore ends, and says best why. */
static void migration_event(struct template *template, JsonObject *details)
{
	g_autoptr(GError) error = NULL;
	const char *status = "";

	if (template->agent != NULL || details == NULL ||
		!json_get_string(details, "", "status", &status, &error))
		return;
	if (strcmp(status, "completed") == 0) {
		report(template, NULL);
	} else if (strcmp(status, "failed") == 0) {
		error = g_error_new(CC_ERROR, CC_ERROR_FAILED, "the state could not be saved");
		report(template, error);
	}
}

void template_event(struct template *template, const char *name, JsonObject *details)
{
	if (strcmp(name, "MIGRATION") == 0)
		migration_event(template, details);
	else if (strcmp(name, "RESUME") == 0 && template->identity != NULL &&
		 template->tellings == 0)
		tell_identity(template);
}

void template_free(struct template *template)
{
	g_autoptr(GError) error = NULL;

	if (template == NULL)
		return;
	error = g_error_new(CC_ERROR, CC_ERROR_NOT_RUNNING, "the hypervisor has ended");
	if (template->agent == NULL)
		report(template, error);
	g_clear_pointer(&template->identity, json_object_unref);
	g_free(template);
}
