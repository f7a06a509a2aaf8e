#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# `ps`: the guest's processes as a table, and what stands for them on the host.

load ../support/integration

all_are_there() {
	[ "$(cor ps c1 -o pid=,cmd= | grep -c -e 'sleep 60[123]$')" = 3 ] &&
		cor ps c1 -o pid=,cmd= | grep -qE '^ *1 sleep 602$'
}

@test "ps lists the processes of the container, and on the host their shims" {
	local pid exec_pid

	bundle_args sh -c 'sleep 601 & exec sleep 602'
	cor run --detach --bundle "$bundle" --pid-file "$BATS_TEST_TMPDIR/pid" c1 \
		</dev/null >/dev/null 2>&1
	pid=$(cat "$BATS_TEST_TMPDIR/pid")
	cor exec --detach --user 65534 --pid-file "$BATS_TEST_TMPDIR/exec" c1 sleep 603 \
		</dev/null >/dev/null 2>&1
	exec_pid=$(cat "$BATS_TEST_TMPDIR/exec")

	wait_until 20 all_are_there
	run -0 --separate-stderr cor ps c1
	[[ ${lines[0]} =~ ^UID\ +PID\ +PPID\ +C\ STIME\ +TTY\ +TIME\ CMD$ ]]
	[ "${#lines[@]}" -eq 4 ]
	# The container's own pids, as its processes see them.
	[[ ${lines[1]} =~ ^0\ +1\ +0\ .*sleep\ 602$ ]]
	[[ $output =~ 65534\ +[0-9]+\ +0\ [^$'\n']*sleep\ 603 ]]
	run -0 --separate-stderr cor ps c1 -o pid=,ppid=,args=
	[[ $output =~ [0-9]+\ +1\ sleep\ 601 ]]
	run -0 --separate-stderr cor ps --format table c1 aux
	[[ ${lines[0]} == *%CPU* ]]
	run -1 --separate-stderr cor ps c1 -Z
	[ "${#stderr_lines[@]}" -eq 1 ]
	run -1 --separate-stderr cor ps --format xml c1
	[[ $stderr == *"expected table or json, found \"xml\""* ]]

	run -0 --separate-stderr cor ps --format json c1
	[ "$(jq -c sort <<<"$output")" = "$(jq -c sort <<<"[$pid,$exec_pid]")" ]
	kill -KILL "$exec_pid"
	wait_until 20 [ ! -d "/proc/$exec_pid" ]
	[ "$(cor ps -f json c1)" = "[$pid]" ]

	cor kill c1 KILL
	wait_until 20 has_status c1 stopped
	[ "$(cor ps -f json c1)" = null ]
	[ "$(cor ps c1 | wc -l)" = 1 ]
	run -1 --separate-stderr cor ps none
	[[ $stderr == *'"none" does not exist'* ]]
}
