/* SPDX-License-Identifier: GPL-2.0-only */
/* config.json: bytes to one struct. */
#include "oci/spec.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "oci/annotations.h"
#include "oci/coverage.h"
#include "oci/mounts.h"
#include "oci/namespaces.h"
#include "oci/rules.h"
#include "oci/version.h"

enum {
	CONFIG_SIZE_MAX = 4 << 20,
};

static gboolean read_version(struct oci_spec *spec, JsonObject *root, GError **error)
{
	const char *version = NULL;

	if (!json_require_string(root, "", "ociVersion", &version, error))
		return FALSE;
	if (!oci_version_check(version, error)) {
		g_prefix_error(error, "ociVersion: ");
		return FALSE;
	}
	spec->version = g_strdup(version);
	return TRUE;
}

static gboolean read_process(struct oci_spec *spec, JsonObject *root, GError **error)
{
	JsonObject *process = NULL;

	if (!json_require_object(root, "", "process", &process, error))
		return FALSE;
	spec->process = oci_process_from_json(process, "process", error);
	return spec->process != NULL;
}

static gboolean read_root(struct oci_spec *spec, JsonObject *root, GError **error)
{
	JsonObject *section = NULL;
	const char *path = NULL;

	if (!json_require_object(root, "", "root", &section, error) ||
		!json_require_string(section, "root", "path", &path, error) ||
		!json_get_boolean(section, "root", "readonly", &spec->root_readonly, error))
		return FALSE;
	if (*path == '\0') {
		g_set_error(error, CC_ERROR, CC_ERROR_INVALID, "root.path: empty");
		return FALSE;
	}
	spec->root_path = g_canonicalize_filename(path, spec->bundle);
	return TRUE;
}

static gboolean read_hostname(struct oci_spec *spec, JsonObject *root, GError **error)
{
	const char *hostname = NULL;

	if (!json_get_string(root, "", "hostname", &hostname, error))
		return FALSE;
	spec->hostname = g_strdup(hostname);
	return TRUE;
}

static gboolean read_hooks(struct oci_spec *spec, JsonObject *root, GError **error)
{
	spec->hooks = oci_hooks_parse(root, error);
	return spec->hooks != NULL;
}

static gboolean read_resources(struct oci_spec *spec, JsonObject *root, GError **error)
{
	JsonObject *section = NULL;
	const char *path = "";

	spec->resources = oci_resources_of_document(root, error);
	if (spec->resources == NULL || !json_get_object(root, "", "linux", &section, error) ||
		(section != NULL &&
			!json_get_string(section, "linux", "cgroupsPath", &path, error)))
		return FALSE;
	spec->cgroups_path = *path != '\0' ? g_strdup(path) : NULL;
	return TRUE;
}

static gboolean read_document(struct oci_spec *spec, GError **error)
{
	JsonObject *root = json_node_get_object(spec->document);

	return read_version(spec, root, error) && read_process(spec, root, error) &&
	       read_root(spec, root, error) && read_hostname(spec, root, error) &&
	       oci_mounts_parse(root, spec->bundle, &spec->mounts, &spec->n_mounts, error) &&
	       oci_namespaces_parse(root, &spec->namespaces, &spec->n_namespaces, error) &&
	       read_resources(spec, root, error) &&
	       oci_annotations_parse(root, spec->annotations, error) &&
	       json_get_object(root, "", "vm", &spec->vm, error) && read_hooks(spec, root, error);
}

static gboolean check_document(const struct oci_spec *spec, GError **error)
{
	JsonObject *root = json_node_get_object(spec->document);

	return oci_coverage_check(root, "", "", spec->warnings, error) &&
	       oci_rules_check(root, error);
}

struct oci_spec *oci_spec_parse(const char *data, gsize size, const char *bundle, GError **error)
{
	g_autoptr(oci_spec) spec = g_new0(struct oci_spec, 1);

	spec->bundle = g_strdup(bundle);
	spec->annotations = oci_annotations_new();
	spec->warnings = g_ptr_array_new_with_free_func(g_free);
	spec->document = json_parse_object(data, size, error);
	if (spec->document == NULL || !read_document(spec, error) || !check_document(spec, error)) {
		g_autofree char *path = g_build_filename(bundle, OCI_CONFIG_NAME, NULL);

		g_prefix_error(error, "%s: ", path);
		return NULL;
	}
	return g_steal_pointer(&spec);
}

static gboolean check_root(const struct oci_spec *spec, const char *config, GError **error)
{
	struct stat status;

	if (stat(spec->root_path, &status) < 0) {
		error_set_errno(error, errno, "%s: root.path: %s", config, spec->root_path);
		return FALSE;
	}
	if (!S_ISDIR(status.st_mode)) {
		error_set_errno(error, ENOTDIR, "%s: root.path: %s", config, spec->root_path);
		return FALSE;
	}
	return TRUE;
}

static struct oci_spec *load(const char *path, const char *bundle, GError **error)
{
	g_autofree char *data = NULL;
	gsize size;

	if (!file_read(path, CONFIG_SIZE_MAX, &data, &size, error))
		return NULL;
	return oci_spec_parse(data, size, bundle, error);
}

struct oci_spec *oci_spec_load(const char *bundle, GError **error)
{
	g_autofree char *path = g_build_filename(bundle, OCI_CONFIG_NAME, NULL);
	g_autoptr(oci_spec) spec = load(path, bundle, error);

	if (spec == NULL || !check_root(spec, path, error))
		return NULL;
	return g_steal_pointer(&spec);
}

gboolean oci_spec_keep(const struct oci_spec *spec, const char *directory, GError **error)
{
	g_autofree char *path = g_build_filename(directory, OCI_CONFIG_NAME, NULL);
	g_autofree char *text = json_format(spec->document, FALSE);

	return file_write_atomic(path, text, strlen(text), 0600, error);
}

struct oci_spec *oci_spec_load_kept(const char *directory, const char *bundle, GError **error)
{
	g_autofree char *path = g_build_filename(directory, OCI_CONFIG_NAME, NULL);

	return load(path, bundle, error);
}

void oci_spec_free(struct oci_spec *spec)
{
	if (spec == NULL)
		return;
	g_free(spec->bundle);
	g_free(spec->version);
	oci_process_free(spec->process);
	g_free(spec->root_path);
	g_free(spec->hostname);
	oci_mounts_free(spec->mounts, spec->n_mounts);
	oci_namespaces_free(spec->namespaces, spec->n_namespaces);
	oci_hooks_free(spec->hooks);
	oci_resources_free(spec->resources);
	g_free(spec->cgroups_path);
	g_clear_pointer(&spec->annotations, g_hash_table_unref);
	g_clear_pointer(&spec->warnings, g_ptr_array_unref);
	g_clear_pointer(&spec->document, json_node_unref);
	g_free(spec);
}

const struct oci_namespace *oci_spec_namespace(const struct oci_spec *spec, const char *type)
{
	for (gsize i = 0; i < spec->n_namespaces; i++)
		if (strcmp(spec->namespaces[i].type, type) == 0)
			return &spec->namespaces[i];
	return NULL;
}
