/* SPDX-License-Identifier: GPL-2.0-only */
/* What a process's memory costs. */
#include "runner.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"

#define HEAD "55c0a8b3d000-7ffd1c5f2000 ---p 00000000 00:00 0    [rollup]\n"

TEST(memory_parse_reads_the_figures)
{
	struct memory_cost cost;
	g_autoptr(GError) error = NULL;

	ck_assert(memory_parse(HEAD "Rss:            1000 kB\nPss:             300 kB\n"
				    "Pss_Dirty:       200 kB\nPrivate_Clean:    40 kB\n"
				    "Private_Dirty:     2 kB\n",
		&cost, &error));
	ck_assert_uint_eq(cost.pss, 300 << 10);
	ck_assert_uint_eq(cost.private, 42 << 10);
}

static const char *const bad_texts[] = {
	"",
	HEAD,
	HEAD "Pss: 300 kB\nPrivate_Clean: 1 kB\n",
	HEAD "Pss: 300 MB\nPrivate_Clean: 1 kB\nPrivate_Dirty: 1 kB\n",
	HEAD "XPss: 300 kB\nPrivate_Clean: 1 kB\nPrivate_Dirty: 1 kB\n",
	HEAD "Pss: 99999999999999999999 kB\nPrivate_Clean: 1 kB\nPrivate_Dirty: 1 kB\n",
};

TEST(memory_parse_refuses)
{
	struct memory_cost cost;
	g_autoptr(GError) error = NULL;

	ck_assert(!memory_parse(bad_texts[_i], &cost, &error));
	ck_assert(g_error_matches(error, CC_ERROR, CC_ERROR_INVALID));
}

TEST(memory_of_process_sees_private_pages)
{
	enum { SIZE = 8 << 20 };

	struct memory_cost before;
	struct memory_cost after;
	g_autoptr(GError) error = NULL;

	ck_assert(memory_of_process(getpid(), &before, &error));

	void *pages = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	ck_assert_ptr_ne(pages, MAP_FAILED);
	ck_assert(memory_of_process(getpid(), &after, &error));
	munmap(pages, SIZE);
	ck_assert_uint_ge(after.private, before.private + SIZE);
	/* Its part of shared pages is less with every other process that maps them. */
	ck_assert_uint_ge(after.pss, after.private);
}

TEST(memory_of_process_that_is_gone_is_not_found)
{
	struct memory_cost cost;
	g_autoptr(GError) error = NULL;

	/* No pid: the kernel's highest is lower. */
	ck_assert(!memory_of_process(G_MAXINT, &cost, &error));
	ck_assert(g_error_matches(error, CC_ERROR, CC_ERROR_NOT_FOUND));
}

static const struct test tests[] = {
	RUN(memory_parse_reads_the_figures),
	RUN_EACH(memory_parse_refuses, G_N_ELEMENTS(bad_texts)),
	RUN(memory_of_process_sees_private_pages),
	RUN(memory_of_process_that_is_gone_is_not_found),
};

TEST_MAIN("base-memory", tests)
