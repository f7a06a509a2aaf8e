/* SPDX-License-Identifier: GPL-2.0-only */
/* Signals and terminal sizes for a process, one request at a time. */
#include "proxy/orders.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "base/json.h"
#include "base/timeouts.h"
#include "wire/message.h"

enum {
	SIGNALS = 64,
};

struct orders {
	struct agent *agent;
	struct logfile *log;
	char *container;
	char *process;
	gboolean init;
	guint64 stdio_seq;
	/* In the order they came; each number at most once. */
	guint8 signals[SIGNALS];
	guint n_signals;
	gboolean has_size;
	guint16 rows;
	guint16 columns;
	gboolean outstanding;
	gboolean closed;
};

static void release(struct orders *orders)
{
	if (!orders->closed || orders->outstanding)
		return;
	g_free(orders->container);
	g_free(orders->process);
	g_free(orders);
}

static gboolean has_process_ids(const struct orders *orders)
{
	return agent_get_info(orders->agent)->version >= AGENT_VERSION_PROCESS_IDS;
}

static JsonObject *address_process(const struct orders *orders)
{
	JsonObject *object = json_object_new();

	json_object_set_string_member(object, "container", orders->container);
	json_object_set_string_member(object, "process", orders->process);
	return object;
}

/* Takes the oldest signal; NULL when this agent cannot be told. */
static JsonObject *next_signal(struct orders *orders, guint32 *out_type)
{
	guint number = orders->signals[0];
	JsonObject *object;

	memmove(orders->signals, orders->signals + 1, --orders->n_signals);
	if (has_process_ids(orders)) {
		*out_type = MESSAGE_SIGNALPROCESS;
		object = address_process(orders);
	} else if (orders->init) {
		*out_type = MESSAGE_KILLCONTAINER;
		object = json_object_new();
		json_object_set_string_member(object, "container", orders->container);
	} else {
		logfile_note(orders->log, LOG_WARNING,
			"signal %u: this agent reaches first processes only", number);
		return NULL;
	}
	json_object_set_int_member(object, "signal", number);
	return object;
}

static JsonObject *next_size(struct orders *orders, guint32 *out_type)
{
	JsonObject *object;

	orders->has_size = FALSE;
	*out_type = MESSAGE_WINSIZE;
	if (has_process_ids(orders)) {
		object = address_process(orders);
	} else {
		object = json_object_new();
		json_object_set_int_member(object, "seq", (gint64)orders->stdio_seq);
	}
	json_object_set_int_member(object, "row", orders->rows);
	json_object_set_int_member(object, "column", orders->columns);
	return object;
}

static void send_next(struct orders *orders);

static void on_reply(JsonNode *payload, const GError *error, void *data)
{
	struct orders *orders = data;

	(void)payload;
	if (error != NULL)
		logfile_note(orders->log, LOG_INFO, "order for \"%s\" of \"%s\": %s",
			orders->process, orders->container, error->message);
	orders->outstanding = FALSE;
	send_next(orders);
}

/* FALSE when the agent takes no requests: then what waits is of no use either. */
static gboolean send_one(struct orders *orders, guint32 type, JsonObject *object)
{
	g_autofree char *text = json_format_object(object, FALSE);
	g_autoptr(GError) error = NULL;

	if (agent_request(
		    orders->agent, type, text, TIMEOUT_AGENT_REQUEST_MS, on_reply, orders, &error))
		return TRUE;
	logfile_note(orders->log, LOG_INFO, "order for \"%s\" of \"%s\": %s", orders->process,
		orders->container, error->message);
	return FALSE;
}

static void send_next(struct orders *orders)
{
	while (!orders->outstanding && (orders->n_signals > 0 || orders->has_size)) {
		guint32 type;
		JsonObject *object = orders->n_signals > 0 ? next_signal(orders, &type)
							   : next_size(orders, &type);

		if (object == NULL)
			continue;
		orders->outstanding = TRUE;
		if (!send_one(orders, type, object)) {
			orders->outstanding = FALSE;
			orders->n_signals = 0;
			orders->has_size = FALSE;
		}
	}
	release(orders);
}

struct orders *orders_new(const struct orders_config *config)
{
	struct orders *orders = g_new0(struct orders, 1);

	orders->agent = config->agent;
	orders->log = config->log;
	orders->container = g_strdup(config->container);
	orders->process = g_strdup(config->process);
	orders->init = config->init;
	orders->stdio_seq = config->stdio_seq;
	return orders;
}

void orders_close(struct orders *orders)
{
	if (orders == NULL)
		return;
	orders->closed = TRUE;
	release(orders);
}

void orders_signal(struct orders *orders, guint number)
{
	guint8 *waiting = memchr(orders->signals, (int)number, orders->n_signals);

	if (number < 1 || number > SIGNALS)
		return;
	/* The last of its kind counts: STOP, CONT, STOP must end in a stopped process. */
	if (waiting != NULL) {
		gsize behind = (gsize)(orders->signals + orders->n_signals - waiting - 1);

		memmove(waiting, waiting + 1, behind);
		orders->n_signals--;
	}
	orders->signals[orders->n_signals++] = (guint8)number;
	send_next(orders);
}

void orders_winsize(struct orders *orders, guint16 rows, guint16 columns)
{
	orders->rows = rows;
	orders->columns = columns;
	orders->has_size = TRUE;
	send_next(orders);
}
