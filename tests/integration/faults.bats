#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Parts that die, commands that are killed, and many at once: what is told stays true, and nothing
# stays behind.

load ../support/integration

# in_background ARG…: the runtime itself as a job; its pid is in $pid, its words in the files out
# and err.
in_background() {
	set_runtime
	CC_TEST_ROOT=$root "${runtime[@]}" "$@" \
		</dev/null >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
	pid=$!
}

# ends_with STATUS: the job of in_background.
ends_with() {
	local status=0

	wait "$pid" || status=$?
	[ "$status" -eq "$1" ] || {
		echo "status $status instead of $1"
		cat "$BATS_TEST_TMPDIR/err"
		return 1
	}
}

# member ID FILTER: of the container's record.
member() {
	jq -r ".$2" "$root/$1/state.json"
}

hypervisor_of() {
	pgrep -P "$(member "$1" proxy.pid)"
}

has_hypervisor() {
	leftovers | grep -q qemu-system
}

# The file has the line.
has_line() {
	grep -qxF "$2" "$1"
}

# Of a container that has lost parts: it is stopped, all of its processes end by themselves, and
# delete removes the rest.
is_stopped_and_deletable() {
	wait_until 5 has_status c1 stopped
	wait_until 5 no_leftovers
	[ "$(state_of c1 pid)" = 0 ]
	[ "$(cor list -f json | jq -c 'map([.id, .pid, .status])')" = '[["c1",0,"stopped"]]' ]
	run -1 --separate-stderr cor kill c1 TERM
	[ "$stderr" = "cc-oci-runtime: container not running" ]
	run -1 cor exec c1 true
	run -0 --separate-stderr cor delete c1
	[ -z "$output$stderr" ]
	[ -z "$(ls -A "$root")" ]
}

# The id can be used as if nothing had been.
runs_again() {
	bundle_args echo again
	[ "$(cor run --bundle "$bundle" c1)" = again ]
}

# A container with an exec in the foreground, the job.
start_c1_with_exec() {
	bundle_args sleep 1000
	cor run --detach --bundle "$bundle" c1 </dev/null
	in_background exec c1 sh -c 'echo here; sleep 1000'
	wait_until 10 has_line "$BATS_TEST_TMPDIR/out" here
}

@test "kill -9 of QEMU: stopped, and nothing stays" {
	start_c1_with_exec
	kill -KILL "$(hypervisor_of c1)"
	ends_with 137
	is_stopped_and_deletable
	runs_again
}

@test "kill -9 of the proxy: stopped, and nothing stays" {
	start_c1_with_exec
	kill -KILL "$(member c1 proxy.pid)"
	ends_with 137
	is_stopped_and_deletable
	runs_again
}

@test "kill -9 of the shim: stopped, and nothing stays" {
	start_c1_with_exec
	kill -KILL "$(member c1 shim.pid)"
	ends_with 137
	is_stopped_and_deletable
	runs_again
}

@test "kill -9 of all of them at once: stopped, and nothing stays" {
	local hypervisor

	start_c1_with_exec
	hypervisor=$(hypervisor_of c1)
	kill -KILL "$hypervisor" "$(member c1 proxy.pid)" "$(member c1 shim.pid)"
	ends_with 137
	is_stopped_and_deletable
}

@test "kill -9 of QEMU before start: stopped, and cannot be started" {
	cor create --bundle "$bundle" c1 </dev/null
	kill -KILL "$(hypervisor_of c1)"
	wait_until 5 has_status c1 stopped
	run -1 --separate-stderr cor start c1
	[[ $stderr = *"cannot start a container that has stopped"* ]]
	is_stopped_and_deletable
}

# Of a create that was killed: no container, or a stopped one, and nothing of it stays. One that
# was killed when all was done is a whole one.
check_killed_create() {
	if ! wait_until 5 no_leftovers; then
		has_status c1 created
		cor start c1
		wait_until 10 has_status c1 stopped
	fi
	case $(cor list -f json | jq -c 'map([.id, .pid, .status])?') in
	'') # none; and what there was of it goes
		run -1 --separate-stderr cor state c1
		[ "$stderr" = 'cc-oci-runtime: container "c1" does not exist' ]
		run -1 --separate-stderr cor delete c1
		[ "$stderr" = 'cc-oci-runtime: container "c1" does not exist' ]
		;;
	'[["c1",0,"stopped"]]')
		cor delete c1
		;;
	*)
		cor list
		return 1
		;;
	esac
	[ ! -e "$root/c1" ]
}

# Kills the create in the background, which may have been quicker.
kill_create() {
	if kill -KILL "$pid"; then
		wait "$pid" || true
	fi
	check_killed_create
}

@test "kill -9 of create half-way, at any moment: never existed or stopped, and nothing stays" {
	local moment
	# shellcheck disable=SC2034 # cor reads it: clones are made too fast
	local CC_TEMPLATE=never

	for moment in 0 0.02 0.05 0.3 1 3; do
		echo "after $moment s"
		in_background create --bundle "$bundle" c1
		sleep "$moment"
		kill_create
	done
	for moment in "[ -e $root/c1 ]" "[ -e $root/c1/share ]" "[ -e $root/c1/state.json ]" \
		has_hypervisor "grep -qs 'agent ready' $root/c1/hypervisor.log"; do
		echo "once $moment"
		in_background create --bundle "$bundle" c1
		wait_until 60 eval "$moment"
		kill_create
	done
	runs_again
}

@test "what a killed create has left before there was a record hinders nobody" {
	mkdir -p "$root/c1/share" "$root/c2/share" "$root/c3"
	touch "$root/c1/proxy.sock"
	[ "$(cor list -q)" = "" ]
	run -1 --separate-stderr cor delete c1
	[ "$stderr" = 'cc-oci-runtime: container "c1" does not exist' ]
	[ ! -e "$root/c1" ]
	cor delete --force c2
	[ ! -e "$root/c2" ]
	bundle_args echo again
	[ "$(cor run --bundle "$bundle" c3)" = again ]
	[ ! -e "$root/c3" ]
}

@test "SIGTERM, SIGINT and SIGHUP undo a run that still boots" {
	local signal moment status
	# shellcheck disable=SC2034 # cor reads it: clones are made too fast
	local CC_TEMPLATE=never

	for signal in TERM INT HUP; do
		echo "SIG$signal"
		in_background run --pid-file "$BATS_TEST_TMPDIR/pid" --bundle "$bundle" c1
		wait_until 10 has_hypervisor
		kill -"$signal" "$pid"
		ends_with 1
		no_leftovers
		[ -z "$(ls -A "$root")" ]
		[ ! -e "$BATS_TEST_TMPDIR/pid" ]
		[ "$(wc -l <"$BATS_TEST_TMPDIR/err")" -eq 1 ]
		grep -qF "interrupted by signal $(kill -l "$signal")" "$BATS_TEST_TMPDIR/err"
	done
	# However early: even before there is anything to undo.
	for moment in 0 0.01 0.02 0.04; do
		in_background run --bundle "$bundle" c1
		sleep "$moment"
		kill -TERM "$pid"
		status=0
		wait "$pid" || status=$?
		[[ $status = 1 || $status = 143 ]]
		wait_until 5 no_leftovers
		[ ! -e "$root/c1" ]
	done
}

# The container's processes that sleep long are these.
processes_are() {
	[ "$(cor exec c1 ps -o args | grep 'sleep 1...')" = "$(printf '%s\n' "$@")" ]
}

@test "kill -9 of an exec's shim ends that process, and no other" {
	bundle_args sleep 1000
	cor run --detach --bundle "$bundle" c1 </dev/null
	cor exec --detach --pid-file "$BATS_TEST_TMPDIR/pid" c1 sleep 1111 </dev/null
	in_background exec c1 sh -c 'echo here; until [ -e /stop ]; do sleep 0.1; done; exit 5'
	wait_until 10 has_line "$BATS_TEST_TMPDIR/out" here
	processes_are "sleep 1000" "sleep 1111"
	kill -KILL "$(cat "$BATS_TEST_TMPDIR/pid")"
	wait_until 10 processes_are "sleep 1000"
	has_status c1 running
	touch "$bundle/rootfs/stop"
	ends_with 5
}

@test "a container that exits leaves no QEMU, proxy or shim behind, before any delete" {
	bundle_args sh -c 'until [ -e /stop ]; do sleep 0.1; done'
	cor run --detach --bundle "$bundle" c1 </dev/null
	[ "$(leftovers | wc -l)" -eq 3 ]
	touch "$bundle/rootfs/stop"
	wait_until 5 has_status c1 stopped
	wait_until 2 no_leftovers
	[ -e "$root/c1/state.json" ]
	cor delete c1
	[ -z "$(ls -A "$root")" ]
}

@test "an exec that runs when the container's process ends is killed" {
	bundle_args sh -c 'until [ -e /stop ]; do sleep 0.1; done; exit 3'
	cor run --detach --bundle "$bundle" c1 </dev/null
	in_background exec c1 sh -c 'echo here; sleep 1000'
	wait_until 10 has_line "$BATS_TEST_TMPDIR/out" here
	touch "$bundle/rootfs/stop"
	ends_with 137
	wait_until 5 has_status c1 stopped
	wait_until 2 no_leftovers
}

@test "eight containers that are started at the same moment all run" {
	local i status=0
	local -a pids=()

	bundle_args sh -c 'read -r word; echo "$word"; exit "$word"'
	for i in {1..8}; do
		echo "$i" | cor run --bundle "$bundle" "c$i" >"$BATS_TEST_TMPDIR/out-$i" &
		pids+=($!)
	done
	for i in {1..8}; do
		status=0
		wait "${pids[i - 1]}" || status=$?
		[ "$status" -eq "$i" ]
		[ "$(cat "$BATS_TEST_TMPDIR/out-$i")" = "$i" ]
	done
	[ "$(cor list -q)" = "" ]
}

@test "one id created many times at once: one wins, the others say why" {
	local i winners=0
	local -a pids=()

	bundle_args echo "the one"
	for i in {1..6}; do
		cor create --bundle "$bundle" c1 </dev/null >"$BATS_TEST_TMPDIR/out-$i" \
			2>"$BATS_TEST_TMPDIR/err-$i" &
		pids+=($!)
	done
	for i in {1..6}; do
		if wait "${pids[i - 1]}"; then
			winners=$((winners + 1))
			winner=$i
		else
			[ "$(cat "$BATS_TEST_TMPDIR/err-$i")" = \
				'cc-oci-runtime: container with given ID already exists: "c1"' ]
		fi
	done
	[ "$winners" -eq 1 ]
	# The losers have done it no harm.
	[ "$(leftovers | wc -l)" -eq 3 ]
	has_status c1 created
	cor start c1
	wait_until 10 has_status c1 stopped
	[ "$(cat "$BATS_TEST_TMPDIR/out-$winner")" = "the one" ]
}
