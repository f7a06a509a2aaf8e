#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# `kill`: signals by number and name, for the first process and for all.

load ../support/integration

# What a container runs to say the numbers of the signals it gets. The wait is cut short by a signal.
tells_signals='for n in 1 2 10 12 15 34 35 63 64; do trap "echo got $n" $n; done
echo ready
while :; do sleep 1 & wait $!; done'

says() {
	grep -qxF "$1" "$BATS_TEST_TMPDIR/out"
}

# start_telling CMD…: c1 runs it in the background; its words go to a file.
start_telling() {
	bundle_args "$@"
	cor run --detach --bundle "$bundle" c1 >"$BATS_TEST_TMPDIR/out" 2>&1 </dev/null
	wait_until 10 says ready
}

@test "kill takes numbers, names with and without SIG, and real-time signals; TERM by default" {
	local given signal number

	start_telling sh -c "$tells_signals"
	for given in 10:10 12:12 35:35 64:64 HUP:1 SIGHUP:1 int:2 sigUsr1:10 SIGUSR2:12 TERM:15 :15 \
		RTMIN:34 SIGRTMIN+1:35 rtmax-1:63 SIGRTMAX:64; do
		signal=${given%:*}
		number=${given#*:}
		echo "kill c1 $signal"
		# shellcheck disable=SC2086 # no argument where there is no signal
		cor kill c1 $signal
		wait_until 10 says "got $number"
		: >"$BATS_TEST_TMPDIR/out"
	done

	for signal in FOO SIG "" 65 -1 RTMIN+31 RTMAX-31 "10 "; do
		echo "kill c1 \"$signal\""
		run -1 --separate-stderr cor kill c1 "$signal"
		[[ $stderr = *"unknown signal \"$signal\""* ]]
	done
	has_status c1 running
	# 0 only asks.
	run -0 --separate-stderr cor kill c1 0
	[ -z "$output$stderr" ]
	[ ! -s "$BATS_TEST_TMPDIR/out" ]

	cor kill c1 KILL
	wait_until 10 has_status c1 stopped
	wait_until 5 no_leftovers
	for signal in TERM 0; do
		run -1 --separate-stderr cor kill c1 "$signal"
		[ "$stderr" = "cc-oci-runtime: container not running" ]
	done
	run -1 --separate-stderr cor kill c1 9
	[ "$stderr" = "cc-oci-runtime: container not running" ]
	# An engine ends what may be left of a container that has ended.
	cor kill --all c1 KILL
}

@test "kill reaches the first process, kill --all each one of the container" {
	local talker='trap "echo $0 got it; exit 3" USR1; echo $0 is here
		while :; do sleep 1 & wait $!; done'
	local pid status=0

	start_telling sh -c '(sh -c "$0" child &)
		trap "echo init got it" USR1; echo ready
		while :; do sleep 1 & wait $!; done' "$talker"
	wait_until 10 says "child is here"
	cor exec c1 sh -c "$talker" exec >"$BATS_TEST_TMPDIR/exec-out" 2>&1 </dev/null &
	pid=$!
	wait_until 10 grep -qx "exec is here" "$BATS_TEST_TMPDIR/exec-out"

	cor kill c1 USR1
	wait_until 10 says "init got it"
	# Had the others got it too, they would say so by now.
	cor exec c1 true
	run -1 says "child got it"
	: >"$BATS_TEST_TMPDIR/out"

	cor kill --all c1 USR1
	wait_until 10 says "init got it"
	wait_until 10 says "child got it"
	wait "$pid" || status=$?
	[ "$status" -eq 3 ]
	has_status c1 running
	cor kill -a c1 KILL
	wait_until 10 has_status c1 stopped
}

@test "kill ends a container that was only created" {
	bundle_args echo "must not run"
	cor create --bundle "$bundle" c1 >"$BATS_TEST_TMPDIR/out" 2>&1 </dev/null
	has_status c1 created
	cor kill c1 KILL
	wait_until 10 has_status c1 stopped
	wait_until 5 no_leftovers
	[ ! -s "$BATS_TEST_TMPDIR/out" ]
	run -1 --separate-stderr cor start c1
	[[ $stderr = *"cannot start a container that has stopped"* ]]
	cor delete c1
}

@test "kill of a container that is not there says so" {
	run -1 --separate-stderr cor kill c1 KILL
	[ "$stderr" = 'cc-oci-runtime: container "c1" does not exist' ]
	run -1 --separate-stderr cor kill --all c1
	[ "$stderr" = 'cc-oci-runtime: container "c1" does not exist' ]
	run -1 --separate-stderr cor kill
	[[ $stderr = *"kill: an argument is missing"* ]]
}

@test "kill KILL ends a container whose guest does not answer any more" {
	bundle_args sleep 1000
	cor run --detach --bundle "$bundle" c1 </dev/null >/dev/null 2>&1
	leftovers | awk '$2 ~ /qemu-system/ { print $1 }' | xargs kill -STOP
	# A patience, not a measure: it has to be shorter than that of an ordinary request, 60 s.
	timeout 50 "$CC_BUILD_DIR/cc-oci-runtime" --root "$root" kill c1 KILL
	wait_until 20 has_status c1 stopped
	cor delete c1
}
