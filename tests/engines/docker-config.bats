#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# What docker run's options lead to in the container.

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

# has_line TEXT: the output of the last `run` has this line.
has_line() {
	grep -qxF -- "$1" <<<"$output" || {
		echo "no line \"$1\" in:"
		echo "$output"
		return 1
	}
}

@test "names, user, environment, directory, limits, capabilities, sysctl" {
	run -0 cor_run --rm --init --hostname box --domainname example.org --user 1000:100 --group-add 5 \
		--workdir /work/dir --env COLOR=red --ulimit nofile=300:400 --ulimit core=0 \
		--sysctl kernel.msgmax=9000 --cap-drop ALL --cap-add NET_RAW --oom-score-adj 300 \
		--security-opt no-new-privileges busybox sh -c '
			hostname; echo "user $(id -u):$(id -g) $(id -G)"; pwd; echo "$COLOR"
			ulimit -n; ulimit -Hn; cat /proc/sys/kernel/msgmax /proc/self/oom_score_adj
			grep -E "^(CapBnd|NoNewPrivs):" /proc/self/status; tr "\0" " " </proc/1/cmdline; echo
			cat /etc/hostname'
	has_line box
	has_line "user 1000:100 100 5"
	has_line /work/dir
	has_line red
	has_line 300
	has_line 400
	has_line 9000
	has_line $'CapBnd:\t0000000000002000'
	has_line $'NoNewPrivs:\t1'
	# docker-init is the container's process 1.
	[[ $output == */sbin/docker-init* ]]
}

@test "read-only root, tmpfs, shm, and every kind of mount" {
	local dir=$BATS_TEST_TMPDIR/host

	mkdir "$dir"
	echo from host >"$dir/file"
	docker volume create vol
	run -0 cor_run --name mnt --read-only --tmpfs /scratch:size=1m --shm-size 2m \
		-v "$dir:/rw" -v "$dir:/ro:ro" -v "$dir/file:/single:ro" -v vol:/named \
		--mount "type=bind,source=$dir,target=/mounted,readonly" \
		--mount type=tmpfs,target=/fast,tmpfs-size=1048576 --mount type=volume,source=vol,target=/again \
		busybox sh -c '
			touch /no 2>/dev/null && echo "root is writable"; echo x >/scratch/x && echo scratch
			df -k /dev/shm | tail -n 1 | tr -s " " | cut -d " " -f 2
			cat /single /ro/file; echo back >/rw/back; touch /ro/no 2>/dev/null && echo "ro is writable"
			touch /single 2>/dev/null && echo "single is writable"; touch /mounted/no 2>/dev/null && echo no
			echo named >/named/n; cat /again/n; echo y >/fast/y && echo fast'
	[ "$output" = $'scratch\n2048\nfrom host\nfrom host\nnamed\nfast' ]
	[ "$(cat "$dir/back")" = back ]
	docker rm mnt
	docker create --name volumes -v "$dir:/rw" -v vol:/named busybox
	run -0 cor_run --rm --volumes-from volumes busybox cat /named/n /rw/back
	[ "$output" = $'named\nback' ]
	docker rm volumes
	docker volume rm vol
	run -125 cor_run --rm --mount "type=bind,source=$dir/missing,target=/x" busybox true
	[[ $output == *"bind source path does not exist"* ]]
}

@test "limits: memory, cpus, cpuset, pids" {
	run -0 cor_run --rm --memory 100m --cpus 0.5 --cpuset-cpus 0 --pids-limit 30 \
		--cgroup-parent "/$cgroup_parent/further" busybox sh -c '
			cd "/sys/fs/cgroup/$(cut -d : -f 3 /proc/self/cgroup)"; cat memory.max pids.max cpu.max; nproc'
	has_line $((100 << 20))
	has_line 30
	has_line "50000 100000"
	has_line 1
}

@test "seccomp: the default, none, and a file's; --privileged; a block device" {
	run -0 cor_run --rm busybox sh -c 'grep ^Seccomp: /proc/self/status; unshare -U true || echo refused'
	has_line $'Seccomp:\t2'
	has_line refused
	run -0 cor_run --rm --security-opt seccomp=unconfined busybox grep ^Seccomp: /proc/self/status
	has_line $'Seccomp:\t0'
	echo '{"defaultAction": "SCMP_ACT_ALLOW",
		"syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}' >"$BATS_TEST_TMPDIR/profile"
	run -0 cor_run --rm --security-opt "seccomp=$BATS_TEST_TMPDIR/profile" busybox sh -c 'mkdir /x || echo refused'
	has_line refused
	run -0 cor_run --rm --privileged busybox sh -c 'grep ^CapBnd /proc/self/status; mount -t tmpfs none /tmp && echo mounted
		echo 1 >/proc/sys/kernel/printk_ratelimit && echo written'
	has_line mounted
	has_line written
}

@test "what cannot be is said to the user in a sentence" {
	cor_run -d --name other --ipc shareable busybox sleep 1000
	run -125 cor_run --rm --ipc container:other busybox true
	[[ $output == *"cannot join an ipc namespace of the host or of another machine"* ]]
	run -125 cor_run --rm --pid container:other busybox true
	[[ $output == *"cannot join a pid namespace of the host or of another machine"* ]]
	docker rm --force other
}
