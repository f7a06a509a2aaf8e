#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Terminals: an engine's, through a console socket, and the caller's own.

load ../support/integration

console=$CC_BUILD_DIR/tests/support/console-recv

# Says its size first and whenever it is told that it has changed.
sizes='trap "stty size" WINCH; stty size; echo ready; while :; do sleep 0.2; done'

setup() {
	integration_setup
	socket=$BATS_TEST_TMPDIR/console
	terminal=$BATS_TEST_TMPDIR/terminal
	bundle_set '.process.terminal = true'
}

# listen STEP…: receives the terminal in the background; $listener.
listen() {
	"$console" listen "$socket" "$@" >"$terminal" 3>&- &
	listener=$!
	wait_until 10 test -S "$socket"
}

# ${runtime[@]}: cor for other programs, which know no functions.
runtime() {
	set_runtime
	runtime=(env "CC_TEST_ROOT=$root" "${runtime[@]}")
}

@test "the terminal's master arrives at the console socket, and is the process's" {
	local status=0

	bundle_set '.process.consoleSize = {height: 31, width: 101}'
	bundle_args sh -c 'stty size; tty; readlink /proc/self/fd/2; ls -l /dev/console; exec sh -i'
	listen $'expect=31 101' $'expect=/dev/console' \
		$'send=echo a$((1+1))b\r' expect=a2b \
		$'send=sh -c "echo run\$((1+1))ning; exec sleep 1000"\r' expect=run2ning \
		$'send=\003' $'send=echo status=$?\r' expect=status=130 \
		$'send=exit 4\r'
	cor create --bundle "$bundle" --console-socket "$socket" c1 </dev/null >"$terminal.stdio" 2>&1
	cor start c1
	wait "$listener" || status=$?
	[ "$status" -eq 0 ]
	grep -q '^/dev/pts/0' "$terminal"
	wait_until 20 has_status c1 stopped
	# All that was said was said there.
	[ ! -s "$terminal.stdio" ]
}

@test "a terminal whose master is closed is hung up in the guest" {
	# Who does not hear the signal sees the end.
	bundle_args sh -c 'trap "" HUP; echo ready; read line; echo "status $?" >/ended; exit 3'
	listen expect=ready expect=never
	cor run --detach --bundle "$bundle" --console-socket "$socket" c1 </dev/null \
		>"$terminal.stdio" 2>&1
	wait_until 60 grep -q ready "$terminal"
	kill -KILL "$listener"
	wait_until 20 has_status c1 stopped
	grep -qx 'status 1' "$bundle/rootfs/ended"
	[ ! -s "$terminal.stdio" ]
}

@test "changes of the size arrive through the console socket" {
	local status=0

	bundle_args sh -c "$sizes"
	listen size=20x70 expect=ready size=40x100 'expect=40 100' size=41x99 'expect=41 99'
	cor run --detach --bundle "$bundle" --console-socket "$socket" c1 </dev/null \
		>"$terminal.stdio" 2>&1
	wait_until 60 grep -q '41 99' "$terminal"
	cor kill c1 KILL
	wait "$listener" || status=$?
	[ "$status" -eq 0 ]
	wait_until 20 has_status c1 stopped
}

@test "run in the caller's terminal: size, its changes, input, status, and the settings restored" {
	runtime
	bundle_args sh -c 'trap "stty size; touch /changed" WINCH; stty size; echo ready
		while [ ! -e /changed ]; do sleep 0.2; done; read line; echo "<$line>"; exit 9'
	run -9 "$console" run size=37x87 'expect=37 87' expect=ready size=38x88 'expect=38 88' \
		$'send=a line\r' 'expect=<a line>' -- sh -c '
			stty -g >"$0.before"; "$@"; status=$?; stty -g >"$0.after"; exit $status' \
		"$terminal" "${runtime[@]}" run --bundle "$bundle" c1
	cmp "$terminal.before" "$terminal.after"
	wait_until 5 no_leftovers
}

@test "Ctrl-C reaches the foreground process, and not the runtime" {
	runtime
	# The process that says it is ready is the one that is interrupted, whenever that is.
	bundle_args sh -c 'trap "echo interrupted" INT; sh -c "echo ready; exec sleep 1000"
		echo after; exit 11'
	run -11 "$console" run expect=ready $'send=\003' expect=interrupted expect=after -- \
		"${runtime[@]}" run --bundle "$bundle" c1

	# By its default a process that is not the first of its namespace dies.
	bundle_set '.process.terminal = false'
	bundle_args sleep 1000
	cor run --detach --bundle "$bundle" c2 </dev/null >"$terminal" 2>&1
	run -130 "$console" run expect=ready $'send=\003' -- \
		"${runtime[@]}" exec --tty c2 sh -c 'echo ready; exec sleep 1000'
	# The size is there from the start.
	run -0 "$console" run size=44x144 -- "${runtime[@]}" exec --tty c2 stty size
	[[ $output == *"44 144"* ]]
}

@test "the caller's settings are restored when the container is torn down under it" {
	local settings=$BATS_TEST_TMPDIR/settings status=0

	runtime
	bundle_args sh -c 'echo ready; exec sleep 1000'
	"$console" run expect=ready -- sh -c '
		stty -g >"$0.before"; "$@"; status=$?; stty -g >"$0.after"; exit $status' \
		"$settings" "${runtime[@]}" run --bundle "$bundle" c1 >"$terminal" 3>&- &
	listener=$!
	wait_until 120 grep -q ready "$terminal"
	kill -KILL "$(state_of c1 pid)"
	wait "$listener" || status=$?
	[ "$status" -eq 137 ]
	cmp "$settings.before" "$settings.after"
	wait_until 5 no_leftovers
}

@test "what does not fit a terminal is refused in one line" {
	local arguments

	for arguments in "run c1" "create c1" "run --detach c1" \
		"create --console-socket $BATS_TEST_TMPDIR/nobody c1"; do
		# shellcheck disable=SC2086 # words
		run -1 --separate-stderr cor ${arguments% *} --bundle "$bundle" c1 </dev/null
		[ "${#stderr_lines[@]}" -eq 1 ]
		[[ $stderr == *process.terminal* || $stderr == *"$BATS_TEST_TMPDIR/nobody"* ]]
		[ ! -e "$root/c1" ]
	done
	bundle_set '.process.terminal = false'
	run -1 --separate-stderr cor create --console-socket "$socket" --bundle "$bundle" c1 </dev/null
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == *console-socket*process.terminal* ]]
	no_leftovers
}
