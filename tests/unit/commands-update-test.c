/* SPDX-License-Identifier: GPL-2.0-only */
/* Sizes of update's flags, and how its documents change a config.json. */
#include "runner.h"

#include <string.h>

#include "base/json.h"
#include "commands/size.h"
#include "oci/update.h"

static const struct {
	const char *text;
	gboolean good;
	gint64 bytes;
} sizes[] = {
	{"0", TRUE, 0},
	{"4096", TRUE, 4096},
	{"9223372036854775807", TRUE, G_MAXINT64},
	{"-1", TRUE, -1},
	{"512m", TRUE, 512 << 20},
	{"512M", TRUE, 512 << 20},
	{"64kb", TRUE, 64 << 10},
	{"64KiB", TRUE, 64 << 10},
	{"1.5g", TRUE, 3LL << 29},
	{"2 g", TRUE, 2LL << 30},
	{"1t", TRUE, 1LL << 40},
	{"10b", TRUE, 10},
	{"", FALSE, 0},
	{"-2", FALSE, 0},
	{"m", FALSE, 0},
	{"1x", FALSE, 0},
	{"1mm", FALSE, 0},
	{"1ki", FALSE, 0},
	{"9223372036854775808", FALSE, 0},
	{"99999999p", FALSE, 0},
	{"0x10", FALSE, 0},
	{"nan", FALSE, 0},
};

TEST(size_is_read_as_people_write_it)
{
	gint64 bytes = 0;

	ck_assert_int_eq(size_parse(sizes[_i].text, &bytes), sizes[_i].good);
	ck_assert_int_eq(bytes, sizes[_i].bytes);
}

static const struct {
	const char *config;
	const char *update;
	const char *merged;
} merges[] = {
	{"{}", "{}", "{\"linux\":{\"resources\":{}}}"},
	{"{\"linux\":null}", "{\"pids\":{\"limit\":5}}",
		"{\"linux\":{\"resources\":{\"pids\":{\"limit\":5}}}}"},
	{"{\"linux\":{\"resources\":{\"memory\":{\"limit\":1,\"swap\":2}},\"x\":1}}",
		"{\"memory\":{\"limit\":7,\"swap\":0,\"kernel\":0},\"cpu\":{\"cpus\":\"\","
		"\"shares\":null,\"quota\":-1}}",
		"{\"linux\":{\"resources\":{\"memory\":{\"limit\":7,\"swap\":2},"
		"\"cpu\":{\"quota\":-1}},\"x\":1}}"},
	{"{\"linux\":{\"resources\":{\"cpu\":{\"idle\":1}}}}",
		"{\"cpu\":{\"idle\":0},\"devices\":[]}",
		"{\"linux\":{\"resources\":{\"cpu\":{\"idle\":0},\"devices\":[]}}}"},
};

TEST(an_update_changes_what_it_gives)
{
	g_autoptr(JsonNode) config =
		json_parse_object(merges[_i].config, strlen(merges[_i].config), NULL);
	g_autoptr(JsonNode) update =
		json_parse_object(merges[_i].update, strlen(merges[_i].update), NULL);
	g_autofree char *text = NULL;

	oci_resources_merge(json_node_get_object(config), json_node_get_object(update));
	text = json_format(config, FALSE);
	ck_assert_str_eq(text, merges[_i].merged);
}

static const struct test tests[] = {
	RUN_EACH(size_is_read_as_people_write_it, G_N_ELEMENTS(sizes)),
	RUN_EACH(an_update_changes_what_it_gives, G_N_ELEMENTS(merges)),
};

TEST_MAIN("commands-update", tests)
