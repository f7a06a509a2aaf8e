/* SPDX-License-Identifier: GPL-2.0-only */
/* The lines of a hypervisor.args. */
#include "runner.h"

#include <string.h>

#include "base/error.h"
#include "vm/template.h"

TEST(template_drops_comments_and_blank_lines)
{
	static const char text[] =
		"# first\n\n\t/q  # the binary\n -x \r\n#y\n   # z\nid=a#b\n-last";
	static const char *const expected[] = {"/q", "-x", "id=a#b", "-last"};
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) lines = vm_template_lines(text, strlen(text), "f", &error);

	test_succeeds(lines != NULL, error);
	ck_assert_uint_eq(lines->len, G_N_ELEMENTS(expected));
	for (guint i = 0; i < lines->len; i++)
		ck_assert_str_eq(((struct vm_line *)lines->pdata[i])->text, expected[i]);
}

TEST(template_counts_all_lines)
{
	static const char text[] = "#\n/q\n\n\n-x";
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) lines = vm_template_lines(text, strlen(text), "f", &error);

	test_succeeds(lines != NULL, error);
	ck_assert_uint_eq(((struct vm_line *)lines->pdata[0])->number, 2);
	ck_assert_uint_eq(((struct vm_line *)lines->pdata[1])->number, 5);
}

struct bad_text {
	const char *text;
	gsize size;
	const char *message;
};

static const struct bad_text bad_texts[] = {
	{"", 0, "f: empty: no hypervisor"},
	{" \n\r\n# x", 7, "f: empty: no hypervisor"},
	{"/q\n\0", 4, "f: has a NUL byte"},
	{"/q\n\xff\n", 5, "f: not UTF-8"},
};

TEST(template_refuses)
{
	const struct bad_text *bad = &bad_texts[_i];
	g_autoptr(GError) error = NULL;

	ck_assert_ptr_null(vm_template_lines(bad->text, bad->size, "f", &error));
	test_error_is(error, CC_ERROR_INVALID, bad->message);
}

TEST(template_refuses_a_long_line)
{
	g_autofree char *line = g_strnfill((64 << 10) + 1, 'x');
	g_autofree char *text = g_strdup_printf("/q\n%s\n", line);
	g_autoptr(GError) error = NULL;

	ck_assert_ptr_null(vm_template_lines(text, strlen(text), "f", &error));
	test_error_is(error, CC_ERROR_INVALID, "f:2: line longer than 64 KiB");
}

TEST(template_refuses_a_large_file)
{
	g_autofree char *text = g_strnfill((1 << 20) + 1, '\n');
	g_autoptr(GError) error = NULL;

	ck_assert_ptr_null(vm_template_lines(text, (1 << 20) + 1, "f", &error));
	test_error_is(error, CC_ERROR_INVALID, "f: larger than 1 MiB");
}

static const struct test tests[] = {
	RUN(template_drops_comments_and_blank_lines),
	RUN(template_counts_all_lines),
	RUN_EACH(template_refuses, G_N_ELEMENTS(bad_texts)),
	RUN(template_refuses_a_long_line),
	RUN(template_refuses_a_large_file),
};

TEST_MAIN("vm-template", tests)
