/* SPDX-License-Identifier: GPL-2.0-only */
/* QMP's stop, cont and query-cpus-fast. */
#include "proxy/power.h"

#include <errno.h>
#include <sched.h>

#include "base/error.h"
#include "base/json.h"
#include "proxy/agent.h"
#include "proxy/qmp.h"

/* Who asked, and for what. */
struct order {
	struct vm *vm;
	gboolean pause;
	GArray *cpus;
	power_func done;
	void *data;
};

static void order_free(struct order *order)
{
	g_clear_pointer(&order->cpus, g_array_unref);
	g_free(order);
}

static void on_changed(JsonNode *value, const GError *error, void *data)
{
	struct order *order = data;

	(void)value;
	if (error == NULL)
		vm_set_paused(order->vm, order->pause);
	order->done(error, order->data);
	order_free(order);
}

/* Takes the order over when it is sent. */
static gboolean execute(
	struct order *order, const char *command, qmp_reply_func done, GError **error)
{
	struct qmp *qmp = vm_get_qmp(order->vm);

	if (qmp != NULL && vm_get_state(order->vm) == VM_RUNNING)
		return qmp_execute(qmp, command, NULL, done, order, error);
	g_set_error(error, CC_ERROR, CC_ERROR_NOT_RUNNING, "the VM is not running");
	return FALSE;
}

static gboolean change(struct vm *vm, gboolean pause, power_func done, void *data, GError **error)
{
	struct order *order;

	if (vm_is_paused(vm) == pause) {
		g_set_error(error, CC_ERROR, CC_ERROR_FAILED,
			pause ? "the VM is paused already" : "the VM is not paused");
		return FALSE;
	}
	order = g_new0(struct order, 1);
	*order = (struct order){.vm = vm, .pause = pause, .done = done, .data = data};
	if (execute(order, pause ? "stop" : "cont", on_changed, error))
		return TRUE;
	order_free(order);
	return FALSE;
}

gboolean power_pause(struct vm *vm, power_func done, void *data, GError **error)
{
	return change(vm, TRUE, done, data, error);
}

gboolean power_resume(struct vm *vm, power_func done, void *data, GError **error)
{
	return change(vm, FALSE, done, data, error);
}

/* All that the thread stands for: under TCG one can be every CPU. */
static gboolean pin_thread(JsonArray *list, pid_t thread, const GArray *cpus, GError **error)
{
	gsize size = CPU_ALLOC_SIZE(G_MAXINT16);
	g_autofree cpu_set_t *set = g_malloc0(size);

	for (guint i = 0; i < json_array_get_length(list); i++) {
		JsonObject *cpu = json_array_get_object_element(list, i);
		guint host = g_array_index(cpus, guint, i % cpus->len);

		if (json_object_get_int_member(cpu, "thread-id") == thread)
			CPU_SET_S(host, size, set);
	}
	if (sched_setaffinity(thread, size, set) == 0)
		return TRUE;
	error_set_errno(error, errno, "pin the thread of a CPU");
	return FALSE;
}

/* A thread that the hypervisor names must be its own. */
static gboolean is_thread_of(pid_t process, gint64 thread)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/task/%" G_GINT64_FORMAT, process, thread);

	return g_file_test(path, G_FILE_TEST_IS_DIR);
}

static gboolean pin_all(const struct order *order, JsonNode *value, GError **error)
{
	JsonArray *list;

	if (!JSON_NODE_HOLDS_ARRAY(value)) {
		g_set_error(error, CC_ERROR, CC_ERROR_FAILED, "query-cpus-fast: not a list");
		return FALSE;
	}
	list = json_node_get_array(value);
	for (guint i = 0; i < json_array_get_length(list); i++) {
		JsonObject *cpu = NULL;
		gint64 thread = 0;

		if (!json_element_object(list, "query-cpus-fast", i, &cpu, error) ||
			!json_require_integer(cpu, "query-cpus-fast[]", "thread-id", 1, G_MAXINT32,
				&thread, error))
			return FALSE;
		if (!is_thread_of(vm_get_pid(order->vm), thread)) {
			g_set_error(error, CC_ERROR, CC_ERROR_FAILED,
				"query-cpus-fast: %" G_GINT64_FORMAT " is no thread of its",
				thread);
			return FALSE;
		}
	}
	for (guint i = 0; i < json_array_get_length(list); i++)
		if (!pin_thread(list,
			    (pid_t)json_object_get_int_member(
				    json_array_get_object_element(list, i), "thread-id"),
			    order->cpus, error))
			return FALSE;
	return TRUE;
}

static void on_cpus(JsonNode *value, const GError *error, void *data)
{
	struct order *order = data;
	g_autoptr(GError) failure = NULL;

	if (error == NULL && !pin_all(order, value, &failure))
		error = failure;
	order->done(error, order->data);
	order_free(order);
}

gboolean power_pin(struct vm *vm, GArray *cpus, power_func done, void *data, GError **error)
{
	struct order *order = g_new0(struct order, 1);

	*order = (struct order){.vm = vm, .cpus = g_array_ref(cpus), .done = done, .data = data};
	if (execute(order, "query-cpus-fast", on_cpus, error))
		return TRUE;
	order_free(order);
	return FALSE;
}
