/* SPDX-License-Identifier: GPL-2.0-only */
/* Further processes: in a container, or beside it in the guest. */
#include "base/error.h"
#include "base/json.h"
#include "sandbox/private.h"

/* What a look into the guest wants to see: kernel, processes and cgroups, all of them. */
static const struct {
	const char *destination;
	const char *type;
	const char *option;
} vm_mounts[] = {
	{"/proc", "proc", "nosuid"},
	{"/sys", "sysfs", "nosuid"},
	{"/sys/fs/cgroup", "cgroup", "nosuid"},
	{"/dev", "devtmpfs", "nosuid"},
	{"/dev/pts", "devpts", "ptmxmode=0666"},
};

static JsonArray *list_mounts(void)
{
	JsonArray *mounts = json_array_new();

	for (gsize i = 0; i < G_N_ELEMENTS(vm_mounts); i++) {
		JsonObject *mount = json_object_new();
		JsonArray *options = json_array_new();

		json_array_add_string_element(options, vm_mounts[i].option);
		json_object_set_string_member(mount, "destination", vm_mounts[i].destination);
		json_object_set_string_member(mount, "type", vm_mounts[i].type);
		json_object_set_string_member(mount, "source", vm_mounts[i].type);
		json_object_set_array_member(mount, "options", options);
		json_array_add_object_element(mounts, mount);
	}
	return mounts;
}

/* Only the mounts are its own: a namespace of them is what a root file system needs. */
static JsonObject *list_namespaces(void)
{
	JsonObject *section = json_object_new();
	JsonArray *namespaces = json_array_new();
	JsonObject *namespace = json_object_new();

	json_object_set_string_member(namespace, "type", "mount");
	json_array_add_object_element(namespaces, namespace);
	json_object_set_array_member(section, "namespaces", namespaces);
	return section;
}

/* The sections of a config.json: the container's root file system, and the guest around it. */
static void look_into_vm(JsonObject *command, JsonObject *oci, const char *container)
{
	JsonObject *root = json_object_new();

	json_object_set_string_member(root, "path", "rootfs");
	json_object_set_object_member(oci, "root", root);
	json_object_set_array_member(oci, "mounts", list_mounts());
	json_object_set_object_member(oci, "linux", list_namespaces());
	json_object_set_boolean_member(command, "vm", TRUE);
	json_object_set_string_member(command, "image", container);
	json_object_set_string_member(command, "rootfs", "rootfs");
}

gboolean sandbox_exec(struct sandbox *sandbox, const struct oci_process *description,
	const char *cgroup, gboolean in_vm, const struct sandbox_process *process, GError **error)
{
	JsonObject *command;
	JsonObject *oci;

	if ((cgroup != NULL || in_vm) && !sandbox->has_vm_exec) {
		g_set_error(error, CC_ERROR, CC_ERROR_FAILED,
			"the agent in the guest (version %" G_GINT64_FORMAT
			") knows neither --vm nor --cgroup",
			sandbox->agent_version);
		return FALSE;
	}
	command = sandbox_container_reference(process->container);
	oci = json_object_new();
	json_object_set_member(oci, "process", json_node_copy(description->json));
	if (in_vm)
		look_into_vm(command, oci, process->container);
	if (cgroup != NULL)
		json_object_set_string_member(command, "cgroup", cgroup);
	json_object_set_object_member(command, "process", sandbox_plain_process(process));
	json_object_set_object_member(command, "oci", oci);
	return sandbox_call_agent(sandbox, "EXECCMD", command, error);
}
