/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest's part of the timeline (docs/agent-protocol.md, `trace`): what the agent did from when
 * to when. The boot's few spans are always kept, since nobody can ask for them before; requests
 * are told once the host has asked.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SPANS_BOOT_MAX = 4,
};

struct span {
	const char *name;
	/* CLOCK_MONOTONIC in ns. */
	int64_t begin;
	int64_t end;
};

struct spans {
	bool told;
	struct span boot[SPANS_BOOT_MAX];
	size_t n_boot;
	/* The request that is being served; `begin` 0: none, or nobody asks. */
	struct span request;
};

int64_t spans_clock(void);
/* A step of the boot that ends now. */
void spans_add_boot(struct spans *spans, const char *name, int64_t begin);
/* The answer to TRACE: the clock and the boot's spans, which are then forgotten. NULL: no memory.
 */
json_t *spans_tell(struct spans *spans);

/* A request begins. */
void spans_begin(struct spans *spans, uint32_t type);
/* It ends now; false when there is none to tell. */
bool spans_end(struct spans *spans, struct span *out_span);
