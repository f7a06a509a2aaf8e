/* SPDX-License-Identifier: GPL-2.0-only */
/* Rules for devices as a BPF program of the type cgroup device. */
#include "agent/device-filter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "agent/cleanup.h"
#include "agent/json.h"
#include "agent/log.h"

struct rule {
	bool allow;
	/* BPF_DEVCG_DEV_…; 0: any. */
	int type;
	/* BPF_DEVCG_ACC_…, or'ed. */
	int access;
	/* -1: any. */
	int64_t major;
	int64_t minor;
};

#define ACCESS_ALL (BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE | BPF_DEVCG_ACC_MKNOD)
#define CHARACTER  BPF_DEVCG_DEV_CHAR
#define BLOCK	   BPF_DEVCG_DEV_BLOCK

/* What every container has, as in runc: the default devices, terminals, tun, and any node. */
static const struct rule always[] = {
	{true, CHARACTER, BPF_DEVCG_ACC_MKNOD, -1, -1},
	{true, BLOCK, BPF_DEVCG_ACC_MKNOD, -1, -1},
	{true, CHARACTER, ACCESS_ALL, 1, 3},
	{true, CHARACTER, ACCESS_ALL, 1, 5},
	{true, CHARACTER, ACCESS_ALL, 1, 7},
	{true, CHARACTER, ACCESS_ALL, 1, 8},
	{true, CHARACTER, ACCESS_ALL, 1, 9},
	{true, CHARACTER, ACCESS_ALL, 5, 0},
	{true, CHARACTER, ACCESS_ALL, 5, 1},
	{true, CHARACTER, ACCESS_ALL, 5, 2},
	{true, CHARACTER, ACCESS_ALL, 136, -1},
	{true, CHARACTER, ACCESS_ALL, 10, 200},
};

/* Registers of the program. */
enum {
	REG_TYPE = BPF_REG_2,
	REG_ACCESS = BPF_REG_3,
	REG_MAJOR = BPF_REG_4,
	REG_MINOR = BPF_REG_5,
	REG_SCRATCH = BPF_REG_6,
};

static void emit(
	struct device_filter *filter, uint8_t code, int to, int from, int16_t offset, int32_t value)
{
	filter->code[filter->n++] = (struct bpf_insn){
		.code = code,
		.dst_reg = (uint8_t)to & 0xf,
		.src_reg = (uint8_t)from & 0xf,
		.off = offset,
		.imm = value,
	};
}

/* struct bpf_cgroup_dev_ctx: access << 16 | type, major, minor. */
static void emit_head(struct device_filter *filter)
{
	emit(filter, BPF_LDX | BPF_MEM | BPF_W, REG_TYPE, BPF_REG_1, 0, 0);
	emit(filter, BPF_ALU | BPF_MOV | BPF_X, REG_ACCESS, REG_TYPE, 0, 0);
	emit(filter, BPF_ALU | BPF_AND | BPF_K, REG_TYPE, 0, 0, 0xffff);
	emit(filter, BPF_ALU | BPF_RSH | BPF_K, REG_ACCESS, 0, 0, 16);
	emit(filter, BPF_LDX | BPF_MEM | BPF_W, REG_MAJOR, BPF_REG_1, 4, 0);
	emit(filter, BPF_LDX | BPF_MEM | BPF_W, REG_MINOR, BPF_REG_1, 8, 0);
}

/* Ends the program with the rule's word, unless one of the tests skips it. */
static void emit_rule(struct device_filter *filter, const struct rule *rule)
{
	bool some = rule->access != ACCESS_ALL;
	int left = (rule->type != 0) + (rule->major >= 0) + (rule->minor >= 0) + 3 * some + 2;

	if (rule->type != 0)
		emit(filter, BPF_JMP | BPF_JNE | BPF_K, REG_TYPE, 0, (int16_t)(--left), rule->type);
	if (rule->major >= 0)
		emit(filter, BPF_JMP | BPF_JNE | BPF_K, REG_MAJOR, 0, (int16_t)(--left),
			(int32_t)rule->major);
	if (rule->minor >= 0)
		emit(filter, BPF_JMP | BPF_JNE | BPF_K, REG_MINOR, 0, (int16_t)(--left),
			(int32_t)rule->minor);
	if (some) {
		/* All that is wanted must be allowed; one that is denied is enough. */
		emit(filter, BPF_ALU | BPF_MOV | BPF_X, REG_SCRATCH, REG_ACCESS, 0, 0);
		emit(filter, BPF_ALU | BPF_AND | BPF_K, REG_SCRATCH, 0, 0,
			rule->allow ? ~rule->access : rule->access);
		left -= 3;
		emit(filter, BPF_JMP | (rule->allow ? BPF_JNE : BPF_JEQ) | BPF_K, REG_SCRATCH, 0,
			(int16_t)left, 0);
	}
	emit(filter, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, rule->allow);
	emit(filter, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static bool parse_type(const char *text, int *out_type, struct agent_error *error)
{
	if (strcmp(text, "a") == 0 || *text == '\0')
		*out_type = 0;
	else if (strcmp(text, "b") == 0)
		*out_type = BLOCK;
	else if (strcmp(text, "c") == 0 || strcmp(text, "u") == 0)
		*out_type = CHARACTER;
	else
		return agent_error_set(error, AGENT_CODE_FAILED, "type: unknown: %s", text);
	return true;
}

static bool parse_access(const char *text, int *out_access, struct agent_error *error)
{
	*out_access = *text == '\0' ? ACCESS_ALL : 0;
	for (; *text != '\0'; text++) {
		if (*text == 'r')
			*out_access |= BPF_DEVCG_ACC_READ;
		else if (*text == 'w')
			*out_access |= BPF_DEVCG_ACC_WRITE;
		else if (*text == 'm')
			*out_access |= BPF_DEVCG_ACC_MKNOD;
		else
			return agent_error_set(
				error, AGENT_CODE_FAILED, "access: not of r, w and m: %c", *text);
	}
	return true;
}

static bool parse_rule(struct rule *out, const json_t *object, struct agent_error *error)
{
	const char *type = "a";
	const char *access = "";

	*out = (struct rule){.major = -1, .minor = -1};
	return json_get_boolean(object, "allow", &out->allow, error) &&
	       json_get_string(object, "type", &type, error) &&
	       json_get_string(object, "access", &access, error) &&
	       json_get_integer(object, "major", -1, INT32_MAX, &out->major, error) &&
	       json_get_integer(object, "minor", -1, INT32_MAX, &out->minor, error) &&
	       parse_type(type, &out->type, error) && parse_access(access, &out->access, error);
}

bool device_filter_build(
	struct device_filter *out, const json_t *resources, struct agent_error *error)
{
	static const struct rule otherwise = {true, 0, ACCESS_ALL, -1, -1};
	json_t *array = NULL;

	out->n = 0;
	if (!json_get_array(resources, "devices", &array, error))
		return false;
	if (json_array_size(array) == 0)
		return true;
	if (json_array_size(array) > DEVICE_RULES_MAX)
		return agent_error_set(error, AGENT_CODE_FAILED, "devices: too many rules");
	emit_head(out);
	for (size_t i = sizeof always / sizeof *always; i > 0; i--)
		emit_rule(out, &always[i - 1]);
	for (size_t i = json_array_size(array); i > 0; i--) {
		struct rule rule;

		if (!parse_rule(&rule, json_array_get(array, i - 1), error))
			return agent_error_prefix(error, "devices[%zu]", i - 1);
		emit_rule(out, &rule);
		/* What is in front of a rule about everything has nothing left to say. */
		if (rule.type == 0 && rule.major < 0 && rule.minor < 0 && rule.access == ACCESS_ALL)
			return true;
	}
	emit_rule(out, &otherwise);
	return true;
}

static int bpf(int command, union bpf_attr *attributes)
{
	return (int)syscall(SYS_bpf, command, attributes, sizeof *attributes);
}

bool device_filter_attach(
	const struct device_filter *filter, const char *cgroup, struct agent_error *error)
{
	union bpf_attr load = {
		.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
		.insn_cnt = (uint32_t)filter->n,
		.insns = (uint64_t)(uintptr_t)filter->code,
		.license = (uint64_t)(uintptr_t) "GPL",
	};
	AUTO_CLOSE int directory = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSE int program = -1;

	if (filter->n == 0)
		return true;
	if (directory < 0)
		return agent_error_errno(error, errno, "open %s", cgroup);
	program = bpf(BPF_PROG_LOAD, &load);
	if (program < 0 && (errno == ENOSYS || errno == EINVAL)) {
		agent_log("this kernel cannot restrict devices: %s", strerror(errno));
		return true;
	}
	if (program < 0)
		return agent_error_errno(error, errno, "load the rules for devices");

	union bpf_attr attach = {
		.target_fd = (uint32_t)directory,
		.attach_bpf_fd = (uint32_t)program,
		.attach_type = BPF_CGROUP_DEVICE,
		.attach_flags = BPF_F_ALLOW_MULTI,
	};

	if (bpf(BPF_PROG_ATTACH, &attach) < 0)
		return agent_error_errno(error, errno, "attach the rules for devices");
	return true;
}

bool device_filter_apply(const json_t *oci, const char *cgroup, struct agent_error *error)
{
	AUTO_FREE struct device_filter *filter = calloc(1, sizeof *filter);
	json_t *section = NULL;
	json_t *resources = NULL;

	if (filter == NULL)
		return agent_error_set(error, AGENT_CODE_FAILED, "out of memory");
	if (!json_get_object(oci, "linux", &section, error) ||
		!json_get_object(section, "resources", &resources, error))
		return false;
	return (device_filter_build(filter, resources, error) &&
		       device_filter_attach(filter, cgroup, error)) ||
	       agent_error_prefix(error, "linux.resources");
}
