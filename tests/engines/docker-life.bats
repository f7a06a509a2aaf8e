#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# A container's life in docker: signals, restarts, pause, figures, events, health, restarted daemons.

# shellcheck disable=SC2016 # the variables of the containers' shells
# shellcheck disable=SC2154 # of bats and of the harness

load ../support/engines

setup_file() {
	engines_begin
	docker_start
}

teardown_file() {
	engines_end
}

# restarts CONTAINER N: docker has restarted it that often, at least.
restarts() {
	[ "$(inspect "$1" .RestartCount)" -ge "$2" ]
}

is_health() {
	[ "$(inspect "$1" .State.Health.Status)" = "$2" ]
}

# has_event FILE WORD…: an event of the container with that action.
has_event() {
	grep -qF -- "$2" "$1"
}

@test "kill by any signal, stop with its time-out, restart, rename, wait" {
	local waited

	cor_run -d --name sig busybox sh -c \
		'trap "echo usr1" USR1; trap "echo rt" RTMIN+3 2>/dev/null; echo up; while :; do sleep 0.1; done'
	wait_until 60 logs_have sig up
	docker kill --signal USR1 sig
	wait_until 20 logs_have sig usr1
	docker rename sig renamed
	# It does not heed TERM: killed after the time-out.
	docker stop --time 1 renamed
	[ "$(inspect renamed .State.ExitCode)" = 137 ]
	run -1 docker kill renamed
	[[ $output == *"is not running"* ]]
	docker restart renamed
	[ "$(inspect renamed .State.Status)" = running ]
	docker restart --time 0 renamed
	waited=$BATS_TEST_TMPDIR/waited
	docker wait renamed >"$waited" 3>&- &
	docker kill renamed
	wait $!
	[ "$(cat "$waited")" = 137 ]
	docker rm renamed
}

@test "restart policies: on-failure so often, always until it is stopped; --stop-signal" {
	cor_run -d --name fail --restart on-failure:1 busybox sh -c 'echo run; exit 3'
	wait_until 60 restarts fail 1
	wait_until 60 is_status fail exited
	[ "$(inspect fail .State.ExitCode)" = 3 ]
	[ "$(docker logs fail | grep -c run)" = 2 ]
	# Stopped by its own signal, what is always restarted stays down.
	cor_run -d --name always --restart always --stop-signal USR2 busybox sh -c \
		'trap "exit 6" USR2; echo up; while :; do sleep 0.1; done'
	wait_until 60 logs_have always up
	docker stop --time 60 always
	[ "$(inspect always '.State.Status}} {{.State.ExitCode')" = "exited 6" ]
	docker rm always
	docker rm fail
}

@test "pause and unpause, stats, update, inspect, events" {
	local events=$BATS_TEST_TMPDIR/events before pid since stats

	since=$(date +%s)
	cor_run -d --name pau --memory 128m --cpus 1 busybox sh -c \
		'echo up; while :; do date +%s.%N >/tick; sleep 0.1; done'
	wait_until 60 logs_have pau up
	pid=$(inspect pau .State.Pid)
	# The cgroup is where --cgroup-parent says, and what runs on the host for it is in it.
	grep -q "memory:/$cgroup_parent/" "/proc/$pid/cgroup"
	[ "$(wc -l <"/sys/fs/cgroup/memory/$cgroup_parent/$(inspect pau .Id)/cgroup.procs")" -ge 3 ]
	docker pause pau
	[ "$(inspect pau .State.Status)" = paused ]
	before=$(docker cp pau:/tick - | tar -xO)
	sleep 1
	[ "$(docker cp pau:/tick - | tar -xO)" = "$before" ]
	docker unpause pau
	[ "$(inspect pau .State.Status)" = running ]
	run -4 docker exec pau sh -c 'exit 4'
	stats=$(docker stats --no-stream --format '{{.MemUsage}} {{.PIDs}} {{.CPUPerc}}' pau)
	# Memory of a VM is there, and bounded by what it may have; a machine's processes are counted.
	[[ $stats =~ ^[1-9][0-9.]*MiB\ /\ [1-9] ]]
	docker update --memory 192m --memory-swap -1 --cpus 0.5 pau
	[ "$(inspect pau .HostConfig.Memory)" = $((192 << 20)) ]
	docker exec pau sh -c 'cat "/sys/fs/cgroup/$(cut -d : -f 3 /proc/1/cgroup)/memory.max"' |
		grep -qx $((192 << 20))
	docker rm --force pau
	# --until is in seconds.
	sleep 1
	docker events --since "$since" --until "$(date +%s)" --filter container=pau \
		--format '{{.Action}} {{json .Actor.Attributes}}' >"$events"
	has_event "$events" 'exec_die {'
	has_event "$events" '"exitCode":"4"'
	has_event "$events" 'pause {'
	has_event "$events" 'die {'
	has_event "$events" 'destroy {'
}

@test "out of memory is the container's, and docker says so" {
	run -137 cor_run --name oom --memory 64m --memory-swap 64m --tmpfs /fill:size=1g busybox \
		dd if=/dev/zero of=/fill/file bs=1M
	[ "$(inspect oom .State.OOMKilled)" = true ]
	docker rm oom
}

@test "health check: healthy, then not" {
	cor_run -d --name hea --health-cmd 'test -e /ok' --health-interval 1s --health-retries 1 \
		--health-start-period 0s busybox sh -c 'touch /ok; sleep 1000'
	wait_until 60 is_health hea healthy
	docker exec hea rm /ok
	wait_until 60 is_health hea unhealthy
	docker rm --force hea
}

@test "dockerd and containerd are killed and come back: containers go on" {
	cor_run -d --name live busybox sh -c 'trap "exit 8" TERM; echo up; while :; do sleep 0.1; done'
	wait_until 60 logs_have live up
	# With live-restore also an orderly end leaves them alone.
	echo '{"live-restore": true}' >"$engines/daemon.json"
	kill -HUP "$(cat "$engines/dockerd.pid")"
	sleep 1
	daemon_end dockerd TERM
	dockerd_start
	[ "$(inspect live .State.Status)" = running ]
	run -0 docker exec live echo hello
	[ "$output" = hello ]
	daemon_end dockerd KILL
	daemon_end containerd KILL
	containerd_start
	rm -f "$engines/dockerd-own.pid"
	dockerd_start
	[ "$(inspect live .State.Status)" = running ]
	run -0 docker exec live echo "hello again"
	[ "$output" = "hello again" ]
	docker stop live
	[ "$(inspect live .State.ExitCode)" = 8 ]
	docker rm live
}
