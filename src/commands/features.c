/* SPDX-License-Identifier: GPL-2.0-only */
/* cc-oci-runtime features (runtime-spec, features.md) */
#include <stdio.h>

#include "base/json.h"
#include "commands/command.h"
#include "oci/capabilities.h"
#include "oci/fields.h"
#include "oci/hooks.h"
#include "oci/spec.h"
#include "vm/config.h"

/*
 * What the agent knows (agent/mount-options.c; tests/unit/features-test compares), and what the
 * kernel does for every file system.
 */
static const char *const mount_options[] = {"async", "atime", "bind", "defaults", "dev", "diratime",
	"dirsync", "exec", "lazytime", "loud", "noatime", "nodev", "nodiratime", "noexec",
	"nolazytime", "norelatime", "nostrictatime", "nosuid", "nosymfollow", "private", "ratime",
	"rbind", "rdev", "rdiratime", "relatime", "remount", "rexec", "rnoatime", "rnodev",
	"rnodiratime", "rnoexec", "rnorelatime", "rnostrictatime", "rnosuid", "rnosymfollow", "ro",
	"rprivate", "rrelatime", "rro", "rrw", "rshared", "rslave", "rstrictatime", "rsuid",
	"rsymfollow", "runbindable", "rw", "shared", "silent", "slave", "strictatime", "suid",
	"symfollow", "sync", "tmpcopyup", "unbindable", NULL};

/* Annotations of a config.json that change what is run on the host. */
static const char *const unsafe_annotations[] = {VM_ANNOTATION_MACHINE, VM_ANNOTATION_ACCEL, NULL};

/* A namespace's type, and the field that has to be honoured for it; NULL: always there. */
static const struct {
	const char *type;
	const char *field;
} namespaces[] = {
	{"cgroup", NULL},
	{"ipc", NULL},
	{"mount", NULL},
	{"network", NULL},
	{"pid", NULL},
	{"time", "linux.timeOffsets"},
	{"user", "linux.uidMappings"},
	{"uts", NULL},
};

static gboolean is_honoured(const char *path)
{
	const struct oci_field *field = oci_field_find(path);

	return field != NULL && field->coverage < OCI_REFUSED;
}

static JsonArray *list(const char *const *words)
{
	JsonArray *array = json_array_new();

	for (; words != NULL && *words != NULL; words++)
		json_array_add_string_element(array, *words);
	return array;
}

/* What a field may be. */
static JsonArray *list_values(const char *path)
{
	const struct oci_field *field = oci_field_find(path);

	return list(field != NULL ? field->values : NULL);
}

static JsonArray *list_hooks(void)
{
	JsonArray *array = json_array_new();

	for (int kind = 0; kind < OCI_HOOK_KINDS; kind++) {
		const char *name = oci_hook_name((enum oci_hook_kind)kind);
		g_autofree char *path = json_path("hooks", name);

		if (is_honoured(path))
			json_array_add_string_element(array, name);
	}
	return array;
}

static JsonArray *list_namespaces(void)
{
	JsonArray *array = json_array_new();

	for (gsize i = 0; i < G_N_ELEMENTS(namespaces); i++)
		if (namespaces[i].field == NULL || is_honoured(namespaces[i].field))
			json_array_add_string_element(array, namespaces[i].type);
	return array;
}

static JsonObject *describe_cgroup(void)
{
	JsonObject *cgroup = json_object_new();
	gboolean used = is_honoured("linux.cgroupsPath");

	json_object_set_boolean_member(cgroup, "v1", used);
	json_object_set_boolean_member(cgroup, "v2", used);
	json_object_set_boolean_member(cgroup, "systemd", used);
	json_object_set_boolean_member(cgroup, "systemdUser", FALSE);
	json_object_set_boolean_member(cgroup, "rdma", FALSE);
	return cgroup;
}

static JsonObject *describe_seccomp(void)
{
	JsonObject *seccomp = json_object_new();
	gboolean used = is_honoured("linux.seccomp");

	json_object_set_boolean_member(seccomp, "enabled", used);
	if (!used)
		return seccomp;
	json_object_set_array_member(
		seccomp, "actions", list_values("linux.seccomp.syscalls[].action"));
	json_object_set_array_member(
		seccomp, "operators", list_values("linux.seccomp.syscalls[].args[].op"));
	json_object_set_array_member(seccomp, "archs", list_values("linux.seccomp.architectures"));
	json_object_set_array_member(seccomp, "knownFlags", list_values("linux.seccomp.flags"));
	json_object_set_array_member(seccomp, "supportedFlags", list_values("linux.seccomp.flags"));
	return seccomp;
}

static JsonObject *enabled(const char *field)
{
	JsonObject *object = json_object_new();

	json_object_set_boolean_member(object, "enabled", is_honoured(field));
	return object;
}

static JsonObject *describe_linux(void)
{
	JsonObject *section = json_object_new();
	JsonObject *extensions = json_object_new();

	json_object_set_object_member(extensions, "idmap", enabled("mounts[].uidMappings"));
	json_object_set_array_member(section, "namespaces", list_namespaces());
	json_object_set_array_member(section, "capabilities", list(oci_capability_names));
	json_object_set_object_member(section, "cgroup", describe_cgroup());
	json_object_set_object_member(section, "seccomp", describe_seccomp());
	json_object_set_object_member(section, "apparmor", enabled("process.apparmorProfile"));
	json_object_set_object_member(section, "selinux", enabled("process.selinuxLabel"));
	json_object_set_object_member(section, "intelRdt", enabled("linux.intelRdt"));
	json_object_set_object_member(section, "netDevices", enabled("linux.netDevices"));
	json_object_set_object_member(section, "mountExtensions", extensions);
	return section;
}

static JsonObject *describe(void)
{
	JsonObject *features = json_object_new();
	JsonObject *annotations = json_object_new();

	json_object_set_string_member(annotations, "cc-oci-runtime.version", PACKAGE_VERSION);
	json_object_set_string_member(features, "ociVersionMin", "1.0.0");
	json_object_set_string_member(features, "ociVersionMax", OCI_SPEC_VERSION);
	json_object_set_array_member(features, "hooks", list_hooks());
	json_object_set_array_member(features, "mountOptions", list(mount_options));
	json_object_set_object_member(features, "linux", describe_linux());
	json_object_set_object_member(features, "annotations", annotations);
	json_object_set_array_member(
		features, "potentiallyUnsafeConfigAnnotations", list(unsafe_annotations));
	return features;
}

static int features(const struct command *command, const struct settings *settings, int argc,
	char **argv, GError **error)
{
	enum command_parsed parsed = command_parse(command, NULL, 0, 0, &argc, &argv, error);
	g_autofree char *text = NULL;

	(void)settings;
	if (parsed != COMMAND_GO)
		return parsed == COMMAND_HELPED ? 0 : -1;
	text = json_format_object(describe(), TRUE);
	puts(text);
	return 0;
}

const struct command command_features = {
	.name = "features",
	.arguments = "",
	.summary = "Prints what of the OCI runtime-spec is there, as JSON.",
	.run = features,
};
