#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# `delete`: what it refuses, and that nothing is left.

load ../support/integration

setup() {
	integration_setup
	# Unlike any other name on this machine, so that what carries it is this test's.
	id=delete-$$-$BATS_TEST_NUMBER
	our_mounts >"$BATS_TEST_TMPDIR/mounts-before"
}

# The host's mounts of or below a directory of this run: others mount and unmount meanwhile.
our_mounts() {
	grep -F "/${BATS_RUN_TMPDIR##*/}/" /proc/1/mountinfo || true
}

# Those of the share are in the proxy's own table.
mounts_unchanged() {
	our_mounts | diff "$BATS_TEST_TMPDIR/mounts-before" -
}

# No file, process, mount or cgroup of any container of this test.
nothing_left() {
	[ ! -e "$root/$id" ] &&
		[ "$(cor list -q)" = "" ] &&
		no_leftovers &&
		[ -z "$(find /sys/fs/cgroup -name "*$id*" -print -quit 2>/dev/null)" ] &&
		mounts_unchanged
}

@test "delete removes all that is left of a stopped container" {
	bundle_args true
	cor run --detach --pid-file "$BATS_TEST_TMPDIR/pid" --bundle "$bundle" "$id"
	mounts_unchanged
	wait_until 10 has_status "$id" stopped

	# Until then its id is taken.
	run -1 --separate-stderr cor create --bundle "$bundle" "$id"
	[ "$stderr" = "cc-oci-runtime: container with given ID already exists: \"$id\"" ]
	has_status "$id" stopped

	run -0 --separate-stderr cor delete "$id"
	[ -z "$output$stderr" ]
	nothing_left
	run -1 --separate-stderr cor delete "$id"
	[ "$stderr" = "cc-oci-runtime: container \"$id\" does not exist" ]
}

@test "delete refuses a running container; --force ends it, an exec in it too" {
	local pid status=0

	bundle_args sleep 1000
	cor run --detach --bundle "$bundle" "$id"
	run -1 --separate-stderr cor delete "$id"
	[ "$stderr" = \
		"cc-oci-runtime: cannot delete container $id that is not stopped: running" ]
	has_status "$id" running
	[ "$(cor exec "$id" echo alive)" = alive ]
	mounts_unchanged

	cor exec "$id" sh -c 'echo here; sleep 1000' >"$BATS_TEST_TMPDIR/out" &
	pid=$!
	wait_until 10 grep -qx here "$BATS_TEST_TMPDIR/out"
	run -0 --separate-stderr cor delete --force "$id"
	[ -z "$output$stderr" ]
	wait "$pid" || status=$?
	[ "$status" -eq 137 ]
	nothing_left
}

@test "delete removes a container that was only created" {
	cor create --bundle "$bundle" "$id" </dev/null
	run -0 --separate-stderr cor delete "$id"
	[ -z "$output$stderr" ]
	nothing_left
}

@test "delete --force removes a container that was only created" {
	cor create --bundle "$bundle" "$id" </dev/null
	run -0 --separate-stderr cor delete -f "$id"
	[ -z "$output$stderr" ]
	nothing_left
}

@test "delete takes several, and tries them all" {
	run -1 --separate-stderr cor delete none1 none2
	[[ ${stderr_lines[0]} == *'container "none1" does not exist'* ]]
	grep 'level=warning msg="delete none2: container' "$BATS_TEST_TMPDIR/log"
	run -0 --separate-stderr cor delete --force none1 none2
	[ -z "$output$stderr" ]
	run -1 --separate-stderr cor delete
	[[ $stderr == *"an argument is missing"* ]]
}

@test "delete --force of what is not there is no error" {
	run -0 --separate-stderr cor delete --force "$id"
	[ -z "$output$stderr" ]
	run -1 --separate-stderr cor delete "$id"
	[ "$stderr" = "cc-oci-runtime: container \"$id\" does not exist" ]
	# Nor is it a way to something else.
	mkdir "$BATS_TEST_TMPDIR/precious"
	run -1 --separate-stderr cor delete --force ../precious
	[[ $stderr = *"container id: "* ]]
	[ -d "$BATS_TEST_TMPDIR/precious" ]
	nothing_left
}

@test "delete --force ends a running container whose record cannot be read" {
	bundle_args sleep 1000
	cor run --detach --bundle "$bundle" "$id"
	echo '{"id": ' >"$root/$id/state.json"
	run -1 --separate-stderr cor delete "$id"
	[[ $stderr = *"$root/$id/state.json: not JSON"* ]]
	[ -n "$(leftovers)" ]
	cor delete --force "$id"
	wait_until 5 nothing_left
}

@test "delete --force does so when the proxy does not answer either, and not before it is done" {
	bundle_args sleep 1000
	cor run --detach --bundle "$bundle" "$id" </dev/null >/dev/null 2>&1
	echo '{"id": ' >"$root/$id/state.json"
	leftovers | awk '$2 ~ /cc-proxy$/ { print $1 }' | xargs kill -STOP
	cor delete --force "$id"
	run ! grep -qE 'qemu|cc-proxy' <(leftovers)
	wait_until 5 nothing_left
}
