/* SPDX-License-Identifier: GPL-2.0-only */
/* Looks containers up: one, or all. */
#include "base/error.h"
#include "base/log.h"
#include "container/container.h"
#include "container/directory.h"
#include "oci/id.h"

struct oci_state *container_state(const struct settings *settings, const char *id, GError **error)
{
	g_autofree char *directory = NULL;
	g_autoptr(GError) cause = NULL;
	struct oci_state *state;

	if (!oci_id_check(id, error))
		return NULL;
	directory = directory_path(settings, id);
	state = oci_state_load(directory, &cause);
	if (state != NULL)
		return state;
	if (g_error_matches(cause, CC_ERROR, CC_ERROR_NOT_FOUND))
		g_set_error(
			error, CC_ERROR, CC_ERROR_NOT_FOUND, "container \"%s\" does not exist", id);
	else
		g_propagate_error(error, g_steal_pointer(&cause));
	return NULL;
}

static int compare_ids(gconstpointer left, gconstpointer right)
{
	const struct oci_state *const *a = left;
	const struct oci_state *const *b = right;

	return g_strcmp0((*a)->id, (*b)->id);
}

GPtrArray *container_list(const struct settings *settings, GError **error)
{
	g_autoptr(GPtrArray) states =
		g_ptr_array_new_with_free_func((GDestroyNotify)oci_state_free);
	g_autoptr(GError) cause = NULL;
	g_autoptr(GDir) root = g_dir_open(settings->root, 0, &cause);
	const char *id;

	if (root == NULL && !g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
		g_propagate_error(error, g_steal_pointer(&cause));
		return NULL;
	}
	while (root != NULL && (id = g_dir_read_name(root)) != NULL) {
		g_autoptr(GError) unreadable = NULL;
		struct oci_state *state;

		/* Other things may lie there, such as templates. */
		if (!oci_id_check(id, NULL))
			continue;
		state = container_state(settings, id, &unreadable);

		if (state != NULL)
			g_ptr_array_add(states, state);
		else if (!g_error_matches(unreadable, CC_ERROR, CC_ERROR_NOT_FOUND))
			log_warning("%s", unreadable->message);
	}
	g_ptr_array_sort(states, compare_ids);
	return g_steal_pointer(&states);
}
