#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# docker's limits and figures: -m, --cpus and the like, stats, update, pause, OOMKilled.

load ../support/engines

setup_file() {
	engines_begin
	docker_start
}

teardown_file() {
	engines_end
}

# limits CONTAINER FILE…: of its cgroup in the guest, on one line.
limits() {
	# shellcheck disable=SC2016 # the container's
	docker exec "$1" sh -c 'cd /sys/fs/cgroup/$(cut -d : -f 3 /proc/self/cgroup); for file; do echo $(cat $file); done | paste -sd "|"' \
		sh "${@:2}"
}

# CONTAINER: its memory cgroup on the host.
memory_cgroup() {
	# shellcheck disable=SC2154 # the harness's
	echo "/sys/fs/cgroup/memory/$cgroup_parent/$(inspect "$1" .Id)"
}

@test "limits hold in the guest, stats are those of the VM, update changes both, pause stops it" {
	local usage directory

	# shellcheck disable=SC2016 # the container's
	cor_run -d --name c1 -m 100m --memory-reservation 50m --cpus 0.5 --cpu-shares 512 \
		--cpuset-cpus 0 --pids-limit 50 busybox \
		sh -c 'i=0; while true; do i=$((i+1)); echo $i >/tick; sleep 0.1; done'
	[ "$(limits c1 memory.max memory.low cpu.max cpu.weight pids.max)" = \
		"104857600|52428800|50000 100000|20|50" ]
	directory=$(memory_cgroup c1)
	[ "$(wc -l <"$directory/cgroup.procs")" -eq 3 ]
	grep -qx "$(inspect c1 .State.Pid)" "$directory/cgroup.procs"

	# What docker shows is what the host's cgroup counts: the VM's memory, of its VM's limit.
	usage=$(docker stats --no-stream --format '{{.MemUsage}}' c1)
	[[ $usage = *"MiB / 512MiB" ]]
	[ "${usage%%.*}" -gt 30 ]
	[ "$(docker stats --no-stream --format '{{.CPUPerc}}' c1)" != "0.00%" ]
	[ "$(docker stats --no-stream --format '{{.PIDs}}' c1)" -ge 3 ]

	docker update -m 80m --memory-swap 160m --cpus 0.8 --pids-limit 40 c1
	[ "$(limits c1 memory.max cpu.max pids.max)" = "83886080|80000 100000|40" ]
	run -1 docker update --memory 1g --memory-swap 2g c1
	[[ $output = *"memory.limit: 1073741824 bytes: the virtual machine, of 256 MiB, has"* ]]

	docker pause c1
	is_status c1 paused
	run -1 docker exec c1 true
	[[ $output = *paused* ]]
	docker unpause c1
	is_status c1 running
	[ "$(docker exec c1 echo alive)" = alive ]
	docker pause c1
	docker kill c1
	wait_until 20 is_status c1 exited
	[ "$(inspect c1 .State.ExitCode)" -eq 137 ]
	[ "$(inspect c1 .State.OOMKilled)" = false ]
	docker rm c1
	[ ! -e "$directory" ]
}

@test "a container that ran out of memory is OOMKilled, and the event is told" {
	local since events

	since=$(date +%s)
	# shellcheck disable=SC2016 # the container's
	run -137 cor_run --name c2 -m 32m busybox sh -c 'x=a; while true; do x=$x$x; done'
	[ "$(inspect c2 .State.OOMKilled)" = true ]
	events=$(docker events --since "$since" --until "$(($(date +%s) + 1))" --filter container=c2 \
		--format '{{.Action}}')
	grep -qx oom <<<"$events"
	docker rm c2
}
