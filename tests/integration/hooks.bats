#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Hooks that run on the host: their moments, what they are told, and what their failure does.

load ../support/integration

# set_hook KIND SCRIPT: appends a hook that runs the script with /bin/sh and an empty environment
# but for OUT.
set_hook() {
	# shellcheck disable=SC2016 # jq's variables
	bundle_set '.hooks[$kind] += [{"path": "/bin/sh", "args": ["hook", "-c", $script],
		"env": ["OUT=" + $out, "PATH=/usr/bin:/bin"]}]' \
		--arg kind "$1" --arg script "$2" --arg out "$BATS_TEST_TMPDIR"
}

member() {
	jq -r ".$2" "$BATS_TEST_TMPDIR/$1"
}

@test "hooks run in their order, with the state of their moment, and exactly their environment" {
	local out=$BATS_TEST_TMPDIR kind pid

	for kind in prestart createRuntime poststart poststop; do
		# shellcheck disable=SC2016 # the hook's variable
		set_hook "$kind" 'cat >$OUT/'"$kind"'; echo '"$kind"' >>$OUT/order
			env >$OUT/env; readlink /proc/self/ns/net >$OUT/netns'
	done
	# What libnetwork's hook does: it works on the namespace of the pid, before the network is read.
	# shellcheck disable=SC2016 # the hook's variables
	set_hook prestart 'pid=$(sed "s/.*\"pid\":\([0-9]*\).*/\1/")
		readlink /proc/$pid/ns/net >$OUT/shimns
		nsenter --net=/proc/$pid/ns/net ip link add cc-hook type bridge'
	bundle_args sleep 600
	cor create --bundle "$bundle" --pid-file "$out/pid" c1 </dev/null >/dev/null 2>&1
	pid=$(cat "$out/pid")

	[ "$(cat "$out/order")" = $'prestart\ncreateRuntime' ]
	for kind in prestart createRuntime; do
		[ "$(member "$kind" status)" = creating ]
		[ "$(member "$kind" id)" = c1 ]
		[ "$(member "$kind" pid)" = "$pid" ]
		[ "$(member "$kind" bundle)" = "$bundle" ]
	done
	[ "$(grep -cv -e '^PWD=' -e '^SHLVL=' -e '^_=' -e '^OLDPWD=' "$out/env")" = 2 ]
	[ "$(cat "$out/netns")" = "$(readlink /proc/self/ns/net)" ]
	[ "$(cat "$out/shimns")" = "$(readlink "/proc/$pid/ns/net")" ]
	[ "$(cat "$out/shimns")" != "$(cat "$out/netns")" ]
	nsenter --net="/proc/$pid/ns/net" ip link show cc-hook >/dev/null

	# What config.json says from now on is nobody's business.
	bundle_set 'del(.hooks)'
	cor start c1
	[ "$(tail -n 1 "$out/order")" = poststart ]
	[ "$(member poststart status)" = running ]
	[ "$(member poststart pid)" = "$pid" ]

	cor kill c1 KILL
	wait_until 20 has_status c1 stopped
	cor delete c1
	[ "$(tail -n 1 "$out/order")" = poststop ]
	[ "$(member poststop status)" = stopped ]
	[ "$(member poststop pid)" = 0 ]
	[ ! -e "$root/c1" ]
}

@test "a prestart or createRuntime hook that fails undoes create, and poststop runs" {
	local out=$BATS_TEST_TMPDIR kind

	for kind in prestart createRuntime; do
		bundle_set 'del(.hooks)'
		set_hook "$kind" 'echo "no bridge here" >&2; exit 3'
		set_hook "$kind" 'echo second >$OUT/second'
		set_hook poststop 'cat >$OUT/poststop'
		run -1 --separate-stderr cor create --bundle "$bundle" --pid-file "$out/pid" c1
		[ "${#stderr_lines[@]}" -eq 1 ]
		[[ $stderr == *"hooks.${kind}[0]: /bin/sh: exit status 3: no bridge here" ]]
		[ ! -e "$out/second" ]
		[ ! -e "$out/pid" ]
		[ "$(member poststop status)" = stopped ]
		rm "$out/poststop"
		[ ! -e "$root/c1" ]
		no_leftovers
	done
}

@test "a hook is killed, with its children, when its timeout has passed" {
	# shellcheck disable=SC2016 # the hook's variable
	set_hook createRuntime 'echo $$ >$OUT/group; sleep 612 & wait'
	bundle_set '.hooks.createRuntime[0].timeout = 1'
	run -1 --separate-stderr cor create --bundle "$bundle" c1
	[[ $stderr == *"hooks.createRuntime[0]: /bin/sh: not done within 1000 ms, killed" ]]
	# Zombies may wait for whoever reaps orphans here.
	run ! grep -E "^ *$(cat "$BATS_TEST_TMPDIR/group") [^Z]" <(ps -eo pgid=,stat=)
	no_leftovers
}

@test "poststart and poststop hooks that fail are warned of, and the others run" {
	local kind

	for kind in poststart poststop; do
		set_hook "$kind" 'echo "cannot tell" >&2; exit 1'
		# shellcheck disable=SC2016 # the hook's variable
		set_hook "$kind" 'echo ran >$OUT/'"$kind"
	done
	bundle_set '.hooks.poststop += [{"path": "/none"}]'
	bundle_args true
	run -0 --separate-stderr cor run --bundle "$bundle" c1
	for kind in poststart poststop; do
		[ "$(cat "$BATS_TEST_TMPDIR/$kind")" = ran ]
		grep "level=warning.*hooks.${kind}\[0\]: /bin/sh: exit status 1: cannot tell" \
			"$BATS_TEST_TMPDIR/log"
	done
	grep 'level=warning.*hooks.poststop\[2\]: /none: execute /none: No such file' \
		"$BATS_TEST_TMPDIR/log"
}
