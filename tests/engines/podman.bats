#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# podman: run, exec, stop, pause, figures, volumes, pods, health.

# shellcheck disable=SC2016 # the variables of the containers' shells
# shellcheck disable=SC2154 # of bats and of the harness

load ../support/engines

setup_file() {
	engines_begin
	podman_start
}

teardown_file() {
	engines_end
}

# pod_logs CONTAINER TEXT: a line of its output.
pod_logs() {
	podman logs "$1" 2>&1 | grep -qxF -- "$2"
}

# machines: how many virtual machines this file has.
machines() {
	engine_processes | awk '$2 ~ /qemu-system/' | wc -l
}

@test "run: output, statuses, stdin, a terminal" {
	run -4 --separate-stderr podman run --rm --network none busybox sh -c 'echo out; exit 4'
	[ "$output" = out ]
	[ "$(echo text | podman run --rm -i --network none busybox cat)" = text ]
	run -0 script -qec "podman run --rm -it --network none busybox tty" /dev/null
	[[ $output == *"/dev/"* ]]
	run -127 podman run --rm --network none busybox /no/such/program
	run -126 podman run --rm --network none busybox /etc
}

@test "run -d, exec, logs, top, pause, stats, cp, volumes, health, kill, stop" {
	podman volume create vol
	podman run -d --name pc --network none -v vol:/vol --memory 128m --health-cmd 'test -e /vol/ok' busybox \
		sh -c 'trap "exit 6" TERM; echo up; touch /vol/ok; while :; do sleep 0.1; done'
	wait_until 60 pod_logs pc up
	run -3 podman exec pc sh -c 'exit 3'
	[ "$(echo in | podman exec -i pc cat)" = in ]
	podman healthcheck run pc
	# ps(1) of the container: podman's own list would be of the host's processes.
	[[ $(podman top pc -o pid,args) == *"sh -c trap "* ]]
	podman pause pc
	[ "$(podman inspect --format '{{.State.Status}}' pc)" = paused ]
	podman unpause pc
	[[ $(podman stats --no-stream --format '{{.MemUsage}}' pc) == *MB\ /* ]]
	echo from host >"$BATS_TEST_TMPDIR/f"
	podman cp "$BATS_TEST_TMPDIR/f" pc:/f
	[ "$(podman exec pc cat /f)" = "from host" ]
	podman kill --signal CONT pc
	podman stop --time 60 pc
	[ "$(podman inspect --format '{{.State.ExitCode}}' pc)" = 6 ]
	podman start pc
	podman restart --time 0 pc
	podman rm --force --time 0 pc
	podman volume rm vol
}

@test "a pod is one virtual machine, its containers share names and memory" {
	podman pod create --name pod --network none --infra-image localhost/busybox --infra-command "sleep 100000"
	podman run -d --pod pod --name one busybox sh -c 'echo data >/dev/shm/f; echo up; exec sleep 1000'
	wait_until 60 pod_logs one up
	run -0 podman run --rm --pod pod busybox sh -c 'hostname; cat /dev/shm/f'
	[ "$output" = $'pod\ndata' ]
	[ "$(machines)" -eq 1 ]
	[ "$(podman exec one hostname)" = pod ]
	podman pod rm --force --time 0 pod
	[ "$(machines)" -eq 0 ]
}
