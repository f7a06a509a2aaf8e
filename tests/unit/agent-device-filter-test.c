/* SPDX-License-Identifier: GPL-2.0-only */
/* Rules for devices, by running the program that they become. */
#include "runner.h"

#include <jansson.h>
#include <string.h>

#include "agent/device-filter.h"

enum {
	READ = BPF_DEVCG_ACC_READ,
	WRITE = BPF_DEVCG_ACC_WRITE,
	MKNOD = BPF_DEVCG_ACC_MKNOD,
	BLOCK = BPF_DEVCG_DEV_BLOCK,
	CHARACTER = BPF_DEVCG_DEV_CHAR,
};

/* As much of the machine as the programs use. The word is in register 0 at its end. */
static guint64 execute(const struct device_filter *filter, const guint32 context[3])
{
	guint64 registers[11] = {0};

	for (size_t at = 0; at < filter->n; at++) {
		const struct bpf_insn *code = &filter->code[at];
		guint64 *to = &registers[code->dst_reg];
		guint64 from = registers[code->src_reg];
		guint64 value = (guint64)(gint64)code->imm;

		switch (code->code) {
		case BPF_LDX | BPF_MEM | BPF_W:
			ck_assert_int_eq(code->src_reg, BPF_REG_1);
			*to = context[code->off / 4];
			break;
		case BPF_ALU | BPF_MOV | BPF_X:
			*to = (guint32)from;
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			*to = (guint32)(*to & value);
			break;
		case BPF_ALU | BPF_RSH | BPF_K:
			*to = (guint32)*to >> code->imm;
			break;
		case BPF_ALU64 | BPF_MOV | BPF_K:
			*to = value;
			break;
		case BPF_JMP | BPF_JNE | BPF_K:
			at += *to != value ? (size_t)code->off : 0;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			at += *to == value ? (size_t)code->off : 0;
			break;
		case BPF_JMP | BPF_EXIT:
			return registers[0];
		default:
			ck_abort_msg("instruction %#x", code->code);
		}
	}
	ck_abort_msg("no exit");
	return 0;
}

#define DENY_ALL "{\"allow\":false,\"access\":\"rwm\"}"

static const struct {
	const char *devices;
	guint type;
	guint access;
	guint major;
	guint minor;
	gboolean allowed;
} uses[] = {
	/* As engines write it: nothing, then what was asked for. */
	{DENY_ALL, BLOCK, READ, 254, 0, FALSE},
	{DENY_ALL, CHARACTER, READ, 1, 1, FALSE},
	{DENY_ALL, CHARACTER, READ | WRITE, 1, 3, TRUE},
	{DENY_ALL, CHARACTER, WRITE, 136, 7, TRUE},
	{DENY_ALL, BLOCK, MKNOD, 254, 0, TRUE},
	{DENY_ALL, BLOCK, MKNOD | READ, 254, 0, FALSE},
	{DENY_ALL ",{\"allow\":true,\"type\":\"b\",\"major\":254,\"access\":\"r\"}", BLOCK, READ,
		254, 16, TRUE},
	{DENY_ALL ",{\"allow\":true,\"type\":\"b\",\"major\":254,\"access\":\"r\"}", BLOCK,
		READ | WRITE, 254, 16, FALSE},
	{DENY_ALL ",{\"allow\":true,\"type\":\"b\",\"major\":254,\"access\":\"r\"}", CHARACTER,
		READ, 254, 16, FALSE},
	{DENY_ALL ",{\"allow\":true,\"type\":\"c\",\"major\":10,\"minor\":229}", CHARACTER,
		READ | WRITE, 10, 229, TRUE},
	{DENY_ALL ",{\"allow\":true,\"type\":\"c\",\"major\":10,\"minor\":229}", CHARACTER, READ,
		10, 228, FALSE},
	/* --privileged; and what no rule is about. */
	{"{\"allow\":true,\"access\":\"rwm\"}", BLOCK, READ | WRITE, 254, 0, TRUE},
	{"{\"allow\":false,\"type\":\"b\",\"access\":\"w\"}", BLOCK, READ, 254, 0, TRUE},
	{"{\"allow\":false,\"type\":\"b\",\"access\":\"w\"}", BLOCK, READ | WRITE, 254, 0, FALSE},
	{"{\"allow\":true},{\"allow\":false,\"type\":\"c\",\"major\":-1,\"minor\":1}", CHARACTER,
		READ, 1, 1, FALSE},
};

static gboolean build(struct device_filter *filter, const char *devices, struct agent_error *error)
{
	g_autofree char *text = g_strdup_printf("{\"devices\":[%s]}", devices);
	json_t *json = json_loads(text, 0, NULL);
	gboolean built;

	ck_assert_ptr_nonnull(json);
	built = device_filter_build(filter, json, error);
	json_decref(json);
	return built;
}

TEST(rules_say_who_may)
{
	static struct device_filter filter;
	struct agent_error error = {.text = ""};
	const guint32 context[] = {
		uses[_i].access << 16 | uses[_i].type, uses[_i].major, uses[_i].minor};

	ck_assert_msg(build(&filter, uses[_i].devices, &error), "%s", error.text);
	ck_assert_int_eq((int)execute(&filter, context), uses[_i].allowed);
}

TEST(no_rules_are_no_program)
{
	static struct device_filter filter;
	struct agent_error error = {.text = ""};

	ck_assert(build(&filter, "", &error));
	ck_assert_uint_eq(filter.n, 0);
	ck_assert(device_filter_attach(&filter, test_directory(), &error));
}

TEST(as_many_rules_as_there_may_be_fit)
{
	static struct device_filter filter;
	g_autoptr(GString) rules = g_string_new(NULL);
	struct agent_error error = {.text = ""};

	for (int i = 0; i < DEVICE_RULES_MAX; i++)
		g_string_append_printf(rules,
			"%s{\"allow\":true,\"type\":\"c\",\"major\":%d,\"minor\":1,"
			"\"access\":\"r\"}",
			i > 0 ? "," : "", i);
	ck_assert(build(&filter, rules->str, &error));
	ck_assert_uint_le(filter.n, DEVICE_FILTER_MAX);
	g_string_append(rules, ",{\"allow\":true}");
	ck_assert(!build(&filter, rules->str, &error));
	ck_assert_str_eq(error.text, "devices: too many rules");
}

static const struct {
	const char *rule;
	const char *error;
} bad[] = {
	{"{\"type\":\"x\"}", "devices[0]: type: unknown: x"},
	{"{\"access\":\"rx\"}", "devices[0]: access: not of r, w and m: x"},
	{"{\"major\":-2}", "devices[0]: major: -2 is out of range"},
	{"{\"allow\":1}", "devices[0]: allow: not a boolean"},
};

TEST(bad_rules_are_errors)
{
	static struct device_filter filter;
	struct agent_error error = {.text = ""};

	ck_assert(!build(&filter, bad[_i].rule, &error));
	ck_assert_str_eq(error.text, bad[_i].error);
}

static const struct test tests[] = {
	RUN_EACH(rules_say_who_may, G_N_ELEMENTS(uses)),
	RUN(no_rules_are_no_program),
	RUN(as_many_rules_as_there_may_be_fit),
	RUN_EACH(bad_rules_are_errors, G_N_ELEMENTS(bad)),
};

TEST_MAIN("agent-device-filter", tests)
