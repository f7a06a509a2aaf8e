/* SPDX-License-Identifier: GPL-2.0-only */
/* What the fields of config.json say of each other. */
#include "runner.h"

#include <string.h>

#include "base/error.h"
#include "oci/spec.h"

#define CONFIG(process, more)                                                                      \
	"{\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"r\"},\"process\":{\"cwd\":\"/\","          \
	"\"args\":[\"x\"]" process "}" more "}"
#define IN_PROCESS(more)  CONFIG("," more, "")
#define IN_LINUX(more)	  CONFIG("", ",\"linux\":{" more "}")
#define WITH(type, more)  IN_LINUX("\"namespaces\":[{\"type\":\"" type "\"}]," more)
#define LIMIT(soft, hard) "{\"type\":\"RLIMIT_NOFILE\",\"soft\":" #soft ",\"hard\":" #hard "}"
#define MAPS(uid, gid)	  "\"uidMappings\":[" uid "],\"gidMappings\":[" gid "]"
#define MAP(size)	  "{\"containerID\":0,\"hostID\":1000,\"size\":" #size "}"

static const struct {
	const char *text;
	/* NULL: it is right. */
	const char *error;
} samples[] = {
	{IN_PROCESS("\"rlimits\":[" LIMIT(5, 4) "]"), "process.rlimits[0].soft: more than hard"},
	{IN_PROCESS("\"rlimits\":[" LIMIT(5, 18446744073709551615) "]"), NULL},
	{IN_PROCESS("\"rlimits\":[" LIMIT(1, 2) "," LIMIT(1, 2) "]"),
		"process.rlimits[1].type: given twice"},
	{IN_PROCESS("\"scheduler\":{\"policy\":\"SCHED_FIFO\"}"),
		"process.scheduler.priority: needed by this policy"},
	{IN_PROCESS("\"scheduler\":{\"policy\":\"SCHED_BATCH\",\"priority\":1}"),
		"process.scheduler.priority: of no use to this policy"},
	{IN_PROCESS("\"scheduler\":{\"policy\":\"SCHED_RR\",\"priority\":1}"), NULL},
	{IN_PROCESS("\"execCPUAffinity\":{\"initial\":\"0-1,3\",\"final\":\"\"}"), NULL},
	{CONFIG("", ",\"hostname\":\"h\""), NULL},
	{CONFIG("", ",\"domainname\":\"d\""),
		"domainname: linux.namespaces has no uts namespace for it"},
	{CONFIG("", ",\"domainname\":\"0123456789012345678901234567890123456789012345678901234"
		    "5678901234\""),
		"domainname: longer than 64 bytes"},
	{CONFIG("", ",\"mounts\":[{\"destination\":\"/a\",\"options\":[\"ro\",\"ridmap\"]}]"),
		"mounts[0].options[1]: not possible: 9p, by which the guest sees the host's files, "
		"has no id-mapped mounts"},
	{WITH("network", "\"sysctl\":{\"net.ipv4.ip_forward\":\"1\"}"), NULL},
	{WITH("network", "\"sysctl\":{\"net/ipv4/conf/eth0.1/forwarding\":\"1\"}"), NULL},
	{WITH("ipc", "\"sysctl\":{\"kernel.shmmax\":\"1\",\"fs.mqueue.msg_max\":\"2\"}"), NULL},
	{WITH("ipc", "\"sysctl\":{\"net.core.somaxconn\":\"1\"}"),
		"linux.sysctl.net.core.somaxconn: linux.namespaces has no network namespace for "
		"it"},
	{WITH("uts", "\"sysctl\":{\"kernel.hostname\":\"x\"}"),
		"linux.sysctl.kernel.hostname: not of a namespace"},
	{WITH("ipc", "\"sysctl\":{\"vm.swappiness\":\"1\"}"),
		"linux.sysctl.vm.swappiness: not of a namespace"},
	{WITH("network", "\"sysctl\":{\"net/../kernel/x\":\"1\"}"),
		"linux.sysctl: not a name: net/../kernel/x"},
	{IN_LINUX("\"devices\":[{\"path\":\"dev/x\",\"type\":\"p\"}]"),
		"linux.devices[0].path: not absolute"},
	{IN_LINUX("\"devices\":[{\"path\":\"/dev/x\",\"type\":\"c\",\"major\":1}]"),
		"linux.devices[0].minor: missing"},
	{IN_LINUX("\"devices\":[{\"path\":\"/dev/x\",\"type\":\"p\"}]"), NULL},
	{IN_LINUX("\"maskedPaths\":[\"/a\",\"b\"]"), "linux.maskedPaths[1]: not absolute"},
	{IN_LINUX(MAPS(MAP(1), "")),
		"linux.uidMappings: linux.namespaces has no user namespace for it"},
	{WITH("user", MAPS(MAP(1), "")),
		"linux.gidMappings: missing, which a user namespace needs"},
	{WITH("user", MAPS(MAP(0), MAP(1))), "linux.uidMappings[0].size: 0"},
	{WITH("user", MAPS(MAP(1), MAP(1))), NULL},
	{CONFIG(",\"user\":{\"uid\":0,\"gid\":5}",
		 ",\"linux\":{\"namespaces\":[{\"type\":\"user\"}]," MAPS(MAP(5), MAP(5)) "}"),
		"process.user.gid: not in linux.gidMappings"},
	{IN_LINUX("\"timeOffsets\":{\"boottime\":{\"secs\":1}}"),
		"linux.timeOffsets: linux.namespaces has no time namespace for it"},
	{WITH("time", "\"timeOffsets\":{\"realtime\":{\"secs\":1}}"),
		"linux.timeOffsets.realtime: unknown clock"},
	{WITH("time", "\"timeOffsets\":{\"monotonic\":{\"secs\":-1}}"), NULL},
};

TEST(rules_name_what_does_not_go_together)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(oci_spec) spec =
		oci_spec_parse(samples[_i].text, strlen(samples[_i].text), "/b", &error);

	if (samples[_i].error == NULL) {
		test_succeeds(spec != NULL, error);
		return;
	}

	g_autofree char *message = g_strconcat("/b/config.json: ", samples[_i].error, NULL);

	ck_assert_ptr_null(spec);
	test_error_is(error, CC_ERROR_INVALID, message);
}

TEST(rules_hold_for_a_process_file)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = test_write_file(
		"p.json", "{\"cwd\":\"/\",\"args\":[\"x\"],\"execCPUAffinity\":{\"final\":\"x\"}}");
	g_autofree char *place = g_strconcat(path, ": execCPUAffinity.final: ", NULL);

	ck_assert_ptr_null(oci_process_load(path, &error));
	ck_assert(g_str_has_prefix(error->message, place));
}

static const struct test tests[] = {
	RUN_EACH(rules_name_what_does_not_go_together, G_N_ELEMENTS(samples)),
	RUN(rules_hold_for_a_process_file),
};

TEST_MAIN("oci-rules", tests)
