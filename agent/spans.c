/* SPDX-License-Identifier: GPL-2.0-only */
/* Keeps the spans of the agent's work. */
#include "agent/spans.h"

#include <time.h>

#include "wire/message.h"

int64_t spans_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void spans_add_boot(struct spans *spans, const char *name, int64_t begin)
{
	if (spans->n_boot < SPANS_BOOT_MAX)
		spans->boot[spans->n_boot++] =
			(struct span){.name = name, .begin = begin, .end = spans_clock()};
}

static bool append(json_t *array, const struct span *span)
{
	json_t *object = json_pack("{s:s,s:I,s:I}", "name", span->name, "begin",
		(json_int_t)span->begin, "end", (json_int_t)span->end);

	return object != NULL && json_array_append_new(array, object) == 0;
}

json_t *spans_tell(struct spans *spans)
{
	json_t *array = json_array();

	for (size_t i = 0; array != NULL && i < spans->n_boot; i++)
		if (!append(array, &spans->boot[i])) {
			json_decref(array);
			array = NULL;
		}
	spans->n_boot = 0;
	spans->told = true;
	return array != NULL
		       ? json_pack("{s:I,s:o}", "now", (json_int_t)spans_clock(), "spans", array)
		       : NULL;
}

void spans_begin(struct spans *spans, uint32_t type)
{
	const struct message_info *info = message_by_type(type);

	if (spans->told && info != NULL)
		spans->request = (struct span){.name = info->name, .begin = spans_clock()};
}

bool spans_end(struct spans *spans, struct span *out_span)
{
	if (spans->request.begin == 0)
		return false;
	*out_span = spans->request;
	out_span->end = spans_clock();
	spans->request = (struct span){.name = NULL};
	return true;
}
