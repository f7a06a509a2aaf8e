/* SPDX-License-Identifier: GPL-2.0-only */
/* cc-oci-runtime spec */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "commands/command.h"
#include "oci/spec.h"

/* A shell at a terminal, with few rights, as other runtimes' `spec` has it. */
static const char sample[] =
	"{"
	"\"ociVersion\":\"" OCI_SPEC_VERSION "\","
	"\"process\":{"
	"\"terminal\":true,"
	"\"user\":{\"uid\":0,\"gid\":0},"
	"\"args\":[\"sh\"],"
	"\"env\":[\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\","
	"\"TERM=xterm\"],"
	"\"cwd\":\"/\","
	"\"capabilities\":{"
	"\"bounding\":[\"CAP_AUDIT_WRITE\",\"CAP_KILL\",\"CAP_NET_BIND_SERVICE\"],"
	"\"effective\":[\"CAP_AUDIT_WRITE\",\"CAP_KILL\",\"CAP_NET_BIND_SERVICE\"],"
	"\"permitted\":[\"CAP_AUDIT_WRITE\",\"CAP_KILL\",\"CAP_NET_BIND_SERVICE\"]},"
	"\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"hard\":1024,\"soft\":1024}],"
	"\"noNewPrivileges\":true},"
	"\"root\":{\"path\":\"rootfs\",\"readonly\":true},"
	"\"hostname\":\"cc-oci-runtime\","
	"\"mounts\":["
	"{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},"
	"{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\","
	"\"options\":[\"nosuid\",\"strictatime\",\"mode=755\",\"size=65536k\"]},"
	"{\"destination\":\"/dev/pts\",\"type\":\"devpts\",\"source\":\"devpts\","
	"\"options\":[\"nosuid\",\"noexec\",\"newinstance\",\"ptmxmode=0666\",\"mode=0620\","
	"\"gid=5\"]},"
	"{\"destination\":\"/dev/shm\",\"type\":\"tmpfs\",\"source\":\"shm\","
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"mode=1777\",\"size=65536k\"]},"
	"{\"destination\":\"/dev/mqueue\",\"type\":\"mqueue\",\"source\":\"mqueue\","
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\"]},"
	"{\"destination\":\"/sys\",\"type\":\"sysfs\",\"source\":\"sysfs\","
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"ro\"]},"
	"{\"destination\":\"/sys/fs/cgroup\",\"type\":\"cgroup\",\"source\":\"cgroup\","
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"relatime\",\"ro\"]}],"
	"\"linux\":{"
	"\"resources\":{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}]},"
	"\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"ipc\"},"
	"{\"type\":\"uts\"},{\"type\":\"mount\"},{\"type\":\"cgroup\"}],"
	"\"maskedPaths\":[\"/proc/acpi\",\"/proc/asound\",\"/proc/kcore\",\"/proc/keys\","
	"\"/proc/latency_stats\",\"/proc/timer_list\",\"/proc/timer_stats\","
	"\"/proc/sched_debug\",\"/sys/firmware\",\"/proc/scsi\"],"
	"\"readonlyPaths\":[\"/proc/bus\",\"/proc/fs\",\"/proc/irq\",\"/proc/sys\","
	"\"/proc/sysrq-trigger\"]}}";

/*
 * Without root on the host: no cgroup of its own to limit, and no namespace for taps. The guest has
 * its own users, so that the container's root is none of the host's whatever is written here.
 */
static void make_rootless(JsonObject *document)
{
	JsonObject *section = json_object_get_object_member(document, "linux");
	JsonArray *namespaces = json_object_get_array_member(section, "namespaces");

	json_object_remove_member(section, "resources");
	for (guint i = 0; i < json_array_get_length(namespaces); i++) {
		JsonObject *namespace = json_array_get_object_element(namespaces, i);

		if (strcmp(json_object_get_string_member(namespace, "type"), "network") != 0)
			continue;
		json_array_remove_element(namespaces, i);
		return;
	}
}

static gboolean write_config(const char *bundle, gboolean rootless, GError **error)
{
	g_autofree char *path = g_build_filename(bundle, OCI_CONFIG_NAME, NULL);
	g_autoptr(JsonNode) document = json_parse_object(sample, strlen(sample), error);
	g_autofree char *text = NULL;
	g_autofree char *lines = NULL;

	if (document == NULL)
		return FALSE;
	if (access(path, F_OK) == 0) {
		g_set_error(
			error, CC_ERROR, CC_ERROR_EXISTS, "File %s exists. Remove it first", path);
		return FALSE;
	}
	if (rootless)
		make_rootless(json_node_get_object(document));
	text = json_format(document, TRUE);
	lines = g_strconcat(text, "\n", NULL);
	return file_write_atomic(path, lines, strlen(lines), 0666, error);
}

static int spec(const struct command *command, const struct settings *settings, int argc,
	char **argv, GError **error)
{
	g_autofree char *bundle = NULL;
	gboolean rootless = FALSE;
	const GOptionEntry entries[] = {
		{"bundle", 'b', 0, G_OPTION_ARG_FILENAME, &bundle,
			"Write it into this directory [the current one]", "DIR"},
		{"rootless", 0, 0, G_OPTION_ARG_NONE, &rootless,
			"For a container that is run without root", NULL},
		{NULL},
	};
	enum command_parsed parsed = command_parse(command, entries, 0, 0, &argc, &argv, error);

	(void)settings;
	if (parsed != COMMAND_GO)
		return parsed == COMMAND_HELPED ? 0 : -1;
	return write_config(bundle != NULL ? bundle : ".", rootless, error) ? 0 : -1;
}

const struct command command_spec = {
	.name = "spec",
	.arguments = "",
	.summary = "Writes a config.json to start from.",
	.run = spec,
};
