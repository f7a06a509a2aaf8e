#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Pods: several containers in one virtual machine, by the config.json files that engines write.

load ../support/integration

setup() {
	root=$BATS_TEST_TMPDIR/root
	pod=$BATS_TEST_TMPDIR/pod
	netns=cc-pod-$$
	mkdir -p "$pod/shm"
	touch "$pod"/{hosts,termination-log}
	echo 'nameserver 192.0.2.1' >"$pod/resolv.conf"
	echo web >"$pod/hostname"
	ip netns add "$netns"
}

teardown() {
	local status=0

	integration_teardown || status=1
	ip netns delete "$netns" || status=1
	return $status
}

# config FILE ID SANDBOX CMD…: the bundle of a container, as the engine of tests/data/pods/FILE
# writes it, in $BATS_TEST_TMPDIR/ID.
config() {
	local file=$1 id=$2 sandbox=$3 pid

	shift 3
	pid=$(cor state "$sandbox" 2>/dev/null | jq .pid)
	rm -rf "${BATS_TEST_TMPDIR:?}/$id"
	bundle_new "$BATS_TEST_TMPDIR/$id"
	# shellcheck disable=SC2016 # jq's variables
	sed -e "s|@ID@|$id|g; s|@SANDBOX@|$sandbox|g; s|@SANDBOX_PID@|${pid:-0}|g; s|@DIR@|$pod|g" \
		-e "s|@NETNS@|/run/netns/$netns|g; s|@ROOTFS@|$BATS_TEST_TMPDIR/$id/rootfs|g" \
		-e "s|@CGROUP@|cc-pod-$$|g" "$source_dir/tests/data/pods/$file.json" |
		jq '.process.args = $ARGS.positional' --args -- "$@" \
			>"$BATS_TEST_TMPDIR/$id/config.json"
}

# launch ID: create and start, as an engine does; its output is $BATS_TEST_TMPDIR/ID.out.
launch() {
	cor create --bundle "$BATS_TEST_TMPDIR/$1" --pid-file "$BATS_TEST_TMPDIR/$1.pid" "$1" \
		</dev/null >"$BATS_TEST_TMPDIR/$1.out" 2>&1
	cor start "$1"
}

has_output() {
	grep -qxF -- "$2" "$BATS_TEST_TMPDIR/$1.out"
}

# How many virtual machines this test has.
machines() {
	leftovers | grep -c '/qemu-system[^ ]* '
}

@test "containerd: containers of a pod live in the sandbox's machine, each with what is its own" {
	config containerd-sandbox p1 p1 sleep 1000
	launch p1
	config containerd-container a p1 sh -c 'hostname; echo file >/only-a; echo done; exec sleep 1000'
	launch a
	# shellcheck disable=SC2016 # the container's
	config containerd-container b p1 sh -c \
		'cat /etc/hostname; ls /only-a; read line; echo "got $line"; echo $$; exit 7'
	echo input >"$BATS_TEST_TMPDIR/input"
	cor create --bundle "$BATS_TEST_TMPDIR/b" --pid-file "$BATS_TEST_TMPDIR/b.pid" b \
		<"$BATS_TEST_TMPDIR/input" >"$BATS_TEST_TMPDIR/b.out" 2>&1
	has_status b created
	cor start b
	wait_until 30 has_status b stopped
	wait_until 30 has_output a "done"
	[ "$(machines)" -eq 1 ]
	[ "$(cat "$BATS_TEST_TMPDIR/a.out")" = $'web-7d4b9c\ndone' ]
	has_output b web
	has_output b 'got input'
	# A pid namespace of its own, and a root of its own.
	has_output b 1
	grep -q 'ls: /only-a: No such file' "$BATS_TEST_TMPDIR/b.out"
	# As one host: names, System V memory, network; their processes are their own.
	[ "$(cor exec a readlink /proc/self/ns/ipc)" = "$(cor exec p1 readlink /proc/self/ns/ipc)" ]
	[ "$(cor exec a readlink /proc/self/ns/uts)" = "$(cor exec p1 readlink /proc/self/ns/uts)" ]
	[ "$(cor exec a readlink /proc/self/ns/net)" = "$(cor exec p1 readlink /proc/self/ns/net)" ]
	[ "$(cor exec a readlink /proc/self/ns/pid)" != "$(cor exec p1 readlink /proc/self/ns/pid)" ]
	# Paused, it is so alone: its machine goes on.
	cor pause a
	has_status a paused
	run -1 --separate-stderr cor exec a true
	[[ $stderr = *"cannot exec in a paused container"* ]]
	[ "$(cor exec p1 echo on)" = on ]
	cor resume a
	[ "$(cor exec a echo on)" = on ]
	# The end of one is its own; then its place is free for another of that name.
	has_status a running
	has_status p1 running
	cor delete b
	[ ! -e "$root/b" ]
	config containerd-container b p1 echo again
	launch b
	wait_until 30 has_output b again
	# Without its sandbox none goes on.
	cor kill p1 KILL
	wait_until 30 has_status a stopped
	wait_until 30 has_status b stopped
	[ "$(machines)" -eq 0 ]
	cor delete p1
	cor delete a
	cor delete b
}

@test "CRI-O: a pod whose namespaces the engine keeps; the sandbox found by its id or its old name" {
	config crio-sandbox p1 p1 sleep 1000
	launch p1
	config crio-container a p1 sh -c 'hostname; touch /dev/shm/from-a; echo done; exec sleep 1000'
	launch a
	wait_until 30 has_output a "done"
	has_output a web
	# Other names for the same, from before there was CRI-O; and all processes in one namespace.
	config crio-container b p1 sh -c 'ls /dev/shm; echo $$; exec sleep 1000'
	# shellcheck disable=SC2016 # jq's variable
	jq '.annotations = {"ocid/container_type": "container", "ocid/sandbox_name": "p1"} |
		(.linux.namespaces[] | select(.type == "pid")).path = "/proc/\($pid)/ns/pid"' \
		--argjson pid "$(state_of a pid)" "$BATS_TEST_TMPDIR/b/config.json" >"$pod/config"
	mv "$pod/config" "$BATS_TEST_TMPDIR/b/config.json"
	launch b
	wait_until 30 has_output b from-a
	run ! has_output b 1
	[ "$(machines)" -eq 1 ]
	[ "$(cor exec a readlink /proc/self/ns/pid)" = "$(cor exec b readlink /proc/self/ns/pid)" ]
	[ "$(cor exec a readlink /proc/self/ns/ipc)" = "$(cor exec p1 readlink /proc/self/ns/ipc)" ]
	# A container is killed and deleted; the pod does not notice.
	cor delete --force b
	has_status a running
	[ ! -e "$root/b" ]
	# Where a create fails, nothing of it stays in the pod.
	config crio-container b p1 /no/such/program
	run -127 --separate-stderr cor create --bundle "$BATS_TEST_TMPDIR/b" b
	[[ ${stderr_lines[-1]} == *"/no/such/program"* ]]
	[ ! -e "$root/b" ]
	config crio-container b k8s_web_default_5b8f4c1e_0 true
	bundle=$BATS_TEST_TMPDIR/b
	bundle_set 'del(.annotations["io.kubernetes.cri-o.SandboxID"])'
	launch b
	wait_until 30 has_status b stopped
	# `delete --force` of the sandbox ends all; what is left of the others can be deleted.
	cor delete --force p1
	[ "$(machines)" -eq 0 ]
	has_status a stopped
	cor delete a
	cor delete b
}

@test "a pod that cannot be: the error names the annotation, nothing is made" {
	config containerd-container a p1 true
	run -1 --separate-stderr cor create --bundle "$BATS_TEST_TMPDIR/a" a
	[[ ${stderr_lines[-1]} == *'annotations["io.kubernetes.cri.sandbox-id"]: no such sandbox: "p1"'* ]]
	bundle=$BATS_TEST_TMPDIR/a
	bundle_set '.annotations["io.kubernetes.cri.container-type"] = "pod"'
	run -1 --separate-stderr cor create --bundle "$bundle" a
	[[ ${stderr_lines[-1]} == *'annotations["io.kubernetes.cri.container-type"]: "pod" is neither'* ]]
	bundle_set 'del(.annotations)'
	run -1 --separate-stderr cor create --bundle "$bundle" a
	[[ ${stderr_lines[-1]} == *"linux.namespaces[1].path: /proc/0/ns/ipc: a container in a virtual"* ]]
	[ -z "$(ls -A "$root" 2>/dev/null)" ]
}
