#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# `list` and `state`: what is told of containers, and that it is true.

load ../support/integration

@test "list without containers: a header, null, nothing" {
	local words

	run -0 --separate-stderr cor list
	[ ${#lines[@]} -eq 1 ]
	read -ra words <<<"$output"
	[ "${words[*]}" = "ID PID STATUS BUNDLE CREATED OWNER" ]
	[ -z "$stderr" ]
	[ "$(cor list --format json)" = null ]
	[ "$(cor list -q)" = "" ]
	[ ! -e "$root" ]
	run -1 --separate-stderr cor list --format yaml
	[[ $stderr = *'list: --format: expected table or json, found "yaml"'* ]]
}

@test "state of a container that is not there says so" {
	run -1 --separate-stderr cor state c1
	[ -z "$output" ]
	[ "$stderr" = 'cc-oci-runtime: container "c1" does not exist' ]
}

# told STATUS PID: of c1, by state and by list in all its forms.
told() {
	local status=$1 pid=$2 filter
	local -a words arguments

	# shellcheck disable=SC2016 # jq's variables
	filter='.id == "c1" and .status == $status and .pid == $pid and .bundle == $bundle'
	arguments=(--exit-status --arg status "$status" --argjson pid "$pid" --arg bundle "$bundle")
	cor state c1 | jq "${arguments[@]}" "$filter"
	cor list -f json | jq "${arguments[@]}" "length == 1 and (.[0] | $filter)"
	[ "$(cor list -q)" = c1 ]
	mapfile -t lines < <(cor list)
	[ ${#lines[@]} -eq 2 ]
	read -ra words <<<"${lines[1]}"
	[ "${words[*]:0:4}" = "c1 $pid $status $bundle" ]
	[ "${words[5]}" = "$(id -un)" ]
}

@test "state and list follow a container: created, running, stopped, gone" {
	local pid before after

	bundle_set '.annotations = {"org.example.key": "value", "a": ""}'
	bundle_args sleep 1000
	before=$(date +%s)
	cor create --pid-file "$BATS_TEST_TMPDIR/pid" --bundle "$bundle" c1 </dev/null
	after=$(date +%s)
	pid=$(cat "$BATS_TEST_TMPDIR/pid")
	told created "$pid"
	[ "$(readlink "/proc/$pid/exe")" = "$CC_BUILD_DIR/cc-shim" ]

	cor state c1 >"$BATS_TEST_TMPDIR/state"
	jq -e '.ociVersion == "1.0.2" and .owner == $owner and .rootfs == $rootfs and
		.annotations == {"org.example.key": "value", "a": ""} and
		(.created | sub("\\.[0-9]+Z$"; "Z") | fromdate | . >= $before and . <= $after)' \
		--arg owner "$(id -un)" --arg rootfs "$bundle/rootfs" \
		--argjson before "$before" --argjson after "$after" "$BATS_TEST_TMPDIR/state"

	cor start c1
	told running "$pid"
	run -1 --separate-stderr cor start c1
	[[ $stderr = *"cannot start an already running container"* ]]

	cor kill c1 KILL
	wait_until 10 has_status c1 stopped
	told stopped 0
	run -1 --separate-stderr cor exec c1 true
	[[ $stderr = *"cannot exec in a stopped container"* ]]
	cor delete c1
	[ "$(cor list --format json)" = null ]
}

@test "list tells the containers by name, and is not misled by what else is in the root" {
	bundle_args sleep 1000
	cor create --bundle "$bundle" zeta </dev/null &
	cor create --bundle "$bundle" alpha </dev/null
	wait "$!"
	mkdir "$root/empty" "$root/broken"
	touch "$root/file"
	echo '{"id": "someone-else"}' >"$root/broken/state.json"
	run -0 --separate-stderr cor list --quiet
	[ "$output" = $'alpha\nzeta' ]
	[ "$(cor list -f json | jq -c 'map([.id, .status])')" = \
		'[["alpha","created"],["zeta","created"]]' ]
	# What cannot be read is told, not hidden.
	grep -qF "$root/broken/state.json" "$BATS_TEST_TMPDIR/log"

	# Killed without a word to us; and a pid that is another process's by now is not the container.
	kill -KILL "$(state_of alpha pid)"
	wait_until 5 has_status alpha stopped
	jq --argjson pid "$$" '.shim.pid = $pid' "$root/zeta/state.json" >"$BATS_TEST_TMPDIR/record"
	cp "$root/zeta/state.json" "$BATS_TEST_TMPDIR/true-record"
	cp "$BATS_TEST_TMPDIR/record" "$root/zeta/state.json"
	[ "$(cor list -f json | jq -c 'map([.id, .pid, .status])')" = \
		'[["alpha",0,"stopped"],["zeta",0,"stopped"]]' ]
	cp "$BATS_TEST_TMPDIR/true-record" "$root/zeta/state.json"
	has_status zeta created
	rm -r "$root/empty" "$root/broken" "$root/file"
}
