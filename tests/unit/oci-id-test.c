/* SPDX-License-Identifier: GPL-2.0-only */
/* Container ids. */
#include "runner.h"

#include <string.h>

#include "base/error.h"
#include "oci/id.h"

static const char *const good_ids[] = {
	"a", "c1", "0123456789abcdef", "a_b+c-d.e", "...", ".hidden", "-dash", "A.B"};

TEST(id_accepts)
{
	g_autoptr(GError) error = NULL;

	test_succeeds(oci_id_check(good_ids[_i], &error), error);
}

static const char *const bad_ids[] = {
	"", ".", "..", "a/b", "/", "../x", "a b", "a\n", "\xc3\xa4", "a\tb", "a:b", "a%2f", "a\\b"};

TEST(id_refuses)
{
	g_autoptr(GError) error = NULL;

	ck_assert(!oci_id_check(bad_ids[_i], &error));
	ck_assert_int_eq(error->code, CC_ERROR_INVALID);
}

TEST(id_takes_as_many_bytes_as_a_file_name)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *longest = g_strnfill(255, 'a');

	test_succeeds(oci_id_check(longest, &error), error);
}

TEST(id_refuses_one_byte_more)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *id = g_strnfill(256, 'a');

	ck_assert(!oci_id_check(id, &error));
	test_error_is(error, CC_ERROR_INVALID, "container id: longer than 255 bytes");
}

TEST(id_of_2000_bytes_is_not_repeated_in_the_error)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *id = g_strnfill(2000, 'a');

	ck_assert(!oci_id_check(id, &error));
	ck_assert_uint_lt(strlen(error->message), 100);
}

static const struct test tests[] = {
	RUN_EACH(id_accepts, G_N_ELEMENTS(good_ids)),
	RUN_EACH(id_refuses, G_N_ELEMENTS(bad_ids)),
	RUN(id_takes_as_many_bytes_as_a_file_name),
	RUN(id_refuses_one_byte_more),
	RUN(id_of_2000_bytes_is_not_repeated_in_the_error),
};

TEST_MAIN("oci-id", tests)
