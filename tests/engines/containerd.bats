#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# containerd by its own client: ctr run and all of ctr's work on tasks; containerd ends and comes back.

# shellcheck disable=SC2016 # the variables of the containers' shells
# shellcheck disable=SC2154 # of bats and of the harness

load ../support/engines

setup_file() {
	engines_begin
	containerd_start
}

teardown_file() {
	engines_end
}

# ctr_run ARGUMENT…: of the busybox tree, which needs no image.
ctr_run() {
	ctr run --runc-binary "$cor_path" --env PATH=/bin --rootfs "$@"
}

# task_is ID STATUS
task_is() {
	ctr tasks list | awk -v id="$1" -v status="$2" '$1 == id && $3 == status { found = 1 }
		END { exit !found }'
}

@test "run: output and status; with a terminal; by the runtime's options" {
	run -5 --separate-stderr ctr_run --rm "$engines/bundle/rootfs" one sh -c 'echo out; exit 5'
	[ "$output" = out ]
	[ "$(echo text | ctr_run --rm "$engines/bundle/rootfs" two head -n 1)" = text ]
	run -0 script -qec "ctr run --rm -t --runc-binary $cor_path --env PATH=/bin --rootfs $engines/bundle/rootfs three tty" /dev/null
	[[ $output == *"/dev/"* ]]
	run -0 ctr run --rm --runtime io.containerd.runc.v2 --runc-binary "$cor_path" --runc-root "$engines/root" \
		--env PATH=/bin --rootfs "$engines/bundle/rootfs" four uname -r
	[ "$output" != "$(uname -r)" ]
	run ! ctr_run --rm "$engines/bundle/rootfs" five /no/such/program
	[[ $output == *"/no/such/program: no such file or directory"* ]]
}

@test "tasks: exec, ps, pause, resume, metrics, kill, rm; events" {
	local events=$BATS_TEST_TMPDIR/events

	ctr events >"$events" 3>&- &
	ctr_run -d "$engines/bundle/rootfs" task sh -c 'trap "exit 9" USR1; echo up; while :; do sleep 0.1; done'
	wait_until 30 task_is task RUNNING
	run -3 ctr tasks exec --exec-id e1 task sh -c 'echo in; exit 3'
	[ "$output" = in ]
	[[ $(ctr tasks ps task) == *PID* ]]
	ctr tasks pause task
	task_is task PAUSED
	ctr tasks resume task
	task_is task RUNNING
	[[ $(ctr tasks metrics task) == *memory* ]]
	run ! ctr tasks checkpoint task
	[[ $output == *checkpoint* ]]
	task_is task RUNNING
	ctr tasks kill --signal USR1 task
	wait_until 30 task_is task STOPPED
	run -0 ctr tasks rm task
	[[ $output == *"exit code 9"* ]]
	ctr containers rm task
	wait_until 20 grep -q /tasks/delete "$events"
	for topic in create start exec-started exit paused resumed; do
		grep -q "/tasks/$topic " "$events"
	done
}

@test "containerd ends, and is killed: tasks go on, and are there again" {
	ctr_run -d "$engines/bundle/rootfs" task sh -c 'trap "exit 9" USR1; while :; do sleep 0.1; done'
	daemon_end containerd TERM
	containerd_start
	task_is task RUNNING
	[ "$(ctr tasks exec --exec-id e1 task echo hello)" = hello ]
	daemon_end containerd KILL
	containerd_start
	task_is task RUNNING
	[ "$(ctr tasks exec --exec-id e2 task echo again)" = again ]
	ctr tasks kill --signal USR1 task
	wait_until 30 task_is task STOPPED
	run -0 ctr tasks rm task
	[[ $output == *"exit code 9"* ]]
	ctr containers rm task
}
