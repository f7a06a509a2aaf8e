#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# `create` and `start`: what they say, leave and stand for between them.

load ../support/integration

# create ARGUMENT…: as an engine does it; what the container writes is in $out.
create() {
	out=$BATS_TEST_TMPDIR/out
	cor create "$@" </dev/null >>"$out" 2>&1
}

# The inode of a process's network namespace, and of a file's.
netns_of() {
	stat -L -c %i "/proc/$1/ns/net"
}

hypervisors() {
	leftovers | awk '$2 ~ /qemu-system/ { print $1 }'
}

@test "a container is created, runs and stops; its process stands for it" {
	local pid

	bundle_args sh -c 'echo started; read line </fifo; echo "line: $line"' "an argument"
	mkfifo "$bundle/rootfs/fifo"
	create --no-pivot --no-new-keyring --preserve-fds 2 --bundle "$bundle" \
		--pid-file "$BATS_TEST_TMPDIR/pid" c1
	[ ! -s "$out" ]
	grep -q -- '--preserve-fds 2' "$BATS_TEST_TMPDIR/log"

	has_status c1 created
	pid=$(cat "$BATS_TEST_TMPDIR/pid")
	[[ $pid =~ ^[1-9][0-9]*$ ]]
	[ "$(state_of c1 pid)" = "$pid" ]
	[ "$(state_of c1 bundle)" = "$bundle" ]
	[ "$(state_of c1 id)" = c1 ]
	# The shim reads as what it stands for, in a network namespace of its own.
	jq -j '.process.args[] + "\u0000"' "$bundle/config.json" | cmp - "/proc/$pid/cmdline"
	[ "$(netns_of "$pid")" != "$(netns_of self)" ]
	[ "$(netns_of "$(hypervisors)")" = "$(netns_of "$pid")" ]
	# The process has not run, and its output is only its own.
	[ ! -s "$out" ]

	run -0 cor start c1
	[ -z "$output" ]
	has_status c1 running
	wait_until 20 grep -qx started "$out"
	run -1 --separate-stderr cor start c1
	[ "${#stderr_lines[@]}" -eq 1 ]
	run -1 cor delete c1

	run -0 cor exec c1 sh -c 'echo over >/fifo'
	wait_until 20 has_status c1 stopped
	[ "$(state_of c1 pid)" = 0 ]
	wait_until 5 test ! -d "/proc/$pid"
	[ "$(cat "$out")" = $'started\nline: over' ]
	run -1 --separate-stderr cor start c1
	[[ $stderr == *stopped* ]]
	# What is heavy has gone without delete.
	wait_until 5 no_leftovers

	cor delete c1
	[ ! -e "$root/c1" ]
	run -1 --separate-stderr cor state c1
	[[ $stderr == *'container "c1" does not exist'* ]]
	run -1 cor start c1
}

@test "the pid file is written last: who sees it can start the container" {
	local creation status=0

	bundle_args sh -c 'exit 0'
	create --bundle "$bundle" --pid-file "$BATS_TEST_TMPDIR/pid" c1 &
	creation=$!
	wait_until 120 test -e "$BATS_TEST_TMPDIR/pid"
	[ "$(state_of c1 pid)" = "$(cat "$BATS_TEST_TMPDIR/pid")" ]
	has_status c1 created
	cor start c1
	wait "$creation" || status=$?
	[ "$status" -eq 0 ]
	wait_until 20 has_status c1 stopped
}

@test "create ID BUNDLE, and without a bundle the current directory" {
	local other=$BATS_TEST_TMPDIR/other first second

	bundle_set '.linux.namespaces |= map(select(.type != "network"))'
	bundle_new "$other" sh
	create c1 "$bundle" &
	first=$!
	(cd "$other" && create c2) &
	second=$!
	wait "$first"
	wait "$second"
	[ "$(state_of c1 bundle)" = "$bundle" ]
	[ "$(state_of c2 bundle)" = "$other" ]
	[ "$(cor list -q)" = $'c1\nc2' ]
	# Only the second asks for a network namespace.
	[ "$(netns_of "$(state_of c1 pid)")" = "$(netns_of self)" ]
	[ "$(netns_of "$(state_of c2 pid)")" != "$(netns_of self)" ]
	# One that was never started can be deleted.
	cor delete c1
	cor delete c2
	[ -z "$(cor list -q)" ]
}

@test "a network namespace given by path is joined, and is in the end as it was" {
	local name=cor-$RANDOM-$$ before pid status=0

	ip netns add "$name"
	before=$(ip -n "$name" -o link)
	bundle_set '(.linux.namespaces[] | select(.type == "network")).path = $path' \
		--arg path "/run/netns/$name"
	create --bundle "$bundle" c1 || status=$?
	if [ "$status" -eq 0 ]; then
		pid=$(state_of c1 pid)
		{
			[ "$(netns_of "$pid")" = "$(stat -L -c %i "/run/netns/$name")" ] &&
				[ "$(netns_of "$(hypervisors)")" = "$(netns_of "$pid")" ] &&
				[ "$(ip -n "$name" -o link show lo)" = "$before" ] && cor start c1 &&
				[ "$(ip -n "$name" -o link show lo)" = "$before" ] &&
				cor delete --force c1 && wait_until 5 no_leftovers &&
				[ "$(ip -n "$name" -o link)" = "$before" ]
		} || status=$?
	fi
	# Whatever came of it.
	ip netns delete "$name"
	[ "$status" -eq 0 ]
}

@test "a network namespace that is none is refused in one line" {
	bundle_set '(.linux.namespaces[] | select(.type == "network")).path = "/proc/self/ns/uts"'
	run -1 --separate-stderr cor create --bundle "$bundle" c1
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == *"config.json: linux.namespaces"*"not a network namespace"* ]]
	[ ! -e "$root/c1" ]
	no_leftovers
}

@test "a create that fails leaves the pid file of somebody else as it is" {
	echo 4711 >"$BATS_TEST_TMPDIR/pid"
	bundle_set '.process.args = []'
	run -1 --separate-stderr cor create --bundle "$bundle" --pid-file "$BATS_TEST_TMPDIR/pid" c1
	[ "$(cat "$BATS_TEST_TMPDIR/pid")" = 4711 ]
	# Also when it was on its way already.
	bundle_set '.process.args = ["true"] | .hooks.createRuntime = [{"path": "/bin/false"}]'
	run -1 --separate-stderr cor create --bundle "$bundle" --pid-file "$BATS_TEST_TMPDIR/pid" c1
	[ "$(cat "$BATS_TEST_TMPDIR/pid")" = 4711 ]
}

@test "with closed standard descriptors, a container has /dev/null and its lock is free" {
	local fd

	bundle_args sleep 1000
	cor run --detach --bundle "$bundle" --pid-file "$BATS_TEST_TMPDIR/pid" c1 <&- >&- 2>&-
	for fd in 0 1 2; do
		[ "$(readlink "/proc/$(cat "$BATS_TEST_TMPDIR/pid")/fd/$fd")" = /dev/null ]
	done
	flock --exclusive --nonblock "$root/c1" true
	cor exec c1 true <&- >&- 2>&-
	cor delete --force c1 <&- >&- 2>&-
	[ ! -e "$root/c1" ]
}

@test "a command that waits for another's lock can be told to stop" {
	local pid status=0

	mkdir -p "$root/c1"
	exec 9<"$root/c1"
	flock --exclusive 9
	cor delete c1 9<&- >"$BATS_TEST_TMPDIR/out" 2>&1 &
	pid=$!
	# bats waits for the function, the signal is for the program below it.
	wait_until 10 pgrep --parent "$pid" --full "$root"
	pkill --signal TERM --parent "$pid" --full "$root"
	wait "$pid" || status=$?
	exec 9<&-
	rmdir "$root/c1"
	# Told before it could listen, it just ends.
	[ "$status" -eq 143 ] || grep "$root/c1: interrupted by signal 15" "$BATS_TEST_TMPDIR/out"
}
