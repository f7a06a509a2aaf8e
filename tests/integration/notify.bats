#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# NOTIFY_SOCKET: a service manager hears what the container says of itself.

load ../support/integration

setup() {
	integration_setup
	cp "$CC_BUILD_DIR/tests/support/notify-send" "$bundle/rootfs/bin/"
	heard=$BATS_TEST_TMPDIR/heard
	: >"$heard"
	socat -u "UNIX-RECV:$BATS_TEST_TMPDIR/manager" "OPEN:$heard,append" 3>&- &
	manager=$!
	wait_until 10 test -S "$BATS_TEST_TMPDIR/manager"
}

teardown() {
	kill "$manager"
	integration_teardown
}

has_heard() {
	grep -qF -- "$1" "$heard"
}

@test "run under a service manager: the container's READY and STATUS arrive, and nothing about the host" {
	local pid status=0

	# shellcheck disable=SC2016 # the container's
	bundle_args sh -c 'trap "notify-send STOPPING=1; exit 3" TERM; echo "$NOTIFY_SOCKET"
		notify-send MAINPID=1 STATUS=starting; notify-send MAINPID=1; notify-send READY=1
		while :; do sleep 0.1; done'
	bundle_set '.process.env += ["NOTIFY_SOCKET=/not/this"]'
	NOTIFY_SOCKET=$BATS_TEST_TMPDIR/manager cor run --bundle "$bundle" c1 >"$BATS_TEST_TMPDIR/out" &
	pid=$!
	wait_until 60 has_heard READY=1
	has_heard STATUS=starting
	[ "$(cat "$BATS_TEST_TMPDIR/out")" = /run/notify/notify.sock ]
	cor kill c1 TERM
	wait "$pid" || status=$?
	[ "$status" -eq 3 ]
	has_heard STOPPING=1
	run ! has_heard MAINPID
}

@test "without a service manager there is no socket in the container" {
	bundle_args sh -c 'ls /run/notify; notify-send READY=1'
	run -2 --separate-stderr cor run --bundle "$bundle" c1
	[[ $stderr == *"notify-send: no NOTIFY_SOCKET"* ]]
	[ ! -s "$heard" ]
}
