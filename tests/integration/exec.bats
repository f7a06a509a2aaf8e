#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# `exec`: a further process in a container.

load ../support/integration

console=$CC_BUILD_DIR/tests/support/console-recv

# A container that waits.
setup() {
	integration_setup
	bundle_args sleep 1000
	cor run --detach --bundle "$bundle" c1 </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1
}

# Whether a process of the guest container shows in its ps.
runs_in_guest() {
	cor exec c1 ps -o args | grep -qxF -- "$1"
}

not() {
	! "$@"
}

@test "exec exits with the status of the process" {
	local wanted

	for wanted in 0 1 42; do
		run "-$wanted" --separate-stderr cor exec c1 sh -c "exit $wanted"
		[ -z "$output$stderr" ]
	done
	run -143 cor exec c1 sh -c 'kill -TERM $$'
	run -137 cor exec c1 sh -c 'kill -KILL $$'
	run -127 --separate-stderr cor exec c1 no-such-program
	[ -z "$output" ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == *'"no-such-program"'* ]]
	run -126 --separate-stderr cor exec c1 /etc/passwd
	[ -z "$output" ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == *'"/etc/passwd"'* ]]
	# Only the kernel sees what is wrong with this one.
	printf '#!/no/such/interpreter\n' >"$bundle/rootfs/bin/orphan"
	chmod 755 "$bundle/rootfs/bin/orphan"
	run -127 --separate-stderr cor exec c1 orphan
	[ -z "$output" ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == */bin/orphan* ]]
	# None of it has harmed the container.
	has_status c1 running
	run -1 --separate-stderr cor exec c1
	[ "${#stderr_lines[@]}" -eq 1 ]
	run -1 --separate-stderr cor exec c2 true
	[[ $stderr == *'container "c2" does not exist'* ]]
}

@test "exec has streams of its own" {
	local data=$BATS_TEST_TMPDIR/data pid status=0

	run -0 --separate-stderr cor exec c1 sh -c 'echo out; echo err >&2'
	[ "$output" = out ]
	[ "$stderr" = err ]
	head -c 3M /dev/urandom >"$data"
	dd if="$data" bs=64k status=none | cor exec c1 cat | cmp - "$data"
	# Two at a time do not mix.
	yes one | head -n 100000 | cor exec c1 cat >"$data.1" &
	pid=$!
	yes two | head -n 100000 | cor exec c1 cat >"$data.2"
	wait "$pid"
	[ "$(sort "$data.1" | uniq -c | tr -s ' ')" = " 100000 one" ]
	[ "$(sort "$data.2" | uniq -c | tr -s ' ')" = " 100000 two" ]
	# A reader that goes away: its writer gets SIGPIPE.
	{ cor exec c1 yes || echo "$?" >"$data.status"; } | head -n 1 >"$data.1"
	[ "$(cat "$data.1")" = y ]
	[ "$(cat "$data.status")" = 141 ]
	# Who signals the exec signals its process.
	cor exec c1 sleep 999 &
	pid=$!
	wait_until 20 runs_in_guest "sleep 999"
	kill -TERM "$(pgrep -P "$pid" -x cc-oci-runtime || echo "$pid")"
	wait "$pid" || status=$?
	[ "$status" -eq 143 ]
	wait_until 20 not runs_in_guest "sleep 999"
}

@test "a reader that stops reading one exec's output blocks nobody else" {
	mkfifo "$BATS_TEST_TMPDIR/stalled"
	exec 8<>"$BATS_TEST_TMPDIR/stalled"
	cor exec --detach c1 yes </dev/null >"$BATS_TEST_TMPDIR/stalled" 8>&-
	wait_until 60 cor exec c1 sh -c 'grep -q "S (sleeping)" "/proc/$(pidof yes)/status"' 8>&-
	run -0 cor exec c1 echo "still here" 8>&-
	[ "$output" = "still here" ]
	output=$(head -c 1M /dev/zero | cor exec c1 sh -c 'cat; echo end' 8>&- | tr -d '\0')
	[ "$output" = end ]
	cor kill c1 KILL
	wait_until 20 has_status c1 stopped
	cor delete c1
	wait_until 5 no_leftovers
	exec 8>&-
}

@test "exec takes directory, environment and user from its options" {
	run -0 cor exec --cwd /etc c1 pwd
	[ "$output" = /etc ]
	run -1 --separate-stderr cor exec --cwd /no/such c1 pwd
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == *'"/no/such"'* ]]
	run -0 cor exec --env A=1 -e 'B=two words' -e HOME=/elsewhere c1 env
	[[ $'\n'$output$'\n' == *$'\nA=1\n'* ]]
	[[ $'\n'$output$'\n' == *$'\nB=two words\n'* ]]
	[[ $'\n'$output$'\n' == *$'\nHOME=/elsewhere\n'* ]]
	[[ $'\n'$output$'\n' != *$'\nHOME=/root\n'* ]]
	[[ $'\n'$output$'\n' == *$'\nPATH=/bin\n'* ]]
	run -0 cor exec --user 12:34 c1 sh -c 'id -u; id -g'
	[ "$output" = $'12\n34' ]
	run -0 cor exec --user 12 c1 sh -c 'id -u; id -g'
	[ "$output" = $'12\n0' ]
	run -1 --separate-stderr cor exec --user nobody c1 true
	[ "${#stderr_lines[@]}" -eq 1 ]
	# What follows the command is the command's.
	run -0 cor exec c1 echo --user 12
	[ "$output" = "--user 12" ]
}

@test "exec takes groups, capabilities and a cgroup from its options, and can look into the guest" {
	local cap_sys_admin=$((1 << 21))

	run -0 --separate-stderr cor exec --user 1000:1001 -g 5 --additional-gids 6 c1 id
	[[ $output == "uid=1000 gid=1001 groups="*5*6* ]]
	run -0 --separate-stderr cor exec c1 sed -n 's/^CapEff:.//p' /proc/self/status
	[ $((0x$output & cap_sys_admin)) -eq 0 ]
	run -0 --separate-stderr cor exec --cap CAP_SYS_ADMIN --apparmor profile --process-label x \
		--preserve-fds 3 --ignore-paused c1 sed -n 's/^CapEff:.//p' /proc/self/status
	[ $((0x$output & cap_sys_admin)) -ne 0 ]
	grep 'level=warning msg="--apparmor: the guest has no AppArmor"' "$BATS_TEST_TMPDIR/log"
	grep 'level=warning msg="--process-label: the guest has no SELinux"' "$BATS_TEST_TMPDIR/log"
	run -1 --separate-stderr cor exec -g x c1 true
	[[ $stderr == *'--additional-gids: expected a group id, found "x"' ]]

	# The guest's own processes, mounts, devices and cgroups; with every right, and a terminal.
	run -0 --separate-stderr cor exec --vm c1 ps -o args
	[[ $output == *$'\n/init\n'* && $output == *'sleep 1000'* ]]
	run -0 --separate-stderr cor exec --vm c1 mkdir /sys/fs/cgroup/c1/inner
	run -0 --separate-stderr cor exec --vm --env A=b --cwd /tmp c1 sh -c 'pwd; echo $A; id -u'
	[ "$output" = $'/tmp\nb\n0' ]
	run -127 --separate-stderr cor exec --vm c1 none
	run -0 --separate-stderr cor exec --cgroup /inner c1 cat /proc/self/cgroup
	[ "$output" = 0::/inner ]
	for path in none ../c1 cpu:inner; do
		run -1 --separate-stderr cor exec --cgroup "$path" c1 true
		[[ $stderr == *"\"$path\"" ]]
	done
	has_status c1 running
}

@test "exec takes the whole process from a file" {
	local file=$BATS_TEST_TMPDIR/process.json

	jq -n '{args: ["sh", "-c", "pwd; id -u; id -g; grep ^Groups: /proc/self/status; echo $A; exit 3"],
		cwd: "/etc", env: ["PATH=/bin", "A=from the file"],
		user: {uid: 5, gid: 6, additionalGids: [7, 8]}}' >"$file"
	run -3 --separate-stderr cor exec --process "$file" c1
	[ -z "$stderr" ]
	[ "${lines[0]}" = /etc ]
	[ "${lines[1]}" = 5 ]
	[ "${lines[2]}" = 6 ]
	[[ ${lines[3]} =~ ^Groups:[[:space:]]*(6\ )?7\ 8\ *$ ]]
	[ "${lines[4]}" = "from the file" ]
	echo '{"args": []}' >"$file"
	run -1 --separate-stderr cor exec --process "$file" c1
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == *"$file"* ]]
	run -1 --separate-stderr cor exec --process "$file.none" c1
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == *"$file.none"* ]]
}

@test "exec --detach: the pid file names a live process; it and the guest's are reaped" {
	local pid

	cor exec --detach --pid-file "$BATS_TEST_TMPDIR/pid" c1 sleep 998 </dev/null >/dev/null 2>&1
	pid=$(cat "$BATS_TEST_TMPDIR/pid")
	[ "$pid" != "$(state_of c1 pid)" ]
	printf 'sleep\000998\000' | cmp - "/proc/$pid/cmdline"
	runs_in_guest "sleep 998"
	cor exec c1 sh -c 'kill "$(ps -o pid,args | awk "/[s]leep 998/ { print \$1 }")"'
	wait_until 20 test ! -d "/proc/$pid"
	# No zombie either.
	run -0 cor exec c1 ps -o stat,args
	[[ $output != *998* ]]
	[[ $output != *Z* ]]

	# A signal to the pid is one to the process.
	cor exec --detach --pid-file "$BATS_TEST_TMPDIR/pid" c1 sleep 997 </dev/null >/dev/null 2>&1
	kill -TERM "$(cat "$BATS_TEST_TMPDIR/pid")"
	wait_until 20 not runs_in_guest "sleep 997"

	# An exec does not keep the container.
	cor exec --detach --pid-file "$BATS_TEST_TMPDIR/pid" c1 sleep 996 </dev/null >/dev/null 2>&1
	cor kill c1 KILL
	wait_until 20 has_status c1 stopped
	wait_until 5 no_leftovers
	run -1 --separate-stderr cor exec c1 true
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == *"cannot exec in a stopped container"* ]]
}

@test "exec in a container that is created and not started" {
	cor create --bundle "$bundle" c2 </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1
	run -0 cor exec c2 echo early
	[ "$output" = early ]
	has_status c2 created
	cor start c2
	run -0 cor exec c2 ps -o pid,args
	[[ $output =~ 1\ sleep\ 1000 ]]
}

@test "exec --tty with a console socket" {
	local socket=$BATS_TEST_TMPDIR/console pid listener status=0

	"$console" listen "$socket" size=33x111 'expect=ready' \
		$'send=tty; stty size; echo a$((1+1))b\r' 'expect=a2b' $'send=exit 5\r' \
		>"$BATS_TEST_TMPDIR/terminal" 3>&- &
	listener=$!
	wait_until 10 test -S "$socket"
	cor exec --detach --tty --console-socket "$socket" --pid-file "$BATS_TEST_TMPDIR/pid" \
		c1 sh -c 'until [ "$(stty size)" = "33 111" ]; do sleep 0.1; done; echo ready; exec sh' \
		</dev/null >"$BATS_TEST_TMPDIR/exec-out" 2>&1
	pid=$(cat "$BATS_TEST_TMPDIR/pid")
	wait "$listener" || status=$?
	[ "$status" -eq 0 ]
	grep -q '^/dev/pts/[0-9]' "$BATS_TEST_TMPDIR/terminal"
	grep -q '^33 111' "$BATS_TEST_TMPDIR/terminal"
	wait_until 5 test ! -d "/proc/$pid"
	[ ! -s "$BATS_TEST_TMPDIR/exec-out" ]
}
