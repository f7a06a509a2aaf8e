#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# docker run, exec, attach and logs: statuses, standard streams, terminals.

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

@test "docker info and version know the runtime" {
	[ "$(docker info --format '{{(index .Runtimes "cor").Path}}')" = "$cor_path" ]
}

@test "run --rm: output, errors and status are the process's; 125, 126, 127" {
	run -42 --separate-stderr cor_run --rm busybox sh -c 'echo out; echo err >&2; exit 42'
	[ "$output" = out ]
	[ -n "$stderr" ] && [ "$stderr" = err ]
	run -127 cor_run --rm busybox /no/such/program
	[[ $output == *'exec: "/no/such/program": stat /no/such/program: no such file or directory'* ]]
	run -126 cor_run --rm busybox /etc
	[[ $output == *'"/etc": permission denied'* ]]
	run -125 cor_run --rm --memory 1 busybox true
	[ -z "$(docker ps --all --quiet)" ]
}

@test "run -i: stdin passes, and its end; run without -i has none" {
	[ "$(printf 'one\ntwo\n' | cor_run --rm -i busybox cat)" = $'one\ntwo' ]
	[ -z "$(echo text | cor_run --rm busybox cat)" ]
}

@test "run -it: a terminal with the size of the caller's; its status" {
	run -7 script -qec "stty rows 30 cols 91; docker run --runtime cor --network none --rm -it busybox sh -c 'tty; stty size; exit 7'" /dev/null
	[[ $output == *"/dev/"*"30 91"* ]]
}

@test "run -d, exec in all its forms, logs, top, inspect" {
	local id pid

	id=$(cor_run -d --name main --env A=1 busybox sh -c \
		'trap "echo bye; exit 5" TERM; echo started; echo problem >&2; while :; do sleep 0.1; done')
	wait_until 60 logs_have main started
	[ "$(inspect main .State.Status)" = running ]
	pid=$(inspect main .State.Pid)
	[ "$(readlink "/proc/$pid/exe")" = "$CC_BUILD_DIR/cc-shim" ]
	[[ $(tr '\0' ' ' <"/proc/$pid/cmdline") == "sh -c trap "* ]]
	[ "$(readlink "/proc/$pid/ns/net")" != "$(inside readlink /proc/self/ns/net)" ]
	[ "$(docker logs main 2>/dev/null)" = started ]
	[ "$(docker logs main 2>&1 >/dev/null)" = problem ]
	[[ $(docker logs --timestamps --tail 1 main 2>&1) == *T*Z\ * ]]
	# top asks the runtime, and shows the process that stands for the container's.
	[[ $(docker top main) == *"sh -c trap "* ]]
	[[ $(docker top main -o pid,args) == *"$pid "* ]]
	# exec
	run -3 --separate-stderr docker exec main sh -c 'echo "$A"; echo err >&2; exit 3'
	[ "$output" = 1 ]
	[ -n "$stderr" ] && [ "$stderr" = err ]
	run -0 docker exec --env B=2 --workdir /tmp --user 65534:65534 main sh -c 'echo $A $B; pwd; id -u'
	[ "$output" = $'1 2\n/tmp\n65534' ]
	[ "$(echo input | docker exec -i main cat)" = input ]
	docker exec -d main sh -c 'echo detached >/tmp/d'
	wait_until 30 docker exec main grep -qx detached /tmp/d
	run -126 docker exec main /no/such/program
	run -0 script -qec "docker exec -it main tty" /dev/null
	[[ $output == *"/dev/"* ]]
	run -1 docker exec main false
	[ "$(inspect main '.State.Status}} {{.RestartCount')" = "running 0" ]
	# Signals by number and by name; then the end that the process chooses.
	docker kill --signal 0 main >/dev/null 2>&1 || true
	docker kill --signal CONT main
	docker stop --time 60 main
	[ "$(inspect main .State.ExitCode)" = 5 ]
	[ "$(docker wait main)" = 5 ]
	[[ $(docker logs main 2>/dev/null) == *bye ]]
	run -1 docker exec main true
	[[ $output == *"$id is not running"* ]]
	docker rm main
}

@test "attach: output and input; detached by its keys the container goes on" {
	local log=$BATS_TEST_TMPDIR/log

	cor_run -di --name at busybox \
		sh -c 'while read line; do [ "$line" != end ] || exit 9; echo "got $line"; done'
	run -9 docker attach at <<<$'one\ntwo\nend'
	[ "$(docker logs at)" = $'got one\ngot two' ]
	docker rm at
	cor_run -dit --name at busybox sh
	(
		sleep 1
		printf 'echo hel""lo\n'
		wait_until 30 grep -q hello "$log"
		printf '\020\021'
		sleep 1
	) | script -qec "docker attach at" "$log" >/dev/null || true
	grep -q hello "$log"
	[ "$(inspect at .State.Status)" = running ]
	docker kill at
	[ "$(docker wait at)" = 137 ]
	docker rm at
}
