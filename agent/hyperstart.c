/* SPDX-License-Identifier: GPL-2.0-only */
/* Translates hyperstart's container and process into OCI's. */
#include "agent/hyperstart.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "agent/capability.h"
#include "agent/cleanup.h"
#include "agent/json.h"
#include "agent/lookup.h"

#define DEFAULT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* What such a container has, whatever the host says; fsmap's mounts come after. */
static const char default_mounts[] =
	"[{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\","
	"\"options\":[\"nosuid\",\"nodev\",\"noexec\"]},"
	"{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\","
	"\"options\":[\"nosuid\",\"mode=755\",\"size=65536k\"]},"
	"{\"destination\":\"/dev/pts\",\"type\":\"devpts\",\"source\":\"devpts\","
	"\"options\":[\"nosuid\",\"noexec\",\"newinstance\",\"ptmxmode=0666\",\"mode=0620\","
	"\"gid=5\"]},"
	"{\"destination\":\"/dev/shm\",\"type\":\"tmpfs\",\"source\":\"shm\","
	"\"options\":[\"nosuid\",\"nodev\",\"noexec\",\"mode=1777\"]},"
	"{\"destination\":\"/sys\",\"type\":\"sysfs\",\"source\":\"sysfs\","
	"\"options\":[\"nosuid\",\"nodev\",\"noexec\",\"ro\"]}]";

static const char default_linux[] =
	"{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"mount\"},{\"type\":\"uts\"},"
	"{\"type\":\"ipc\"}]}";

static bool is_number(const char *text)
{
	return *text != '\0' && strspn(text, "0123456789") == strlen(text) && strlen(text) < 10;
}

/* Opens a file of the container's; links in it cannot lead out of the root. */
static int open_in_root(int root, const char *path)
{
	struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};

	return (int)syscall(SYS_openat2, root, path, &how, sizeof how);
}

/* A number, or a name whose record in the file has the id in its third field. */
static bool resolve_id(int root, const char *file, const char *name, int64_t *out_id,
	int64_t *out_group, struct agent_error *error)
{
	char line[LOOKUP_LINE_MAX];
	char *fields[LOOKUP_FIELDS_MAX];

	if (*name == '\0')
		return true;
	if (is_number(name)) {
		*out_id = atoll(name);
		return true;
	}

	AUTO_CLOSE int fd = open_in_root(root, file);

	if (fd < 0)
		return agent_error_errno(error, errno, "look up %s in %s", name, file);
	if (lookup_record(fd, 0, name, line, fields) < 4 || !is_number(fields[2]))
		return agent_error_set(error, AGENT_CODE_FAILED, "%s: not in %s", name, file);
	*out_id = atoll(fields[2]);
	if (out_group != NULL && is_number(fields[3]))
		*out_group = atoll(fields[3]);
	return true;
}

static json_t *translate_groups(const json_t *process, int root, struct agent_error *error)
{
	AUTO_FREE char **names = NULL;
	AUTO_JSON json_t *gids = json_array();

	if (!json_get_strings(process, "additionalGroups", &names, error))
		return NULL;
	for (size_t i = 0; names[i] != NULL; i++) {
		int64_t gid = 0;

		if (!resolve_id(root, "etc/group", names[i], &gid, NULL, error))
			return NULL;
		json_array_append_new(gids, json_integer(gid));
	}
	return json_incref(gids);
}

static json_t *translate_user(const json_t *process, int root, struct agent_error *error)
{
	const char *user = "";
	const char *group = "";
	int64_t uid = 0;
	int64_t gid = 0;

	if (!json_get_string(process, "user", &user, error) ||
		!json_get_string(process, "group", &group, error) ||
		!resolve_id(root, "etc/passwd", user, &uid, &gid, error) ||
		!resolve_id(root, "etc/group", group, &gid, NULL, error))
		return NULL;

	json_t *gids = translate_groups(process, root, error);

	if (gids == NULL)
		return NULL;
	return json_pack("{s:I,s:I,s:o}", "uid", (json_int_t)uid, "gid", (json_int_t)gid,
		"additionalGids", gids);
}

/* [{"env":NAME,"value":VALUE}] as ["NAME=VALUE"]. */
static json_t *translate_env(const json_t *process, struct agent_error *error)
{
	json_t *from = NULL;
	AUTO_JSON json_t *env = json_array();
	bool has_path = false;

	if (!json_get_array(process, "envs", &from, error))
		return NULL;
	for (size_t i = 0; i < json_array_size(from); i++) {
		const char *name = NULL;
		const char *value = "";

		if (!json_need_string(json_array_get(from, i), "env", &name, error) ||
			!json_get_string(json_array_get(from, i), "value", &value, error)) {
			agent_error_prefix(error, "envs[%zu]", i);
			return NULL;
		}
		has_path |= strcmp(name, "PATH") == 0;
		json_array_append_new(env, json_sprintf("%s=%s", name, value));
	}
	if (!has_path)
		json_array_append_new(env, json_string(DEFAULT_PATH));
	return json_incref(env);
}

/* All of them: such a host relies on the VM alone. */
static json_t *all_capabilities(void)
{
	static const char *const sets[] = {"bounding", "effective", "permitted"};
	AUTO_JSON json_t *names = json_array();
	json_t *object = json_object();
	const char *name;

	for (unsigned i = 0; (name = capability_name(i)) != NULL; i++)
		json_array_append_new(names, json_string(name));
	for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
		json_object_set(object, sets[i], names);
	return object;
}

static bool copy_basics(json_t *oci, const json_t *process, struct agent_error *error)
{
	json_t *args = NULL;
	const char *cwd = "/";
	bool terminal = false;
	int64_t rows = 0;
	int64_t columns = 0;

	if (!json_get_array(process, "args", &args, error) ||
		!json_get_string(process, "workdir", &cwd, error) ||
		!json_get_boolean(process, "terminal", &terminal, error) ||
		!json_get_integer(process, "rows", 0, UINT16_MAX, &rows, error) ||
		!json_get_integer(process, "columns", 0, UINT16_MAX, &columns, error))
		return false;
	json_object_set(oci, "args", args);
	json_object_set_new(oci, "cwd", json_string(*cwd != '\0' ? cwd : "/"));
	json_object_set_new(oci, "terminal", json_boolean(terminal));
	json_object_set_new(oci, "consoleSize",
		json_pack("{s:I,s:I}", "height", (json_int_t)rows, "width", (json_int_t)columns));
	return true;
}

json_t *hyperstart_process_to_oci(const json_t *process, int root, struct agent_error *error)
{
	AUTO_JSON json_t *oci = json_object();

	if (!copy_basics(oci, process, error))
		return NULL;

	json_t *env = translate_env(process, error);

	if (env == NULL)
		return NULL;
	json_object_set_new(oci, "env", env);

	json_t *user = translate_user(process, root, error);

	if (user == NULL)
		return NULL;
	json_object_set_new(oci, "user", user);
	json_object_set_new(oci, "capabilities", all_capabilities());
	return json_incref(oci);
}

/* One entry of fsmap is a bind mount. */
static json_t *translate_map(const json_t *entry, struct agent_error *error)
{
	const char *source = NULL;
	const char *path = NULL;
	bool read_only = false;

	if (!json_need_string(entry, "source", &source, error) ||
		!json_need_string(entry, "path", &path, error) ||
		!json_get_boolean(entry, "readOnly", &read_only, error))
		return NULL;
	return json_pack("{s:s,s:s,s:s,s:[s,s]}", "destination", path, "source", source, "type",
		"bind", "options", "rbind", read_only ? "ro" : "rw");
}

static json_t *translate_mounts(const json_t *container, struct agent_error *error)
{
	AUTO_JSON json_t *mounts = json_loads(default_mounts, 0, NULL);
	json_t *map = NULL;

	if (!json_get_array(container, "fsmap", &map, error))
		return NULL;
	for (size_t i = 0; i < json_array_size(map); i++) {
		json_t *mount = translate_map(json_array_get(map, i), error);

		if (mount == NULL) {
			agent_error_prefix(error, "fsmap[%zu]", i);
			return NULL;
		}
		json_array_append_new(mounts, mount);
	}
	return json_incref(mounts);
}

/* Keys that ask for what the agent cannot do yet must not be passed over. */
static bool refuse_unsupported(const json_t *container, struct agent_error *error)
{
	const char *fstype = "";
	json_t *volumes = NULL;

	if (!json_get_string(container, "fstype", &fstype, error) ||
		!json_get_array(container, "volumes", &volumes, error))
		return false;
	if (*fstype != '\0')
		return agent_error_set(error, AGENT_CODE_FAILED, "fstype: not supported yet");
	if (json_array_size(volumes) > 0)
		return agent_error_set(error, AGENT_CODE_FAILED, "volumes: not supported yet");
	return true;
}

json_t *hyperstart_container_to_oci(
	const json_t *container, const char *hostname, int root, struct agent_error *error)
{
	AUTO_JSON json_t *oci = json_object();
	json_t *process = NULL;
	json_t *sysctl = NULL;
	bool read_only = false;

	if (!refuse_unsupported(container, error) ||
		!json_get_object(container, "process", &process, error) ||
		!json_get_object(container, "sysctl", &sysctl, error) ||
		!json_get_boolean(container, "readOnly", &read_only, error))
		return NULL;
	json_object_set_new(oci, "linux", json_loads(default_linux, 0, NULL));
	json_object_set(json_object_get(oci, "linux"), "sysctl", sysctl);
	json_object_set_new(oci, "root", json_pack("{s:b}", "readonly", read_only));
	if (hostname != NULL)
		json_object_set_new(oci, "hostname", json_string(hostname));

	json_t *mounts = translate_mounts(container, error);

	if (mounts == NULL)
		return NULL;
	json_object_set_new(oci, "mounts", mounts);

	json_t *oci_process = hyperstart_process_to_oci(process, root, error);

	if (oci_process == NULL) {
		agent_error_prefix(error, "process");
		return NULL;
	}
	json_object_set_new(oci, "process", oci_process);
	return json_incref(oci);
}
