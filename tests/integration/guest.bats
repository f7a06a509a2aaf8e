#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# What config.json and process.json ask of the guest: processes, namespaces, seccomp, hooks.

load ../support/integration

# has PATTERN: a line of the output is like it (a pattern of the shell).
has() {
	local line

	for line in "${lines[@]}"; do
		# shellcheck disable=SC2053 # it is a pattern
		[[ $line != $1 ]] || return 0
	done
	echo "no line like: $1"
	printf '%s\n' "$output"
	return 1
}

# in_rootfs NAME: writes standard input to an executable file of the container's.
in_rootfs() {
	cat >"$bundle/rootfs/$1"
	chmod 755 "$bundle/rootfs/$1"
}

# What a process says of itself.
write_report() {
	in_rootfs bin/report <<-'END'
		#!/bin/sh
		echo "id $(id -u) $(id -g) $(id -G)"
		sed -n 's/^\(Cap.*\|NoNewPrivs\|Seccomp\|Umask\):\t/\1 /p' /proc/self/status
		sed -n 's/^Max \(open files\|core file size\) */limit \1 /p' /proc/self/limits
		echo "oom $(cat /proc/self/oom_score_adj)"
		sed -n 's/^\(policy\|prio\) *: */\1 /p' /proc/self/sched
		echo "io $(ionice -p $$)"
		echo "home $HOME"
		echo "machine $(uname -m)"
		mkdir /tmp/made 2>&1
		chmod 700 /tmp 2>&1
	END
}

@test "a process has the user, capabilities, limits, schedule, filter and domain that it asks for" {
	write_report
	bundle_set '.process += {user: {uid: 1234, gid: 77, additionalGids: [8, 4294967294], umask: 63},
		env: ["PATH=/bin"], noNewPrivileges: false, oomScoreAdj: -500,
		capabilities: {bounding: ["CAP_KILL", "CAP_CHOWN", "CAP_SYS_ADMIN", "CAP_MOON"],
			permitted: ["CAP_KILL", "CAP_CHOWN"], effective: ["CAP_KILL"],
			inheritable: ["CAP_KILL", "CAP_CHOWN"], ambient: ["CAP_CHOWN"]},
		rlimits: [{type: "RLIMIT_NOFILE", soft: 100, hard: 200},
			{type: "RLIMIT_CORE", soft: 0, hard: 18446744073709551615}],
		scheduler: {policy: "SCHED_BATCH", nice: 5},
		ioPriority: {class: "IOPRIO_CLASS_IDLE", priority: 0},
		apparmorProfile: "p", selinuxLabel: "l", args: ["sh", "-c", "report; sleep 600"]} |
		.linux.personality = {domain: "LINUX32"} |
		.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", flags: ["SECCOMP_FILTER_FLAG_LOG"],
			architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"], syscalls: [
			{names: ["mkdir", "mkdirat", "no_such_call"], action: "SCMP_ACT_ERRNO", errnoRet: 28},
			{names: ["chmod", "fchmodat"], action: "SCMP_ACT_ERRNO"}]}'
	chmod 777 "$bundle/rootfs/tmp"
	cor create --bundle "$bundle" c1 >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err"
	grep -F 'process.apparmorProfile: ' "$BATS_TEST_TMPDIR/log"
	grep -F 'process.selinuxLabel: ' "$BATS_TEST_TMPDIR/log"
	grep -F 'process.capabilities.bounding[3]: unknown, ignored: ' "$BATS_TEST_TMPDIR/log"
	cor start c1
	wait_until 60 grep -q Operation "$BATS_TEST_TMPDIR/out"
	run cat "$BATS_TEST_TMPDIR/out"
	has "id 1234 77 77 8 4294967294"
	has "CapInh 0000000000000021"
	has "CapPrm 0000000000000001"
	has "CapEff 0000000000000001"
	has "CapBnd 0000000000200021"
	has "CapAmb 0000000000000001"
	has "NoNewPrivs 0"
	has "Seccomp 2"
	has "Umask 0077"
	has "limit open files 100 *200 *"
	has "limit core file size 0 *unlimited*"
	has "oom -500"
	has "policy 3"
	has "prio 125"
	has "io idle"
	has "home /"
	has "machine i686"
	has "*No space left on device"
	has "*Operation not permitted"

	# A further process has the container's filter and domain, and the rest of its own.
	cat >"$BATS_TEST_TMPDIR/p.json" <<-'END'
		{"cwd": "/tmp", "args": ["report"], "env": ["PATH=/bin"], "user": {"uid": 0, "gid": 0},
		 "noNewPrivileges": true, "oomScoreAdj": 7, "execCPUAffinity": {"initial": "0", "final": "0"},
		 "capabilities": {"bounding": ["CAP_KILL"], "permitted": ["CAP_KILL"], "effective": ["CAP_KILL"]},
		 "scheduler": {"policy": "SCHED_FIFO", "priority": 3},
		 "ioPriority": {"class": "IOPRIO_CLASS_BE", "priority": 2}}
	END
	run cor exec --process "$BATS_TEST_TMPDIR/p.json" c1
	has "id 0 0 0"
	has "CapEff 0000000000000020"
	has "NoNewPrivs 1"
	has "Seccomp 2"
	has "Umask 0022"
	has "oom 7"
	has "policy 1"
	has "io best-effort: prio 2"
	has "home /root"
	has "machine i686"
	has "*No space left on device"

	# What is wrong is said with its file and place, before anything is done.
	for wrong in '.rlimits = [{type: "RLIMIT_AS", soft: 2, hard: 1}]|rlimits[0].soft: more than hard' \
		'.oomScoreAdj = "x"|oomScoreAdj: expected a whole number, found a string' \
		'.capabilities.ambient = 1|capabilities.ambient: expected an array, found a number'; do
		jq "${wrong%|*}" "$BATS_TEST_TMPDIR/p.json" >"$BATS_TEST_TMPDIR/wrong.json"
		run --separate-stderr cor exec --process "$BATS_TEST_TMPDIR/wrong.json" c1
		[ "$status" -ne 0 ]
		[[ $stderr = *"$BATS_TEST_TMPDIR/wrong.json: ${wrong#*|}" ]]
	done
	# The guest has one CPU.
	jq '.execCPUAffinity.final = "70"' "$BATS_TEST_TMPDIR/p.json" >"$BATS_TEST_TMPDIR/cpus.json"
	run --separate-stderr cor exec --process "$BATS_TEST_TMPDIR/cpus.json" c1
	[ "$status" -ne 0 ]
	[[ $stderr = *"bind to the CPUs 70: invalid argument"* ]]
}

@test "names, sysctl, time offsets, devices; hooks of the guest with the state, at their moments" {
	in_rootfs bin/hook <<-'END'
		#!/bin/sh
		cat >"$1"
		echo " $X $(cat /proc/1/comm) $(ls /proc/acpi 2>/dev/null | wc -l)" >>"$1"
		exit "${2:-0}"
	END
	bundle_set '.domainname = "example.org" | .annotations = {a: "b"} |
		.linux.namespaces += [{type: "time"}] |
		.linux.timeOffsets = {boottime: {secs: 1000000}, monotonic: {secs: 5, nanosecs: 7}} |
		.linux.sysctl = {"kernel.shmmax": "123456", "net/ipv4/ip_unprivileged_port_start": "7",
			"fs.mqueue.msg_max": "11"} |
		.linux.devices = [{path: "/dev/deep/fuse", type: "c", major: 10, minor: 229, fileMode: 416,
			uid: 7, gid: 8}, {path: "/dev/pipe", type: "p"}] |
		.hooks = {createContainer: [{path: "/bin/hook", args: ["hook", "/created"], env: ["X=1", "PATH=/bin"]}],
			startContainer: [{path: "/bin/hook", args: ["hook", "/started"], env: ["X=2", "PATH=/bin"]}]}'
	bundle_args sh -c 'hostname; cat /proc/sys/kernel/domainname /proc/sys/kernel/shmmax \
		/proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/fs/mqueue/msg_max
		cat /proc/self/timens_offsets; cat /proc/uptime
		stat -c "%a %u %g %t:%T %F" /dev/deep/fuse /dev/pipe /dev/null; cat /created /started'
	run cor run --bundle "$bundle" c1
	has quickstart
	has example.org
	has 123456
	has 7
	has 11
	has "monotonic*5*7"
	has "boottime*1000000*0"
	has "10000[0-9][0-9].*"
	has "640 7 8 a:e5 character special file"
	has "666 0 0 0:0 fifo"
	has "666 0 0 1:3 character special file"
	[[ $(sed -n 1p "$bundle/rootfs/created") = *' 1 '* ]]
	jq -e --arg bundle "$bundle" '.id == "c1" and .pid == 1 and .status == "created" and
		.bundle == $bundle and .annotations.a == "b" and .ociVersion == "1.0.2"' \
		<(sed 's/} [^}]*$/}/' "$bundle/rootfs/created")
	[[ $(cat "$bundle/rootfs/started") = *' 2 '* ]]
}

@test "a hook of the guest that fails: create is undone, start says why and the container stops" {
	bundle_set '.hooks.createContainer = [{path: "/bin/sh", args: ["sh", "-c", "echo said >&2; exit 3"]}]'
	run -1 cor create --bundle "$bundle" c1
	[[ $output = *"hooks.createContainer[0]: /bin/sh: exit status 3"* ]]
	[ ! -e "$root/c1" ]

	bundle_set '.hooks = {startContainer: [{path: "/bin/true"}, {path: "/bin/sleep", args: ["sleep", "60"], timeout: 1}]}'
	cor create --bundle "$bundle" c1 </dev/null >/dev/null 2>&1
	run -1 cor start c1
	[[ $output = *"hooks.startContainer[1]: /bin/sleep: not done within 1 s"* ]]
	wait_until 30 has_status c1 stopped
	cor delete c1
}

@test "a user namespace: ids mapped, files and devices the container's, a process joins it" {
	bundle_set '.linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] |
		.linux.gidMappings = [{containerID: 0, hostID: 200000, size: 65536}] |
		.process.capabilities = (["CAP_SYS_ADMIN", "CAP_CHOWN", "CAP_SETUID", "CAP_DAC_OVERRIDE"] |
			{bounding: ., permitted: ., effective: .}) |
		.mounts += [{destination: "/t", type: "tmpfs", options: ["uid=5", "mode=700"]},
			{destination: "/v", type: "bind", source: "v", options: ["bind"]}]'
	mkdir "$bundle/v"
	chown 100000:200000 "$bundle/v"
	bundle_args sh -c 'cat /proc/self/uid_map /proc/self/gid_map; id -u; touch /v/made /dev/shm/made
		stat -c "%n %u %g" /t /dev/shm/made /v/made /dev/null
		mount -t tmpfs none /tmp && echo mounted; umount /t || echo locked
		hostname changed && hostname; touch /bin/x 2>/dev/null || echo "host files are not ours"; sleep 600'
	cor run --detach --bundle "$bundle" c1 </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1
	wait_until 60 grep -q ours "$BATS_TEST_TMPDIR/out"
	run cat "$BATS_TEST_TMPDIR/out"
	has "*0*100000*65536"
	has "*0*200000*65536"
	has 0
	has "/t 5 0"
	has "/dev/shm/made 0 0"
	has "/v/made 0 0"
	has "/dev/null 0 0"
	has mounted
	has locked
	has changed
	[ "$(stat -c %u:%g "$bundle/v/made")" = 100000:200000 ]
	run -0 cor exec --user 3:4 c1 sh -c 'cat /proc/self/uid_map; id -u; id -g'
	has "*0*100000*65536"
	has 3
	has 4
}
