/* SPDX-License-Identifier: GPL-2.0-only */
/* Starts virtual machines, by cloning or by booting. */
#include "container/guest.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uuid.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/timeouts.h"
#include "oci/pod.h"
#include "vm/kernel.h"
#include "vm/size.h"
#include "vm/snapshot.h"
#include "vm/tsc.h"
#include "wire/channel.h"
#include "wire/message.h"

static struct vm_lookup make_lookup(const struct settings *settings, const char *bundle)
{
	return (struct vm_lookup){
		.bundle = bundle,
		.sysconf = settings->sysconf_directory,
		.defaults = settings->defaults_directory,
	};
}

/* KVM or TCG; the latter is said once, unless it was asked for. */
static enum vm_accel choose_accel(const struct vm_config *config)
{
	const char *reason = NULL;

	if (config->accel != VM_ACCEL_AUTO)
		return config->accel;

	enum vm_accel accel = vm_accel_probe("/dev/kvm", "/sys/module", &reason);

	if (accel == VM_ACCEL_TCG)
		log_warning("no KVM (%s): the guest runs under TCG emulation, many times slower",
			reason);
	return accel;
}

static void apply_settings(struct vm_config *config, const struct settings *settings)
{
	if (settings->accel != VM_ACCEL_AUTO)
		config->accel = settings->accel;
	config->accel = choose_accel(config);
	if (settings->agent_timeout > 0)
		config->agent_timeout = settings->agent_timeout;
	if (settings->template_mode != VM_TEMPLATE_UNSET)
		config->template_mode = settings->template_mode;
	if (settings->template_directory != NULL || config->template_directory == NULL) {
		g_free(config->template_directory);
		config->template_directory =
			g_strdup(settings->template_directory != NULL
					 ? settings->template_directory
					 : settings->default_template_directory);
	}
}

static gboolean fit_size(struct vm_config *config, const struct oci_spec *spec, GError **error)
{
	const struct vm_size_host host = vm_size_host();
	/* What it points to stays the spec's. */
	struct oci_resources wanted = *spec->resources;

	if (!oci_pod_resources(spec->annotations, &wanted, error)) {
		g_prefix_error(error, "%s/" OCI_CONFIG_NAME ": ", spec->bundle);
		return FALSE;
	}
	vm_size_fit(config, &wanted, &host);
	log_info("VM: %u MiB of memory, %u CPUs", config->memory_mib, config->cpus);
	return TRUE;
}

struct vm_config *guest_config(const struct settings *settings, const char *bundle,
	const struct oci_spec *spec, GError **error)
{
	const struct vm_lookup lookup = make_lookup(settings, bundle);
	g_autoptr(vm_config) config = vm_config_load(&lookup, spec, error);

	if (config == NULL || !vm_config_check_files(config, error))
		return NULL;
	apply_settings(config, settings);
	if (spec != NULL && !fit_size(config, spec, error))
		return NULL;
	return g_steal_pointer(&config);
}

/* ---- what it is made of */

static struct vm_args *expand_args(const struct guest *guest, GError **error)
{
	const struct vm_lookup lookup = make_lookup(guest->settings, guest->bundle);
	uuid_t uuid;
	char uuid_text[UUID_STR_LEN];
	struct vm_args_values values = {
		.config = guest->config,
		.accel = guest->config->accel,
		.kernel_finds_mmio = vm_kernel_finds_mmio(guest->config->kernel_path),
		.hotplug = guest->config->hotplug,
		.nic = guest->nic,
		.tsc_khz = vm_tsc_khz(),
		.name = guest->name,
		.uuid = uuid_text,
		.state_directory = guest->directory,
		.share_directory = guest->share_directory,
	};

	uuid_generate_random(uuid);
	uuid_unparse_lower(uuid, uuid_text);
	return vm_args_load(&lookup, &values, error);
}

/* Only `require` makes an error of what is none. */
static gboolean without_template(const struct guest *guest, const char *why, GError **error)
{
	if (guest->config->template_mode != VM_TEMPLATE_REQUIRE) {
		log_info("booting: %s", why);
		return TRUE;
	}
	g_set_error(error, CC_ERROR, CC_ERROR_FAILED, "a template is required: %s", why);
	return FALSE;
}

static gboolean expand(struct guest *guest, GError **error)
{
	g_free(guest->share_directory);
	guest->share_directory = g_build_filename(guest->directory, "share", NULL);
	g_clear_pointer(&guest->args, vm_args_free);
	guest->args = expand_args(guest, error);
	return guest->args != NULL;
}

gboolean guest_find_key(struct guest *guest, GError **error)
{
	g_autofree char *obstacle = NULL;
	g_autofree char *why = NULL;

	if (guest->config->template_mode == VM_TEMPLATE_NEVER || guest->key != NULL)
		return TRUE;
	if (guest->args == NULL && !expand(guest, error))
		return FALSE;
	obstacle = vm_snapshot_obstacle(guest->args, guest->config);
	if (obstacle == NULL) {
		guest->key = vm_snapshot_key(
			guest->args, guest->config->accel, AGENT_VERSION_OURS, error);
		return guest->key != NULL;
	}
	why = g_strdup_printf("%s cannot have a template: %s", VM_ARGS_NAME, obstacle);
	return without_template(guest, why, error);
}

gboolean guest_prepare(struct guest *guest, GError **error)
{
	if (!expand(guest, error))
		return FALSE;
	if (mkdir(guest->share_directory, 0700) < 0 && errno != EEXIST) {
		error_set_errno(error, errno, "create %s", guest->share_directory);
		return FALSE;
	}
	return guest_find_key(guest, error);
}

/* ---- templates */

static void drop_template(struct guest *guest, const char *reason)
{
	g_autoptr(GError) error = NULL;

	guest->cloned = FALSE;
	vm_snapshot_clear(&guest->template);
	log_warning("template %.12s: %s: dropped, booting", guest->key, reason);
	if (!vm_store_drop(guest->config->template_directory, guest->key, &error))
		log_warning("%s", error->message);
}

/* Opens the template, if there is one that is good. */
static gboolean choose_template(struct guest *guest, GError **error)
{
	g_autoptr(GError) cause = NULL;

	if (guest->key == NULL || guest->draft != NULL)
		return TRUE;
	guest->cloned = vm_store_find(
		guest->config->template_directory, guest->key, &guest->template, &cause);
	if (guest->cloned)
		return TRUE;
	if (g_error_matches(cause, CC_ERROR, CC_ERROR_NOT_FOUND))
		return without_template(guest, "there is no template of this VM yet", error);
	if (!g_error_matches(cause, CC_ERROR, CC_ERROR_INVALID)) {
		/* Required, it is the error. */
		if (guest->config->template_mode != VM_TEMPLATE_REQUIRE)
			log_warning("template %.12s: %s", guest->key, cause->message);
		return without_template(guest, cause->message, error);
	}
	drop_template(guest, cause->message);
	return without_template(guest, "the template was damaged", error);
}

gboolean guest_wants_template(const struct guest *guest)
{
	return guest->key != NULL && !guest->cloned &&
	       vm_store_wants(guest->config->template_directory, guest->key);
}

/* ---- the start */

static gboolean spawn_proxy(struct guest *guest, GError **error)
{
	g_autofree char *socket = g_build_filename(guest->directory, PROXY_SOCKET_NAME, NULL);

	/* Of a proxy that has been here before. */
	(void)unlink(socket);
	guest->sandbox = sandbox_spawn(guest->settings->proxy_path, guest->directory,
		guest->network_namespace, guest->cgroups, &guest->proxy, error);
	return guest->sandbox != NULL;
}

static void give_files(
	struct guest *guest, const struct vm_snapshot *files, struct sandbox_launch *launch)
{
	vm_snapshot_append(guest->args, guest->config,
		guest->draft != NULL ? VM_SNAPSHOT_MADE : VM_SNAPSHOT_CLONED);
	sandbox_launch_give(launch, files->ram, HYPERVISOR_FD_RAM);
	if (guest->draft == NULL)
		sandbox_launch_give(launch, files->state, HYPERVISOR_FD_STATE);
}

static void make_machine_id(char *out_text, gsize size)
{
	uuid_t id;
	gsize used = 0;

	uuid_generate_random(id);
	for (gsize i = 0; i < sizeof id && used + 2 < size; i++, used += 2)
		g_snprintf(out_text + used, size - used, "%02x", id[i]);
}

static gboolean start(struct guest *guest, GError **error)
{
	char machine_id[33];
	const struct sandbox_identity identity = {
		.hostname = guest->hostname, .machine_id = machine_id};
	struct sandbox_launch launch = {
		.args = guest->args,
		.share_directory = guest->share_directory,
		.log_directory = guest->log_directory,
		.agent_timeout = guest->config->agent_timeout,
		.owner = guest->name,
		.nic = &guest->nic,
	};

	if (guest->draft != NULL)
		give_files(guest, &guest->draft->files, &launch);
	if (guest->cloned) {
		make_machine_id(machine_id, sizeof machine_id);
		give_files(guest, &guest->template, &launch);
		launch.identity = &identity;
		/* The rest is for a boot, in case it does not come up. */
		launch.agent_timeout /= 2;
	}
	return spawn_proxy(guest, error) && sandbox_launch(guest->sandbox, &launch, error);
}

gboolean guest_launch(struct guest *guest, GError **error)
{
	g_autoptr(GError) cause = NULL;

	if (!choose_template(guest, error))
		return FALSE;
	if (!guest->cloned)
		return start(guest, error);
	if (start(guest, &cause) && vm_snapshot_verify(&guest->template, &cause)) {
		log_info("cloning template %s", guest->key);
		return TRUE;
	}
	return guest_boot_instead(guest, g_steal_pointer(&cause), error);
}

gboolean guest_wait_ready(struct guest *guest, GError **error)
{
	if (!sandbox_wait_ready(guest->sandbox, guest->config->agent_timeout, error))
		return FALSE;
	vm_snapshot_clear(&guest->template);
	return TRUE;
}

/* A proxy that has been killed, or a caller that is told to stop, says nothing of the template. */
static gboolean may_be_template(const struct guest *guest, const GError *cause)
{
	return guest->cloned && interrupt_signal() == 0 &&
	       !g_error_matches(cause, CC_ERROR, CC_ERROR_NOT_RUNNING);
}

gboolean guest_boot_instead(struct guest *guest, GError *cause, GError **error)
{
	g_autoptr(GError) reason = cause;

	if (!may_be_template(guest, reason)) {
		g_propagate_error(error, g_steal_pointer(&reason));
		return FALSE;
	}
	guest_end(guest);
	drop_template(guest, reason->message);
	return without_template(guest, "the template did not restore", error) &&
	       guest_prepare(guest, error) && start(guest, error);
}

void guest_end(struct guest *guest)
{
	/* Without our connection the proxy ends its VM, and itself. */
	g_clear_pointer(&guest->sandbox, sandbox_free);
	if (guest->proxy.pid <= 0)
		return;
	if (!process_wait_gone(&guest->proxy, deadline_after(TIMEOUT_PROCESS_EXIT_MS), NULL))
		(void)process_signal(&guest->proxy, SIGKILL);
	while (waitpid(guest->proxy.pid, NULL, 0) < 0 && errno == EINTR)
		;
	guest->proxy.pid = 0;
}

void guest_clear(struct guest *guest)
{
	g_clear_pointer(&guest->sandbox, sandbox_free);
	g_clear_pointer(&guest->args, vm_args_free);
	g_clear_pointer(&guest->share_directory, g_free);
	g_clear_pointer(&guest->key, g_free);
	vm_snapshot_clear(&guest->template);
}
