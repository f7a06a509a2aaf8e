/* SPDX-License-Identifier: GPL-2.0-only */
/* Makes templates. */
#include "container/template.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/spawn.h"
#include "base/trace.h"
#include "container/network.h"
#include "vm/snapshot.h"

static const guint64 mib = 1 << 20;

/* ---- later */

static void add(GPtrArray *argv, const char *option, const char *value)
{
	g_ptr_array_add(argv, g_strdup(option));
	g_ptr_array_add(argv, g_strdup(value));
}

/* Ourselves, with what shapes the VM. */
static GPtrArray *maker_arguments(const struct guest *guest)
{
	const struct vm_config *config = guest->config;
	GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *timeout =
		g_strdup_printf("%" G_GINT64_FORMAT, (config->agent_timeout + 999) / 1000);

	g_ptr_array_add(argv, g_strdup(guest->settings->program_path));
	add(argv, "--template-dir", config->template_directory);
	add(argv, "--accel", vm_accel_name(config->accel));
	add(argv, "--agent-timeout", timeout);
	add(argv, "template", "create");
	g_ptr_array_add(argv, g_strdup("--background"));
	add(argv, "--bundle", guest->bundle);
	g_ptr_array_add(argv, NULL);
	return argv;
}

void template_make_later(const struct guest *guest)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) argv = NULL;
	g_auto(GStrv) environment = NULL;

	if (guest->config == NULL || !guest_wants_template(guest))
		return;
	argv = maker_arguments(guest);
	/* Its times are not this command's. */
	environment = g_environ_unsetenv(g_get_environ(), TRACE_ENVIRONMENT);

	struct spawn spawn = SPAWN_INIT;

	spawn.path = argv->pdata[0];
	spawn.argv = (const char *const *)argv->pdata;
	spawn.environment = (const char *const *)environment;
	spawn.new_session = TRUE;
	spawn.new_network_namespace = TRUE;
	spawn.directory = "/";
	if (spawn_process(&spawn, &error) < 0)
		log_warning("make a template: %s", error->message);
	else
		log_info("making template %s in the background", guest->key);
}

/* ---- now */

/* What is open and under way while one is made. */
struct making {
	struct oci_spec *spec;
	struct vm_config *config;
	struct vm_draft *draft;
	struct guest guest;
	/* The VM's state directory, in the draft's. */
	char *directory;
};

static void making_clear(struct making *making)
{
	guest_end(&making->guest);
	guest_clear(&making->guest);
	vm_draft_free(making->draft);
	vm_config_free(making->config);
	oci_spec_free(making->spec);
	g_free(making->directory);
}

/* A bundle may have a VM configuration of its own, in its config.json or beside it. */
static gboolean read_bundle(
	struct making *making, const struct settings *settings, const char *bundle, GError **error)
{
	if (bundle != NULL) {
		making->spec = oci_spec_load(bundle, error);
		if (making->spec == NULL)
			return FALSE;
	}
	making->config = guest_config(settings, bundle, making->spec, error);
	if (making->config == NULL)
		return FALSE;
	/* Whoever asks for one wants to hear why there can be none. */
	making->config->template_mode = VM_TEMPLATE_REQUIRE;
	return TRUE;
}

static JsonObject *describe(const struct making *making)
{
	const struct vm_config *config = making->config;
	JsonObject *object = json_object_new();

	json_object_set_string_member(object, "hypervisor", making->guest.args->shape[0]);
	json_object_set_string_member(object, "kernel", config->kernel_path);
	if (config->initrd_path != NULL)
		json_object_set_string_member(object, "initrd", config->initrd_path);
	json_object_set_string_member(object, "accel", vm_accel_name(config->accel));
	json_object_set_int_member(object, "memory", config->memory_mib);
	json_object_set_int_member(object, "cpus", config->cpus);
	return object;
}

/* The key is found with constants in place of the directory, which is the key's. */
static gboolean find_key(
	struct making *making, const struct settings *settings, const char *bundle, GError **error)
{
	struct guest *guest = &making->guest;

	guest->settings = settings;
	guest->config = making->config;
	guest->bundle = bundle;
	guest->name = "template";
	guest->nic = network_choose(making->config, -1);
	guest->directory = "/";
	return guest_find_key(guest, error);
}

/* One that is there and good; one that is damaged is dropped. */
static gboolean is_there(const struct making *making)
{
	const char *directory = making->config->template_directory;
	struct vm_snapshot found = VM_SNAPSHOT_INIT;
	g_autoptr(GError) error = NULL;

	if (vm_store_find(directory, making->guest.key, &found, &error)) {
		vm_snapshot_clear(&found);
		return TRUE;
	}
	/* What else is wrong with the store, the draft will find and say. */
	if (g_error_matches(error, CC_ERROR, CC_ERROR_INVALID)) {
		log_warning("%s: dropped", error->message);
		(void)!vm_store_drop(directory, making->guest.key, NULL);
	}
	return FALSE;
}

static gboolean begin(struct making *making, GError **error)
{
	making->draft = vm_draft_begin(making->config->template_directory, making->guest.key,
		making->config->memory_mib * mib, error);
	if (making->draft == NULL)
		return FALSE;
	making->directory = g_build_filename(making->draft->directory, "vm", NULL);
	if (mkdir(making->directory, 0700) == 0)
		return TRUE;
	error_set_errno(error, errno, "create %s", making->directory);
	return FALSE;
}

static gboolean boot(struct making *making, GError **error)
{
	struct guest *guest = &making->guest;

	guest->directory = guest->log_directory = making->directory;
	guest->draft = making->draft;
	return guest_prepare(guest, error) && guest_launch(guest, error) &&
	       guest_wait_ready(guest, error);
}

/* The VM must be gone before its files are described: it writes to them. */
static gboolean save(struct making *making, GError **error)
{
	gboolean saved = sandbox_save(making->guest.sandbox, making->draft->files.state, error);

	guest_end(&making->guest);
	return saved && file_remove_tree(making->directory, error) &&
	       vm_draft_commit(making->draft, describe(making), error);
}

/* A page that the file system has no space for is a signal to QEMU, which says nothing of it. */
static void explain(const char *directory, GError **error)
{
	struct statvfs status;

	if (statvfs(directory, &status) == 0 && (guint64)status.f_bavail * status.f_frsize < mib)
		g_prefix_error(error, "%s: no space left: ", directory);
}

static gboolean make(struct making *making, GError **error)
{
	const struct vm_config *config = making->config;
	g_autoptr(GError) cause = NULL;

	if (boot(making, &cause) && save(making, &cause))
		return vm_store_trim(config->template_directory, config->template_limit_mib * mib,
			making->guest.key, error);
	explain(config->template_directory, &cause);
	/* First, so that there is space for the note. */
	guest_end(&making->guest);
	g_clear_pointer(&making->draft, vm_draft_free);
	vm_store_note_failure(config->template_directory, making->guest.key, cause->message);
	g_propagate_error(error, g_steal_pointer(&cause));
	return FALSE;
}

/* Its VM is in a network namespace of its own: nothing that it does is seen outside. */
static gboolean isolate(GError **error)
{
	if (unshare(CLONE_NEWNET) == 0)
		return TRUE;
	error_set_errno(error, errno, "make a network namespace");
	return FALSE;
}

gboolean template_make(
	const struct settings *settings, const char *bundle, char **out_key, GError **error)
{
	struct making making = {.guest = GUEST_INIT};
	gboolean good = read_bundle(&making, settings, bundle, error) &&
			find_key(&making, settings, bundle, error) &&
			(is_there(&making) ||
				(isolate(error) && begin(&making, error) && make(&making, error)));

	if (good)
		*out_key = g_strdup(making.guest.key);
	making_clear(&making);
	return good;
}

char *template_directory(const struct settings *settings, GError **error)
{
	const struct vm_lookup lookup = {
		.sysconf = settings->sysconf_directory,
		.defaults = settings->defaults_directory,
	};
	g_autoptr(vm_config) config = NULL;

	if (settings->template_directory != NULL)
		return g_strdup(settings->template_directory);
	config = vm_config_load(&lookup, NULL, error);
	if (config == NULL)
		return NULL;
	return config->template_directory != NULL ? g_steal_pointer(&config->template_directory)
						  : g_strdup(settings->default_template_directory);
}
