#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# `run`: a container's process with its output, input and exit status, and what it finds around it.

load ../support/integration

# has_line TEXT: the output of the last `run` has this line.
has_line() {
	grep -qxF -- "$1" <<<"$output" || {
		echo "no line \"$1\""
		return 1
	}
}

# line_after TITLE: what follows the line "TITLE" in the output of the last `run`.
line_after() {
	grep -xF -A 1 -- "$1" <<<"$output" | sed -n 2p
}

# ended ID: no process can be started in it any more.
ended() {
	! cor exec "$1" true 8>&-
}

# ---- output, input, exit status

@test "run prints what the process prints" {
	bundle_args echo hello
	run -0 --separate-stderr cor run --bundle "$bundle" c1
	[ "$output" = hello ]
	[ -z "$stderr" ]
}

@test "run exits with the status of the process" {
	local status_wanted

	for status_wanted in 1 42; do
		bundle_args sh -c "exit $status_wanted"
		run "-$status_wanted" --separate-stderr cor run --bundle "$bundle" c1
		[ -z "$output$stderr" ]
	done
}

@test "run exits with 128 and the number of the signal that ended the process" {
	# The first process of a pid namespace does not die of its own signals.
	bundle_set '.linux.namespaces |= map(select(.type != "pid"))'
	bundle_args sh -c 'kill -TERM $$'
	run -143 --separate-stderr cor run --bundle "$bundle" c1
	[ -z "$output$stderr" ]
}

@test "run passes on a signal, and a container that is killed exits with 137" {
	local out=$BATS_TEST_TMPDIR/out pid status=0

	bundle_args sh -c 'trap "echo got USR1" USR1; echo ready; while :; do sleep 0.1; done'
	cor run --bundle "$bundle" c1 >"$out" &
	pid=$!
	wait_until 120 grep -qx ready "$out"
	# The function's shell is not the runtime.
	kill -USR1 "$(pgrep -P "$pid" -x cc-oci-runtime || echo "$pid")"
	wait_until 20 grep -qx 'got USR1' "$out"
	cor kill c1 KILL
	wait "$pid" || status=$?
	[ "$status" -eq 137 ]
}

@test "run of a program that is not there: 127, one line that names it, nothing left" {
	local program

	for program in no-such-program /bin/no-such-file; do
		bundle_args "$program" argument
		run -127 --separate-stderr cor --hypervisor-log-dir "$BATS_TEST_TMPDIR/logs" \
			run --pid-file "$BATS_TEST_TMPDIR/pid" --bundle "$bundle" c1
		# Nothing is waited for once the VM has ended.
		[ $(($(date +%s) - $(stat -c %Y "$BATS_TEST_TMPDIR/logs/c1/hypervisor.log"))) -lt 5 ]
		[ -z "$output" ]
		[ "${#stderr_lines[@]}" -eq 1 ]
		[[ $stderr == *"\"$program\""* ]]
		[ ! -e "$BATS_TEST_TMPDIR/pid" ]
		[ ! -e "$root/c1" ]
		no_leftovers
	done
}

@test "run of what cannot be executed: 126, one line that names it, nothing left" {
	local program

	echo text >"$bundle/rootfs/text"
	for program in /text /etc; do
		bundle_args "$program"
		run -126 --separate-stderr cor run --bundle "$bundle" c1
		[ -z "$output" ]
		[ "${#stderr_lines[@]}" -eq 1 ]
		[[ $stderr == *"\"$program\": "* ]]
		[ ! -e "$root/c1" ]
		no_leftovers
	done
}

@test "run passes stdin, and its end" {
	bundle_args cat
	output=$(printf 'one\ntwo\n' | cor run --bundle "$bundle" c1)
	[ "$output" = $'one\ntwo' ]
}

@test "run keeps stdout and stderr apart" {
	bundle_args sh -c 'echo out; echo err >&2'
	run -0 --separate-stderr cor run --bundle "$bundle" c1
	[ "$output" = out ]
	[ "$stderr" = err ]
}

@test "run leaves nothing behind, without delete" {
	bundle_args true
	cor run --bundle "$bundle" c1
	wait_until 5 no_leftovers
	[ "$(cor list -q)" = "" ]
}

@test "200 MiB of random bytes through cat arrive identical" {
	local data=$BATS_TEST_TMPDIR/data

	head -c 200M /dev/urandom >"$data"
	bundle_args cat
	dd if="$data" bs=1M status=none | cor run --bundle "$bundle" c1 | cmp - "$data"
	rm "$data"
}

@test "a reader that goes away ends the writer" {
	local output

	bundle_args yes
	output=$(cor run --bundle "$bundle" c1 2>/dev/null | head -n 1)
	[ "$output" = y ]
	wait_until 20 no_leftovers
	[ "$(cor list -q)" = "" ]
}

@test "a reader that stops reading the container's output blocks no exec, no kill and no delete" {
	mkfifo "$BATS_TEST_TMPDIR/stalled"
	bundle_args yes
	exec 8<>"$BATS_TEST_TMPDIR/stalled"
	cor run --detach --bundle "$bundle" c1 </dev/null >"$BATS_TEST_TMPDIR/stalled" 8>&-
	# When the process waits in its write, everything on the way is full.
	wait_until 60 cor exec c1 grep -q "S (sleeping)" /proc/1/status 8>&-
	run -0 cor exec c1 echo "still here" 8>&-
	[ "$output" = "still here" ]
	output=$(head -c 1M /dev/zero | cor exec c1 sh -c "cat; echo end" 8>&- | tr -d "\0")
	[ "$output" = end ]
	cor kill c1 KILL
	wait_until 20 has_status c1 stopped
	cor delete c1
	wait_until 5 no_leftovers
	exec 8>&-
}

@test "a process that has ended behind a reader that stopped can still be killed" {
	mkfifo "$BATS_TEST_TMPDIR/stalled"
	# More than the fifo takes, and no more than is under way: the process ends by itself.
	bundle_args sh -c 'head -c 200000 /dev/zero'
	exec 8<>"$BATS_TEST_TMPDIR/stalled"
	cor run --detach --bundle "$bundle" c1 </dev/null >"$BATS_TEST_TMPDIR/stalled" 8>&-
	wait_until 60 ended c1
	has_status c1 running
	cor kill c1 KILL
	wait_until 20 has_status c1 stopped
	cor delete c1
	wait_until 5 no_leftovers
	exec 8>&-
}

# ---- what the process finds around it

@test "environment, working directory, user and host name are those of config.json" {
	bundle_set '.process.env = ["PATH=/bin", "A=", "B=two words = \"b\"", "C=äöü"]
		| .process.cwd = "/made/for/it" | .hostname = "a-host"
		| .process.user = {uid: 1234, gid: 2345, additionalGids: [10, 20]}'
	bundle_args sh -c 'tr "\0" "\n" </proc/1/environ; echo "in $(pwd) on $(hostname)"; id
		grep ^Groups: /proc/self/status'
	run -0 --separate-stderr cor run --bundle "$bundle" c1
	[ -z "$stderr" ]
	[ "${lines[0]}" = PATH=/bin ]
	[ "${lines[1]}" = A= ]
	[ "${lines[2]}" = 'B=two words = "b"' ]
	[ "${lines[3]}" = C=äöü ]
	[ "${lines[4]}" = HOME=/ ]
	[ "${lines[5]}" = "in /made/for/it on a-host" ]
	[[ ${lines[6]} == "uid=1234 gid=2345 groups="* ]]
	[[ ${lines[7]} =~ ^Groups:[[:space:]]*10\ 20( 2345)?\ *$ ]]
	[ "${#lines[@]}" -eq 8 ]
	[ -d "$bundle/rootfs/made/for/it" ]
}

@test "the default mounts and devices are there, with their options" {
	local name

	bundle_args sh -c 'grep -v " / / " /proc/self/mountinfo | cut -d " " -f 5-
		for i in null zero full random urandom tty; do stat -c "%n %F %t:%T %a" /dev/$i; done
		for i in fd stdin stdout stderr ptmx; do echo "$i $(readlink /dev/$i)"; done
		echo -n cgroup=; cat /proc/self/cgroup; echo -n members=; cat /sys/fs/cgroup/cgroup.procs
		echo >/proc/sys/kernel/hostname; wc -c </proc/keys'
	run -0 --separate-stderr cor run --bundle "$bundle" c1
	[[ $output =~ (^|$'\n')"/proc rw,relatime - proc proc rw"($'\n') ]]
	grep -q '^/dev rw,nosuid - tmpfs tmpfs rw,.*size=65536k,mode=755' <<<"$output"
	grep -q '^/dev/pts rw,nosuid,noexec,relatime - devpts devpts rw,gid=5,mode=620,ptmxmode=666' \
		<<<"$output"
	grep -q '^/dev/shm rw,nosuid,nodev,noexec,relatime - tmpfs shm rw,.*size=65536k' <<<"$output"
	grep -q '^/dev/mqueue rw,nosuid,nodev,noexec,relatime - mqueue mqueue rw' <<<"$output"
	grep -q '^/sys ro,nosuid,nodev,noexec,relatime - sysfs sysfs ' <<<"$output"
	grep -q '^/sys/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2 cgroup ' <<<"$output"
	for name in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0; do
		has_line "/dev/${name%%:*} character special file ${name#*:} 666"
	done
	has_line "fd /proc/self/fd"
	has_line "stdin /proc/self/fd/0"
	has_line "stdout /proc/self/fd/1"
	has_line "stderr /proc/self/fd/2"
	has_line "ptmx pts/ptmx"
	has_line cgroup=0::/
	has_line members=1
	# A read-only path, and a masked one.
	[[ $stderr == *"/proc/sys/kernel/hostname: Read-only file system"* ]]
	[ "${lines[-1]}" = 0 ]
}

@test "namespaces: the container's own where config.json asks, else the guest's" {
	# The numbers of a kernel's first namespaces (linux/proc_ns.h).
	local name first=("pid 4026531836" "uts 4026531838" "ipc 4026531839" "cgroup 4026531835")

	bundle_args sh -c 'for i in pid uts ipc cgroup; do
		readlink /proc/self/ns/$i | sed "s/:\[/ /; s/\]//"; done
		echo first process:; tr "\0" " " </proc/1/cmdline; echo'
	run -0 --separate-stderr cor run --bundle "$bundle" c1
	[ "${#lines[@]}" -ge 6 ]
	for name in "${first[@]}"; do
		grep -q "^${name% *} [0-9]" <<<"$output"
		if has_line "$name"; then false; fi
	done
	bundle_set ".linux.namespaces = [{type: \"mount\"}] | del(.hostname)"
	run -0 --separate-stderr cor run --bundle "$bundle" c2
	for name in "${first[@]}"; do
		has_line "$name"
	done
	[[ $(line_after "first process:") == *init* ]]
}

@test "bind mounts of directories and files; what the guest writes is on the host at once" {
	local data=$BATS_TEST_TMPDIR/data

	mkdir "$data" "$data/kept"
	echo "from the host" >"$data/file"
	cp "$data/file" "$data/kept/file"
	cp "$data/file" "$BATS_TEST_TMPDIR/single"
	bundle_set '.root.readonly = true | .mounts += [
		{destination: "/data", type: "bind", source: $data, options: ["rbind", "rw"]},
		{destination: "/kept", type: "bind", source: ($data + "/kept"), options: ["bind", "ro"]},
		{destination: "/etc/single", type: "bind", source: $single, options: ["bind"]},
		{destination: "/etc/kept", type: "bind", source: $single, options: ["bind", "ro"]},
		{destination: "/scratch", type: "tmpfs", source: "tmpfs", options: ["size=1m"]}]' \
		--arg data "$data" --arg single "$BATS_TEST_TMPDIR/single"
	bundle_args sleep 1000
	cor run --detach --bundle "$bundle" c1 </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1

	run -0 cor exec c1 cat /data/file /kept/file /etc/single /etc/kept
	[ "$(sort -u <<<"$output")" = "from the host" ]
	[ "${#lines[@]}" -eq 4 ]
	# Both ways, without anybody's closing or syncing.
	cor exec c1 sh -c 'echo new >/data/new; echo more >>/etc/single'
	[ "$(cat "$data/new")" = new ]
	[ "$(cat "$BATS_TEST_TMPDIR/single")" = $'from the host\nmore' ]
	echo again >"$data/new"
	run -0 cor exec c1 cat /data/new
	[ "$output" = again ]
	cor exec c1 touch /scratch/file

	# Read-only is, for the mounts and for the root.
	run -0 cor exec c1 sh -c 'for i in /kept/new /kept/file /etc/kept /new /etc/passwd; do
		(echo x >>"$i") 2>&1; done; mkdir /directory 2>&1; rm -f /bin/ls 2>&1; true'
	[ "$(grep -c 'Read-only file system' <<<"$output")" -eq 7 ]
	[ "$(cat "$data/kept/file")" = "from the host" ]
	[ ! -e "$bundle/rootfs/new" ]
}
